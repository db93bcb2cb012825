import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// Each kind of job does its work exactly once to each row, whatever happens to its processes.
@Suite(.timeLimit(.minutes(12))) struct JobKindTests {
    static let rows = 20_000
    static let bounds = "WHERE id > :lower AND id <= :upper"

    @Test func aDeleteThoughKilledTakesWhatMatchesAndNothingElse() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: Self.rows)
            try await database.hold("DELETE", on: "t")
            try await database.runThoughKilled([
                "run", "--kind", "delete", "--table", "t", "--where", "id % 10 <> 0",
            ])
            let left = try await database.value(
                "SELECT count(*) || ' ' || count(*) FILTER (WHERE id % 10 = 0) FROM t")
            #expect(left == "2000 2000")
            #expect(try await database.ledger() == "delete completed 20000 18000")
        }
    }

    /// What is equal by its type and is not the same would be left as it is, and what cannot be
    /// compared would fail in each batch.
    @Test(arguments: [
        ("text COLLATE loose", "lower(v)", "may be equal and differ"),
        ("worded", "lower(v::text)::worded", "may be equal and differ"),
        ("json", "'{}'::json", "cannot be compared"),
    ])
    func whatEqualityDoesNotTellIsNotSkipped(
        _ type: String, _ value: String, _ reason: String
    ) async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2',
                deterministic = false);
                CREATE DOMAIN worded AS text COLLATE loose;
                CREATE TABLE t (id integer PRIMARY KEY, v \(type), n numeric);
                """)
            func plan(_ column: String, _ expression: String) async throws -> [String] {
                var job = JobRequest(
                    table: "t",
                    assignments: [Assignment(column: column, expression: expression)])
                job.skipsUnchanged = true
                let sluice = try database.sluice
                do {
                    return try await sluice.plan(job, options: RunOptions()).refusals
                } catch let error as SluiceError {
                    return [error.description]
                }
            }
            let refusals = try await plan("v", value)
            #expect(refusals.contains { $0.contains(reason) }, "\(refusals)")
            let sound = try await plan("n", "n * 2")
            #expect(sound == [])
        }
    }

    /// Rows that are right already, NULLs among them, get no new version: in plain batches, in
    /// lanes and by pages.
    @Test(arguments: [
        ("key", LaneSetting.off), ("key", .fixed(4)), ("physical", .off),
    ])
    func anUpdateLeavesRowsAloneThatAreRight(_ order: String, _ lanes: LaneSetting) async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.execute(
                """
                CREATE TABLE t (id integer PRIMARY KEY, a integer, n integer);
                INSERT INTO t SELECT i, CASE WHEN i % 5 > 0 THEN i END, CASE WHEN i % 2 = 0
                THEN CASE WHEN i % 5 > 0 THEN i * 2 END ELSE -1 END
                FROM generate_series(1, 20000) i;
                ANALYZE t;
                CREATE TABLE before AS SELECT id, xmin::text AS x FROM t;
                """)
            var job = JobRequest(
                table: "t", assignments: [Assignment(column: "n", expression: "a * 2")],
                predicate: "id > 0 OR n = -1")
            job.skipsUnchanged = true
            var options = RunOptions.with(workers: 2, batch: 500)
            options.limits.lanes = lanes
            options.limits.order = OrderSetting(rawValue: order)
            let report = try await database.sluice.run(job, options: options)
            #expect(report.status.state == .completed, "\(report.message)")
            #expect(report.status.rowsChanged == 10_000)
            let touched = try await database.value(
                """
                SELECT count(*) FILTER (WHERE t.n IS DISTINCT FROM t.a * 2) || ' '
                || count(*) FILTER (WHERE t.xmin::text <> x AND id % 2 = 0)
                FROM t JOIN before USING (id)
                """)
            #expect(touched == "0 0")
        }
    }

    @Test func aCopyThoughKilledBringsEachRowOnce() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: Self.rows)
            // Without a key, or the server would find what comes twice.
            try await database.execute("CREATE TABLE u (m text, id bigint, n bigint)")
            try await database.hold("INSERT", on: "u")
            try await database.runThoughKilled([
                "run", "--table", "t", "--into", "u", "--set", "n = id * 2 -- twice",
                "--where", "id > 5",
            ])
            let copied = try await database.value(
                """
                SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || min(id) || ' '
                || bool_and(n = 2 * id AND m IS NULL) FROM u
                """)
            #expect(copied == "19995 19995 6 true")
            #expect(try await database.histogram() == "0:20000")
            #expect(try await database.ledger() == "copy completed 20000 19995")
        }
    }

    @Test func aMoveThoughKilledLosesAndDoublesNothing() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: Self.rows)
            try await database.execute("CREATE TABLE u (id bigint, n integer, why text)")
            try await database.hold("DELETE", on: "t")
            try await database.runThoughKilled([
                "run", "--kind", "move", "--table", "t", "--into", "u", "--set", "why = 'old'",
                "--where", "id % 2 = 0",
            ])
            let all = try await database.value(
                """
                SELECT (SELECT count(*) || ' ' || bool_and(id % 2 = 1) FROM t) || ' '
                || count(*) || ' ' || count(DISTINCT id) || ' ' || bool_and(why = 'old') FROM u
                """)
            #expect(all == "10000 true 10000 10000 true")
            #expect(try await database.ledger() == "move completed 20000 10000")
        }
    }

    @Test(arguments: ["WHERE :range", bounds])
    func aStatementThoughKilledIsDoneOnceToEachRow(condition: String) async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: Self.rows)
            try await database.hold("UPDATE", on: "t")
            try await database.runThoughKilled([
                "run", "--table", "t", "--statement",
                "UPDATE t SET n = n + 1 \(condition) -- ; :lower",
            ])
            #expect(try await database.histogram() == "1:20000")
            #expect(try await database.ledger() == "statement completed 20000 20000")
        }
    }

    // MARK: Sizes and keys

    static let jobs: [JobRequest] = [
        JobRequest(kind: .delete, table: "t", predicate: "true"),
        JobRequest(kind: .copy, table: "t", target: "u"),
        JobRequest(kind: .move, table: "t", predicate: "true", target: "u"),
        JobRequest(
            kind: .statement, table: "t",
            statement: "INSERT INTO u SELECT id, n FROM t WHERE :range"),
        JobRequest(
            kind: .statement, table: "t",
            statement: "INSERT INTO u SELECT id, n FROM t \(bounds)"),
    ]

    @Test(arguments: jobs.indices, [0, 1, 2, 2_003])
    func everySizeOfTableIsDone(job: Int, rows: Int) async throws {
        let job = Self.jobs[job]
        try await TestDatabase.with { database in
            try await database.makeTable(rows: rows)
            try await database.execute("CREATE TABLE u (id bigint PRIMARY KEY, n integer)")
            let report = try await database.sluice.run(job, options: .with(workers: 3, batch: 37))
            #expect(report.exitCode == 0)
            #expect(report.status.rowsChanged == rows)
            #expect(report.status.keysScanned == rows)
            let isKept = job.kind == .copy || job.kind == .statement
            #expect(try await database.number("SELECT count(*) FROM t") == (isKept ? rows : 0))
            let copied = job.kind == .delete ? 0 : rows
            #expect(try await database.number("SELECT count(*) FROM u") == copied)
        }
    }

    @Test(arguments: ["delete", "copy", "move", "range", "bounds"])
    func compositeKeysAndHostileNamesAreTakenAsTheyAre(kind: String) async throws {
        let table = "\"off The\"\"Path\".\"T:upper $1 ''\""
        let target = "\"off The\"\"Path\".\"sluice_gone\""
        let extra = "\"z\"\"\""
        let key = "\"select\", \"Ünï \"\"q\""
        let bounds = "(\(key)) > :lower AND (\(key)) <= :upper"
        let job =
            switch kind {
            case "delete": JobRequest(kind: .delete, table: table, predicate: "\"a:range\" > 0")
            case "copy", "move":
                JobRequest(
                    kind: kind == "copy" ? .copy : .move, table: table,
                    assignments: [
                        Assignment(column: extra, expression: "\"a:range\" + 1 -- )")
                    ], predicate: "\"a:range\" > 0 -- )", target: target)
            default:
                JobRequest(
                    kind: .statement, table: table,
                    statement: """
                        WITH "x:upper" AS (SELECT 1 AS one)
                        INSERT INTO \(target) SELECT s.\(key), s."a:range", "a:range" + one
                        FROM "x:upper", \(table) s
                        WHERE \(kind == "range" ? ":range(s)" : bounds)
                        AND s."a:range" > 0 ; -- the end
                        """)
            }
        try await TestDatabase.with { database in
            let columns =
                "\"select\" integer, \"Ünï \"\"q\" text COLLATE \"C\", \"a:range\" integer"
            try await database.execute(
                """
                CREATE SCHEMA "off The""Path";
                CREATE TABLE \(table) (\(columns), PRIMARY KEY (\(key)));
                CREATE TABLE \(target) (\(columns), \(extra) integer, PRIMARY KEY (\(key)));
                INSERT INTO \(table) SELECT i / 100, 'x''' || i % 100, i % 3
                FROM generate_series(1, 3000) i;
                ANALYZE \(table);
                """)
            let report = try await database.sluice.run(job, options: .with(workers: 3, batch: 37))
            #expect(report.exitCode == 0)
            #expect(report.status.rowsChanged == 2_000)
            #expect(report.status.keysScanned == 3_000)
            let left = ["delete", "move"].contains(kind) ? 1_000 : 3_000
            #expect(try await database.number("SELECT count(*) FROM \(table)") == left)
            let copied = try await database.value(
                "SELECT count(*) || ' ' || coalesce(bool_and(\(extra) = \"a:range\" + 1), true) "
                    + "FROM \(target)")
            #expect(copied == (kind == "delete" ? "0 true" : "2000 true"))
        }
    }

    // MARK: Again

    @Test func aFinishedDeleteBeginsAnewAndAnUnfinishedOneIsCarriedOn() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1_000)
            let job = JobRequest(kind: .delete, table: "t", predicate: "n = 0")
            let first = try await database.sluice.run(job, options: .with(workers: 1, batch: 100))
            #expect(first.status.rowsChanged == 1_000)
            #expect(first.status.job == "t.delete")
            try await database.execute("INSERT INTO t (id) SELECT generate_series(1, 300)")
            let second = try await database.sluice.run(job, options: .with(workers: 1, batch: 100))
            #expect(second.didWork)
            #expect(second.status.run == 2)
            #expect(second.status.rowsChanged == 300)
            let again = try await database.sluice.resume("2")
            #expect(!again.didWork)
            #expect(again.message.contains("`sluice run` begins anew"))
            try await database.execute("INSERT INTO t (id) SELECT generate_series(1, 300)")
            try await database.hold("DELETE", on: "t")
            let drain = DrainSwitch()
            async let third = database.sluice.run(
                job, options: .with(workers: 1, batch: 10), drain: drain)
            try await eventually("the third run is at work") {
                try await database.number(
                    "SELECT coalesce(sum(keys_scanned), 0) FROM sluice.range WHERE run = 3") > 0
            }
            drain.drain()
            #expect(try await third.exitCode == 3)
            let last = try await database.sluice.run(job)
            #expect(last.exitCode == 0)
            #expect(last.status.run == 3)
            #expect(try await database.number("SELECT count(*) FROM t") == 0)
        }
    }
}
