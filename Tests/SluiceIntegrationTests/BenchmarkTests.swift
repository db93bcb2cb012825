import Foundation
import SluiceBench
import SluicePostgres
import SluiceTestSupport
import Synchronization
import Testing

/// `sluice bench` on real servers.
@Suite(.timeLimit(.minutes(12))) struct BenchmarkTests {
    private func run(
        _ strategies: [any BatchStrategy], scenarios: [Scenario], rows: Int = 3_000,
        rounds: Int = 1, replicas: Int = 0
    ) async throws -> BenchReport {
        try await Turnstile.shared.pass(alone: false) {
            try await Bench(
                BenchPlan(
                    strategies: strategies, scenarios: scenarios, rows: [rows], rounds: rounds,
                    replicas: replicas)
            ).run()
        }
    }

    private static var first: [Scenario] {
        ScenarioList.all.filter { $0.name == ScenarioList.first }
    }

    @Test func everyStrategyFillsTheTableOnce() async throws {
        // Sluice with a feature off is Sluice with other limits, which other tests are about.
        let strategies = StrategyList.all.filter { !$0.name.hasPrefix("sluice-") }
        let report = try await run(strategies, scenarios: Self.first, rows: 2_000)
        let entries = try #require(report.sections.first).entries
        #expect(entries.map(\.strategy) == strategies.map(\.name))
        for entry in entries {
            #expect(entry.problem == nil, "\(entry.strategy): \(entry.problem ?? "")")
            let figures = try #require(entry.rounds.first, "\(entry.strategy)")
            #expect(figures.updatesPerRow == 1, "\(entry.strategy)")
            #expect(figures.walBytesPerRow > 20 && figures.rowsPerSecond > 0)
            #expect(figures.batchP50Seconds != nil, "\(entry.strategy)")
            #expect(figures.transactionsPerRow > 0, "\(entry.strategy)")
        }
    }

    /// Keeps what the ranges of a rival are.
    private struct Walking: BatchStrategy {
        let name = "walking"
        let rule = "walks in steps of 700"
        let steps: Steps

        func fill(_ target: FillTarget) async throws {
            for strategy in StrategyList.all where strategy.name == "fixed-1x1000" {
                try await strategy.fill(target)
            }
            steps.note(target.batches.all.count)
        }
    }

    private final class Steps: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func note(_ steps: Int) { count.withLock { $0 = steps } }
    }

    @Test func aRivalsBatchesHaveTheSizeThatTheyAreSaidToHave() async throws {
        // By text 999 comes after 1,000, and a step of so many keys would be far larger.
        let steps = Steps()
        let report = try await run(
            [Walking(steps: steps)] + StrategyList.all.filter { $0.name == "ranges-100" },
            scenarios: Self.first + ScenarioList.all.filter { $0.name == "composite" },
            rows: 12_345)
        #expect(steps.value == 13)
        for section in report.sections {
            let transactions = try #require(section.entries[1].rounds.first).transactionsPerRow
            // 124 batches and as many bounds, and a few that only look.
            #expect((240...280).contains(Int(transactions * 12_345)), "\(transactions)")
        }
    }

    @Test func everyTableCanBeFilled() async throws {
        // By whatever Sluice chooses for the table.
        // What goes on beside some of them is another test's.
        let quiet = ScenarioList.all.filter { $0.conditions.limit == nil }
        let report = try await run(
            StrategyList.all.filter { $0.name == StrategyList.ours }, scenarios: quiet,
            rows: 2_000)
        #expect(report.sections.map(\.scenario) == quiet.map(\.name))
        for section in report.sections {
            for entry in section.entries {
                #expect(
                    entry.problem == nil,
                    "\(section.scenario), \(entry.strategy): \(entry.problem ?? "")")
                #expect(entry.rounds.first?.updatesPerRow == 1, "\(section.scenario)")
                let figures = try #require(entry.rounds.first, "\(section.scenario)")
                #expect((figures.keepsLimit != nil) == (section.limit != nil))
                #expect((figures.clientCPUSeconds == nil) == section.scenario.contains("network"))
            }
        }
    }

    /// Changes one row and waits.
    private struct Slow: BatchStrategy {
        let name = "slow"
        let rule = "changes a row, waits, and then all others"

        func fill(_ target: FillTarget) async throws {
            let connection = try await PostgresConnection.connect(target.parameters)
            for _ in 0..<40 { _ = try await connection.query("SELECT 1") }
            _ = try await connection.execute(
                script: """
                    BEGIN; UPDATE products SET cents = price * 100; SELECT pg_sleep(1.5); COMMIT
                    """)
            await connection.close()
        }
    }

    @Test func whatAStrategyDoesToOthersIsMeasured() async throws {
        let report = try await run(
            [Slow()],
            scenarios: ScenarioList.all.filter {
                ["application", "network-5ms", "slow-replica"].contains($0.name)
            }, replicas: 1)
        func figures(_ scenario: String) throws -> CellFigures {
            let section = try #require(report.sections.first { $0.scenario == scenario })
            #expect(section.entries[0].problem == nil)
            return try #require(section.entries[0].rounds.first)
        }
        // One in five of its transactions wants a row that is locked until the end.
        let application = try figures("application")
        #expect(try #require(application.applicationP99Seconds) > 0.5)
        #expect(application.keepsLimit == false)
        #expect(try #require(application.applicationAloneP95Seconds) > 0)
        // The application's own updates are taken off.
        #expect(application.updatesPerRow == 1)
        // Forty round trips of 10 ms.
        let far = try figures("network-5ms").seconds
        let near = try figures("slow-replica").seconds
        #expect(far > near + 0.25, "\(far) \(near)")
        // Nothing is read while the replica stands, nine tenths of the time.
        #expect(try #require(figures("slow-replica").lagSecondsMax) > 0.05)
    }

    @Test func sluiceIsToldTheLimitAndFillsTheTable() async throws {
        let limited = ScenarioList.all.filter { ["application", "slow-replica"].contains($0.name) }
        let report = try await run(
            StrategyList.all.filter { $0.name == StrategyList.ours }, scenarios: limited,
            rows: 2_000, replicas: 1)
        #expect(report.sections.map(\.scenario) == limited.map(\.name))
        for section in report.sections {
            let entry = section.entries[0]
            // Every row was looked at.
            #expect(entry.problem == nil, "\(section.scenario): \(entry.problem ?? "")")
            let figures = try #require(entry.rounds.first, "\(section.scenario)")
            #expect(section.limit != nil && figures.keepsLimit != nil, "\(section.scenario)")
            #expect(figures.batchP50Seconds != nil, "\(section.scenario)")
        }
    }

    /// Fills nothing, or fails.
    private struct Careless: BatchStrategy {
        let name: String
        let rule = "does not do it"
        let sql: String

        func fill(_ target: FillTarget) async throws {
            let connection = try await PostgresConnection.connect(target.parameters)
            _ = try await connection.query(sql)
            await connection.close()
        }
    }

    @Test func whoLeavesRowsOutOrFailsIsNamedAndTheOthersGoOn() async throws {
        let single = try #require(StrategyList.all.first { $0.name == "single" })
        let report = try await run(
            [
                Careless(name: "half", sql: "UPDATE products SET cents = price * 100 WHERE id > 9"),
                Careless(name: "none", sql: "UPDATE nowhere SET cents = 1"), single,
            ], scenarios: Self.first, rounds: 2, replicas: 1)
        let entries = try #require(report.sections.first).entries
        #expect(entries[0].problem?.contains("9 of 3000 rows are not as they should be") == true)
        #expect(entries[1].problem?.contains("nowhere") == true)
        #expect(entries[2].problem == nil && entries[2].rounds.count == 2)
        for figures in entries[2].rounds {
            #expect(try #require(figures.lagSecondsMax) < 20)
            #expect(figures.secondsAboveLag == 0)
        }
        #expect(report.hasFailures)
    }

    /// Waits until it is cancelled.
    private struct Endless: BatchStrategy {
        let name = "endless"
        let rule = "never ends"
        let folder: Folder

        func fill(_ target: FillTarget) async throws {
            let connection = try await PostgresConnection.connect(target.parameters)
            folder.note(target.parameters["host"])
            _ = try await connection.query("SELECT pg_sleep(3600)")
        }
    }

    private final class Folder: Sendable {
        private let path = Mutex<String?>(nil)
        var value: String? { path.withLock { $0 } }
        func note(_ value: String?) { path.withLock { $0 = value } }
    }

    @Test func oneThatIsStoppedLeavesNothingBehind() async throws {
        let folder = Folder()
        let plan = BenchPlan(
            strategies: [Endless(folder: folder)], scenarios: Self.first, rows: [3_000], rounds: 1,
            replicas: 0)
        let isCancelled = try await Turnstile.shared.pass(alone: false) {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do {
                        _ = try await Bench(plan).run()
                        return false
                    } catch {
                        return error is CancellationError
                    }
                }
                try await eventually("it has begun") { folder.value != nil }
                group.cancelAll()
                return try await group.next()
            }
        }
        #expect(isCancelled == true)
        let path = try #require(folder.value)
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
