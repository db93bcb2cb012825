import Foundation
import Testing

@testable import SluiceBench

@Suite struct StrategyListTests {
    @Test func namesAreDistinctAndReferencesExist() {
        let names = StrategyList.all.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.contains(StrategyList.reference))
        #expect(names.last == StrategyList.ours)
        #expect(Set(StrategyList.fixed).isSubset(of: names) && !StrategyList.fixed.isEmpty)
        let scenarios = ScenarioList.all.map(\.name)
        #expect(Set(scenarios).count == scenarios.count)
        #expect(scenarios.contains(ScenarioList.first))
    }

    @Test func aKeyThatCannotBeDividedIsSaidBefore() throws {
        let modulo = try #require(StrategyList.all.first { $0.name == "modulo" })
        let obstacles = ScenarioList.all.filter { modulo.obstacle(to: $0.job) != nil }
        #expect(obstacles.map(\.name) == ["uuid", "composite", "text"])
    }

    @Test func theDiskThatIsNeededGrowsWithTheTable() {
        func needed(_ rows: Int, _ scenario: String) -> Int {
            BenchPlan(
                strategies: StrategyList.all,
                scenarios: ScenarioList.all.filter { $0.name == scenario }, rows: [rows], rounds: 1
            ).diskBytesNeeded
        }
        #expect(needed(10_000_000, "toast") > needed(10_000_000, "indexes-0"))
        #expect(needed(100_000, "indexes-3") < 2 << 30, "a quick look needs no large disk")
        #expect(needed(1_000_000_000, "wide") > 1_000_000_000 * 1_000)
    }

    @Test func aDiskThatIsTooSmallIsSaidBefore() throws {
        let folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        let error = #expect(throws: BenchError.self) { try Bench.requireDisk(.max) }
        let text = error?.description ?? ""
        #expect(text.contains("MiB in \(folder), where"), "\(text)")
        #expect(text.contains("compare fewer rows (--rows)"))
        try Bench.requireDisk(0)
    }

    @Test func whatIsNotOfTheRuleIsSaid() throws {
        let spirit = try #require(StrategyList.all.first { $0.name == "spirit" })
        #expect(spirit.rule.contains("without its limit of 16 MiB"))
    }
}
