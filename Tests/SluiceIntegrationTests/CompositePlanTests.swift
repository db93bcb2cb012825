import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import Sluice

/// Every statement walks a key of several columns by the row comparison on its index: seen in the
/// server's own plan, under a batch's settings, whatever the statistics know.
@Suite(.timeLimit(.minutes(12))) struct CompositePlanTests {
    /// Two, three and eight columns of mixed types.
    static let keys = [
        ["integer", "text of C"], ["uuid", "timestamptz", "integer"],
        ["smallint", "text", "date", "numeric", "bytea", "enum", "double precision", "integer"],
    ]

    /// Rows enough for a deep index whose first columns repeat.
    private static let rows = 20_000

    private static let jobs: [(JobRequest, String)] = [
        (increment, "update"),
        (JobRequest(kind: .delete, table: "t", predicate: "todo OR n > 5"), "delete"),
        (JobRequest(kind: .copy, table: "t", target: "u"), "copy"),
        (JobRequest(kind: .move, table: "t", predicate: "todo OR n > 5", target: "u"), "move"),
        (
            JobRequest(
                kind: .statement, table: "t",
                statement: "UPDATE t x SET n = n + 1 WHERE :range(x)"), "statement"
        ),
    ]

    private static func makeTable(
        _ database: TestDatabase, columns names: [String], analyzed: Bool
    ) async throws -> KeyTable {
        let columns = names.compactMap { name in KeyKind.all.first { $0.name == name } }
        #expect(columns.count == names.count)
        try await KeyKind.prepare(database, for: columns)
        let table = KeyTable(
            columns: columns, spreads: [7, 60, 2, 7, 3, 2, 9, 1], isSkewed: true, isIndex: false)
        try await database.execute(
            """
            \(table.make(rows: rows, extremes: false));
            ALTER TABLE t ADD todo boolean, ADD big text;
            UPDATE t SET todo = no % 1000 = 0;
            CREATE INDEX driver ON t (\(table.list)) WHERE todo;
            CREATE TABLE u (LIKE t);
            \(analyzed ? "ANALYZE t" : "");
            """)
        return table
    }

    @Test(arguments: keys, [false, true])
    func everyScanIsBoundedByTheRowComparison(columns: [String], analyzed: Bool) async throws {
        try await TestDatabase.with { database in
            let table = try await Self.makeTable(database, columns: columns, analyzed: analyzed)
            for (request, name) in Self.jobs {
                let job = try await JobPlanner(connection: database.connection).plan(request)
                var wide = job.parts[0]
                wide.wideColumns = ["big"]
                for (part, shape) in [(job.parts[0], name), (wide, "wide \(name)")] {
                    try await Self.check(database, job, part, table: table, shape: shape)
                }
                try await Self.checkMidpoint(database, job, job.parts[0], table: table)
            }
            var sparse = increment
            sparse.predicate = "todo"
            let job = try await JobPlanner(connection: database.connection).plan(sparse)
            var driven = job.parts[0]
            // What nobody analyzed is not always seen to be sparse; the shape must do all the same.
            #expect(driven.driver != nil || !analyzed)
            driven.driver = DrivingIndex(name: "driver", keysEstimateMost: 407)
            var both = driven
            both.wideColumns = ["big"]
            try await Self.check(database, job, driven, table: table, shape: "driven")
            try await Self.check(database, job, both, table: table, shape: "wide and driven")
            try await Self.checkMidpoint(database, job, driven, table: table)
        }
    }

    /// Both shapes of a batch.
    private static func check(
        _ database: TestDatabase, _ job: PlannedJob, _ part: PlannedPart, table: KeyTable,
        shape: String
    ) async throws {
        for first in [true, false] {
            let statement = job.batch(part).inspection(firstOfRange: first, limits: Limits())
            let lines = try await PlanInspector(connection: database.connection).explain(
                "(FORMAT JSON)", statement, job: job, limits: Limits())
            try check(
                lines, table: table, operators: first ? ["<="] : [">", "<="],
                shape: "\(first ? "first" : "next") \(shape)")
        }
    }

    /// The walk to where a range is cut, planned once for all bounds as a worker has it planned.
    private static func checkMidpoint(
        _ database: TestDatabase, _ job: PlannedJob, _ part: PlannedPart, table: KeyTable
    ) async throws {
        let connection = database.connection
        for hasCursor in [true, false] {
            let key =
                "(SELECT ARRAY[\(table.names.map { "\($0)::text" }.joined(separator: ", "))]"
                + " FROM t LIMIT 1)"
            let array = try await database.value("SELECT quote_literal(\(key)::text)") ?? ""
            let values = "\(hasCursor ? array : "NULL"), \(array), 320000, 1250, 7500, 4"
            let midpoint = job.cut(part).midpoint(hasCursor: hasCursor)
            let answer = try await connection.sendAndReceive([
                Statement(BatchSettingsSQL.begin),
                BatchSettingsSQL.settings(
                    job.session.settings, limits: Limits(),
                    serverVersion: connection.serverVersion),
                Statement("PREPARE walk AS \(midpoint)"),
                Statement("EXPLAIN (FORMAT JSON) EXECUTE walk (\(values))"),
                Statement("DEALLOCATE walk"), Statement(BatchSettingsSQL.commit),
            ])
            if let error = answer.error { throw error }
            try check(
                answer.results[3].rows.compactMap { $0[0] }, table: table,
                operators: hasCursor ? [">", "<="] : ["<="], shape: "midpoint")
        }
    }

    /// Every scan of the table, of which there is at least one, has the whole row comparison as
    /// the condition on its index.
    private static func check(
        _ lines: [String], table: KeyTable, operators: [String], shape: String
    ) throws {
        let plan = try #require(PlanInspector.plan(json: lines.joined(separator: "\n")))
        let scans = all(plan).filter { $0.relation == "t" && $0.type != "ModifyTable" }
        #expect(!scans.isEmpty, "\(shape)")
        for scan in scans {
            let walks = scan.type == "Bitmap Heap Scan" ? all(scan).dropFirst() : [scan]
            for walk in walks {
                let kinds = ["Index Scan", "Index Only Scan", "Bitmap Index Scan"]
                #expect(kinds.contains(walk.type), "\(shape)")
                let words = walk.indexCondition ?? ""
                let isBounded = try operators.allSatisfy { comparison in
                    try table.names.indices.contains { shared in
                        try bounds(words, table.names, shared, comparison)
                    }
                }
                #expect(isBounded, "\(shape): \(walk.type) by \(words)")
            }
        }
    }

    /// Whether a condition compares so many leading columns for equality and the rest as a row.
    private static func bounds(
        _ words: String, _ names: [String], _ shared: Int, _ comparison: String
    ) throws -> Bool {
        let columns = names.map { "(?:\\w+\\.)?\($0)(?:\\)?::\\w+)?" }
        let rest = columns[shared...].joined(separator: ", ")
        let row =
            columns.count - shared == 1
            ? "\(rest) \(comparison) " : "ROW\\(\(rest)\\) \(comparison) ROW\\("
        guard words.contains(try Regex(row)) else { return false }
        return try columns[..<shared].allSatisfy { words.contains(try Regex("\($0) = ")) }
    }

    /// A B-tree ends a scan by a row comparison's first column alone: each batch within one tenant
    /// read on to the tenant's last row, so that a run took time as the square of its size.
    @Test(arguments: [JobKind.update, .delete])
    func noBatchReadsOnToTheEndOfItsTenant(kind: JobKind) async throws {
        try await TestDatabase.with { database in
            // Room for every new version in its page, so that the index is only read.
            try await database.execute(
                """
                CREATE TABLE t (tenant int, kind int, id int, n integer NOT NULL DEFAULT 0,
                PRIMARY KEY (tenant, kind, id))
                WITH (autovacuum_enabled = off, fillfactor = 40);
                INSERT INTO t SELECT 7, i / 50000, i, 0 FROM generate_series(0, 99999) i;
                ANALYZE t;
                """)
            let blocks = """
                SELECT idx_blks_read + idx_blks_hit FROM pg_statio_user_tables
                WHERE relname = 't'
                """
            _ = try await database.value("SELECT pg_stat_force_next_flush()")
            let before = try await database.number(blocks)
            var job = JobRequest(table: "t", assignments: [])
            job.kind = kind
            if kind == .update { job.assignments = increment.assignments }
            var options = RunOptions.with(workers: 1, batch: 1_000)
            options.confirmed = true
            // Lanes look each key up by itself, and have a test of their own.
            options.limits.lanes = .off
            let report = try await database.sluice.run(job, options: options)
            #expect(report.exitCode == 0)
            #expect(report.status.rowsChanged == 100_000)
            let after = try await database.number(blocks)
            // Some five pages for a batch's keys, walked thrice; to the tenant's end there would
            // be 200 on average.
            #expect(after - before < 6_000, "\(after - before)")
        }
    }

    private static func all(_ node: PlanNode) -> [PlanNode] {
        [node] + node.children.flatMap(all)
    }
}
