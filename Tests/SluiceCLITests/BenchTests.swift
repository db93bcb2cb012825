import ArgumentParser
import Foundation
import SluiceBench
import Testing

@testable import SluiceCLI

@Suite struct BenchTests {
    @Test func withoutChoicesItIsEveryStrategyOnOneTable() throws {
        let plan = try BenchChoice().plan()
        #expect(plan.strategies.count == StrategyList.all.count)
        #expect(plan.scenarios.map(\.name) == [ScenarioList.first])
        #expect(plan.rows == [1_000_000] && plan.rounds == 3)
        let quick = try BenchChoice(isQuick: true).plan()
        #expect(quick.rows == [100_000] && quick.rounds == 1)
        #expect(quick.strategies.count == StrategyList.all.count)
    }

    @Test func choicesKeepTheOrderOfTheReport() throws {
        let plan = try BenchChoice(
            strategies: "sluice, single", scenarios: "uuid,indexes-0", rows: "1000,20000",
            rounds: "2"
        ).plan()
        #expect(plan.strategies.map(\.name) == ["single", "sluice"])
        #expect(plan.scenarios.map(\.name) == ["indexes-0", "uuid"])
        #expect(plan.rows == [1_000, 20_000] && plan.rounds == 2)
        #expect(try BenchChoice(scenarios: "all").plan().scenarios.count == ScenarioList.all.count)
    }

    @Test(arguments: [
        (BenchChoice(strategies: "slice"), "did you mean sluice?"),
        (BenchChoice(strategies: "warp-drive-9000"), "see sluice bench --list"),
        (BenchChoice(strategies: ","), "--strategies takes names"),
        (BenchChoice(scenarios: "uid"), "did you mean uuid?"),
        (BenchChoice(rows: "12"), "--rows takes numbers from 1,000"),
        (BenchChoice(rows: "many"), "--rows takes numbers from 1,000"),
        (BenchChoice(rounds: "0"), "--rounds takes a number from 1 to 99"),
    ])
    func whatThereIsNotIsRefused(_ choice: BenchChoice, _ sentence: String) {
        let error = #expect(throws: UsageError.self) { try choice.plan() }
        #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
    }

    @Test func filesAreTriedBeforeTheWork() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let missing = folder.appending(path: "none/file").path
        #expect(throws: UsageError.self) { try BenchFiles.requireWritable(missing) }
        #expect(throws: UsageError.self) { try BenchFiles.read(missing) }
        let file = folder.appending(path: "file").path
        try BenchFiles.requireWritable(file)
        #expect(!FileManager.default.fileExists(atPath: file), "nothing is left behind")
        try BenchFiles.write("{}", to: file)
        try BenchFiles.requireWritable(file)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "{}", "it is left as it is")
        let error = #expect(throws: UsageError.self) { try BenchFiles.read(file) }
        #expect(error?.description.contains("is not what sluice bench --json writes") == true)
    }

    private static func report(_ rates: [(String, [Double])]) -> BenchReport {
        var report = BenchReport(
            serverVersion: "15.1", settings: ["fsync": "on"], cores: 2, rounds: 2)
        report.sections = [
            BenchReport.Section(
                scenario: "indexes-3", title: "three indexes", rows: 1_000, rowsDue: 1_000,
                entries: rates.map { name, rounds in
                    var entry = BenchReport.Entry(strategy: name, rule: "its rule")
                    entry.rounds = rounds.map { rate in
                        var figures = CellFigures()
                        figures.rowsPerSecond = rate
                        figures.walBytesPerRow = 250
                        figures.updatesPerRow = 1
                        figures.heapGrowth = 0.14
                        return figures
                    }
                    return entry
                })
        ]
        return report
    }

    @Test func theTableHasPlacesRatiosAndTies() throws {
        var report = Self.report([
            ("single", [100, 102]), ("fixed-2x5000", [200, 210]), ("sluice", [390, 410]),
            ("sluice-fixed", [380, 400]), ("modulo", []),
        ])
        report.sections[0].entries[4].problem = "cannot: the key is no integer"
        let lines = BenchText.text(of: report).split(separator: "\n").map(String.init)
        func line(_ name: String) throws -> String {
            try #require(lines.first { $0.hasPrefix(name + " ") })
        }
        #expect(try line("sluice").hasSuffix("first"))
        #expect(try line("sluice-fixed").hasSuffix("tie"))
        #expect(try line("single").contains(" 1.00 "))
        #expect(try line("sluice").contains("3.96") && line("sluice").contains("1.95"))
        #expect(try line("sluice").contains("250 B") && line("sluice").contains("+14 %"))
        #expect(lines.contains("  modulo: cannot: the key is no integer"))
        #expect(lines.contains { $0.hasPrefix("PostgreSQL 15.1, 2 cores, with fsync = on") })
        #expect(lines.allSatisfy { $0.count <= 160 })
    }

    @Test func whoIsOverTheLimitIsMarked() throws {
        var report = Self.report([("single", [900, 910]), ("sluice", [300, 310])])
        report.sections[0].limit = "the replica at most 3 s behind"
        report.notes = ["a note"]
        for (index, keeps) in [false, true].enumerated() {
            for round in 0..<2 {
                report.sections[0].entries[index].rounds[round].keepsLimit = keeps
                report.sections[0].entries[index].rounds[round].applicationP95Seconds = 0.0123
            }
        }
        let text = BenchText.text(of: report)
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.hasPrefix("limit: the replica at most 3 s behind") })
        #expect(lines.first { $0.hasPrefix("single ") }?.hasSuffix("over") == true)
        #expect(lines.first { $0.hasPrefix("sluice ") }?.hasSuffix("first") == true)
        #expect(text.contains("12.3 ms") && lines.contains("a note"))
        #expect(
            BenchMarkdown.text(of: report).contains(
                "| indexes-3, 1,000 | 905/s, over the limit | single: 905/s, over the limit "
                    + "| 305/s (0.34×), first | 250 B (250 B) | 14 % (14 %) |"))
    }

    @Test(arguments: [
        (["--set", "a = 1"], "--set is about a table of yours"),
        (["--dsn", "dbname=x"], "--dsn is about a table of yours"),
        (["--no-triggers"], "--no-triggers is about a table of yours"),
        (["--table", "t"], "--table needs --set"),
        (["--table", "a b", "--set", "a = 1"], "--table takes a name such as"),
        (["--table", "a.b.c", "--set", "a = 1"], "--table takes a name such as"),
        (["--table", "t", "--set", "a"], "--table needs --set"),
        (["--table", "t", "--set", "a = 1", "--where", " "], "--where is empty"),
        (["--table", "t", "--set", "a = 1", "--key", "a,"], "--key takes columns"),
    ])
    func aTableOfOnesOwnIsNamedWhole(_ arguments: [String], _ sentence: String) throws {
        let command = try OwnTableOptions.parse(arguments)
        let error = #expect(throws: UsageError.self) { try command.chosen() }
        #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
    }

    @Test func aTableOfOnesOwnTakesThePlaceOfScenarios() throws {
        let own = try #require(
            try OwnTableOptions.parse([
                "--table", "shop.\"T\"", "--set", "c = a * 100", "--where", "a > 0", "--key", "a,b",
                "--no-triggers",
            ]).chosen())
        #expect(own.table == "shop.\"T\"" && own.column == "c" && own.expression == "a * 100")
        #expect(own.predicate == "a > 0" && own.key == ["a", "b"] && !own.keepsTriggers)
        let plan = try BenchChoice(own: own).plan()
        #expect(plan.rows == [200_000] && plan.ownTable?.table == own.table)
        let error = #expect(throws: UsageError.self) {
            try BenchChoice(scenarios: "uuid", own: own).plan()
        }
        #expect(error?.description == "--scenarios and --table cannot be given together")
        let none = try OwnTableOptions.parse([]).chosen()
        #expect(none == nil)
    }

    @Test func aComparisonJudgesByTheRounds() {
        let before = Self.report([("single", [100, 102]), ("sluice", [200, 210])])
        let after = Self.report([("single", [101, 103]), ("sluice", [390, 410])])
        let text = BenchComparison.text(from: before, to: after)
        #expect(text.contains("single            1.01× the rate  not told apart"))
        #expect(text.contains("sluice            1.95× the rate  faster"))
        #expect(!text.contains("before,"), "they were measured alike")
        var renamed = after
        renamed.sections[0].title = "the same in other words"
        #expect(BenchComparison.text(from: before, to: renamed).contains("1.95× the rate  faster"))
        var other = after
        other.sections[0].rows = 7
        #expect(BenchComparison.text(from: before, to: other).contains("nothing in both"))
    }

    /// A sample of one's own table is told by what is done to it and how many rows were asked for,
    /// and not by how many the statistics know of at the moment.
    @Test func samplesOfOneTableAreComparedBySize() {
        func own(_ count: Int, wanted: Int?, _ rates: [Double]) -> BenchReport {
            var report = Self.report([("single", rates)])
            report.sections[0].scenario = BenchReport.ownTable
            report.sections[0].title = "t, a sample of about \(count): n = 1"
            report.sections[0].work = wanted.map { _ in "t: n = 1" }
            report.sections[0].rowsWanted = wanted
            return report
        }
        let before = own(5_000, wanted: 1_000, [100, 102])
        let counted = own(5_010, wanted: 1_000, [390, 410])
        #expect(BenchComparison.text(from: before, to: counted).contains("faster"))
        let larger = own(5_000, wanted: 2_000, [390, 410])
        #expect(BenchComparison.text(from: before, to: larger).contains("nothing in both"))
        let older = own(5_000, wanted: nil, [390, 410])
        #expect(BenchComparison.text(from: older, to: before).contains("slower"))
        #expect(
            BenchComparison.text(from: own(1, wanted: nil, [1]), to: before).contains("nothing"))
    }

    /// What was found until then is shown, with why there is no more of it, and the exit code says
    /// so too.
    @Test func aReportThatEndedEarlySaysSo() throws {
        var report = Self.report([("single", [100, 102])])
        #expect(!report.hasFailures)
        report.problem = "ended early: the server went away"
        #expect(report.hasFailures)
        #expect(BenchText.text(of: report).contains("ended early: the server went away"))
        #expect(HTMLReport.page(report).contains("ended early: the server went away"))
    }

    @Test func aComparisonSaysWhoFailsAndWhoKeepsTheLimit() {
        let rates: [(String, [Double])] = [
            ("single", [100, 102]), ("modulo", [200, 210]), ("ctid", [300, 310]),
            ("offset", [50, 51]), ("sluice", [200, 210]),
        ]
        var (before, after) = (Self.report(rates), Self.report(rates))
        before.sections[0].entries[1].problem = "it did not work"
        after.sections[0].entries[2].problem = "33 of 1000 rows are not as they should be"
        for round in 0..<2 {
            before.sections[0].entries[0].rounds[round].keepsLimit = true
            after.sections[0].entries[0].rounds[round].keepsLimit = false
            before.sections[0].entries[4].rounds[round].keepsLimit = false
            after.sections[0].entries[4].rounds[round].keepsLimit = true
        }
        before.sections[0].entries[3].problem = "cannot: the key is no integer"
        after.sections[0].entries[3].problem = "cannot: the key is no integer"
        let lines = BenchComparison.text(from: before, to: after).split(separator: "\n")
        func line(_ name: String) -> String? {
            lines.first { $0.hasPrefix("  \(name) ") }.map(String.init)
        }
        #expect(
            line("ctid")?.hasSuffix("now fails: 33 of 1000 rows are not as they should be") == true)
        #expect(line("modulo")?.hasSuffix("works now") == true)
        #expect(line("offset") == nil, "it could not before either")
        #expect(line("single")?.hasSuffix("not told apart, now over the limit") == true)
        #expect(line("sluice")?.hasSuffix("not told apart, keeps the limit now") == true)
    }

    @Test func aComparisonSaysWhatElseIsPaid() {
        let before = Self.report([("single", [100, 102]), ("sluice", [200, 210])])
        var after = before
        after.serverVersion = "16.2"
        after.cores = 4
        after.settings = ["fsync": "off", "wal_level": "logical"]
        for round in 0..<2 {
            var figures = after.sections[0].entries[1].rounds[round]
            figures.walBytesPerRow = 500
            figures.heapGrowth = 0.3
            figures.lagSecondsMax = 3.2
            figures.applicationP95Seconds = 0.002
            after.sections[0].entries[1].rounds[round] = figures
        }
        var known = before
        for round in 0..<2 {
            known.sections[0].entries[1].rounds[round].lagSecondsMax = 1.1
            known.sections[0].entries[1].rounds[round].applicationP95Seconds = 0.001
        }
        let text = BenchComparison.text(from: known, to: after)
        #expect(text.contains("PostgreSQL: 15.1 before, 16.2 now"))
        #expect(text.contains("cores: 2 before, 4 now"))
        #expect(text.contains("fsync: on before, off now"))
        #expect(text.contains("wal_level: unknown before, logical now"))
        #expect(text.contains("single            1.00× the rate  not told apart\n"))
        #expect(
            text.contains(
                "sluice            1.00× the rate  not told apart, 2.00× the WAL a row, table "
                    + "grows by 30 % after 14 %, lag 3.2 s after 1.1 s, 2.00× the application's "
                    + "p95"))
        // What was not looked at before says nothing.
        #expect(!BenchComparison.text(from: before, to: after).contains("lag"))
    }

    @Test func timeAboveTheLimitIsAColumnWhereThereIsAny() throws {
        var report = Self.report([("single", [900, 910]), ("sluice", [300, 310])])
        #expect(!BenchText.text(of: report).contains("above"))
        for round in 0..<2 {
            report.sections[0].entries[0].rounds[round].secondsAboveLag = 7.25
            report.sections[0].entries[1].rounds[round].secondsAboveLag = 0
        }
        let lines = BenchText.text(of: report).split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.hasSuffix("lag    above") })
        #expect(lines.contains { $0.hasPrefix("single ") && $0.hasSuffix(" 7.3 s") })
        #expect(lines.contains { $0.hasPrefix("sluice ") && $0.hasSuffix(" 0.0 s") })
        #expect(lines.contains("above: how long the lag was above the limit, or else ten seconds"))
    }

    @Test func textHasItsCaveats() {
        var report = Self.report([("single", [100, 150]), ("sluice", [300, 310])])
        report.loadBefore = 1.5
        let text = BenchText.text(of: report)
        #expect(text.contains("medians of 2; ±"))
        #expect(text.contains("the rounds of 1 of 2 strategies (single) differ by more than 25 %"))
        #expect(text.contains("(load 1.5): the figures are worth little"))
        report.rounds = 1
        let once = BenchText.text(of: report)
        #expect(!once.contains("medians of"))
        #expect(once.contains("one round: nothing is known of how much it varies (--rounds 3)"))
    }
}
