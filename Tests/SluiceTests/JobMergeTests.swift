import SluiceCore
import Testing

@testable import Sluice

@Suite struct JobMergeTests {
    private func update(
        _ column: String, _ expression: String, where predicate: String? = nil,
        table: String = "public.t", name: String? = nil
    ) -> JobRequest {
        JobRequest(
            name: name, table: table,
            assignments: [Assignment(column: column, expression: expression)],
            predicate: predicate)
    }

    @Test func eachSetsItsColumnsWhereItMeansTheRow() {
        let merged = JobRequest.merged([
            update("a", "x + 1", where: "a IS NULL -- yet", name: "one"),
            update("\"B\"", "2", where: "\"B\" < 2", name: "two"),
        ])
        #expect(merged.name == "one+two")
        #expect(
            merged.assignments.map(\.expression) == [
                "CASE WHEN (\na IS NULL -- yet\n) THEN (\nx + 1\n) ELSE a END",
                "CASE WHEN (\n\"B\" < 2\n) THEN (\n2\n) ELSE \"B\" END",
            ])
        #expect(merged.predicate == "(\na IS NULL -- yet\n) OR (\n\"B\" < 2\n)")
    }

    @Test func oneThatMeansEveryRowMakesAllBeVisited() {
        let merged = JobRequest.merged([
            update("a", "DEFAULT", name: "one"), update("b", "2", where: "b IS NULL"),
        ])
        #expect(merged.predicate == nil && merged.name == nil)
        #expect(merged.assignments[0].expression == "DEFAULT")
        let alone = update("a", "1", where: "a IS NULL")
        #expect(JobRequest.merged([alone]) == alone)
    }

    @Test func whatCannotBeOnePassIsRefusedWithTheReason() {
        let one = update("a", "1", where: "a IS NULL")
        func problem(_ change: (inout JobRequest) -> Void) -> String? {
            var other = update("b", "2", where: "b IS NULL")
            change(&other)
            return JobRequest.mergeProblem([one, other])
        }
        #expect(problem { _ in } == nil)
        #expect(problem { $0.table = "PUBLIC.T" } == nil)
        #expect(problem { $0.table = "t" }?.contains("differ in table:") == true)
        #expect(problem { $0.kind = .delete }?.contains("differ in kind:") == true)
        #expect(problem { $0.key = ["id"] }?.contains("differ in key:") == true)
        #expect(
            problem {
                $0.skipsUnchanged = true
                $0.disablesTriggers = true
            }?.contains("differ in disable_triggers, skip_unchanged:") == true)
        #expect(problem { $0.includesChildren = true }?.contains("children") == true)
        let twice = problem { $0.assignments = [Assignment(column: "A", expression: "1")] }
        #expect(twice?.contains("set the column A") == true)
        let toDefault = problem {
            $0.assignments = [Assignment(column: "b", expression: " Default ")]
        }
        #expect(toDefault?.contains("DEFAULT") == true)
        #expect(JobRequest.mergeProblem([]) != nil)
        let alone = update("a", "DEFAULT", where: "a IS NULL")
        #expect(JobRequest.mergeProblem([alone]) == nil)
    }
}
