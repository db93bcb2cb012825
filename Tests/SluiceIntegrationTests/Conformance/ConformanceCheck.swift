import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// Runs a job over a table and checks that every row was done once and none beyond the bound.
struct ConformanceCheck: Sendable {
    let database: TestDatabase
    let table: KeyTable
    let kind: ConformanceKind

    private var job: JobRequest {
        var job = kind.job
        if table.isIndex { job.key = table.names }
        return job
    }

    /// A run without interruption.
    func run(rows: Int) async throws {
        try await remake(rows: rows, extremes: false, above: 0)
        let report = try await database.sluice.run(job, options: .with(workers: 2, batch: 7))
        #expect(report.exitCode == 0)
        #expect(report.status.keysScanned == rows)
        try await checkRows(report.status)
    }

    /// A run that is drained in the middle and resumed; meanwhile rows appear above its bound and
    /// rows go away, its last one among them.
    func interruptedRun(rows: Int, analyzed: Bool) async throws {
        try await remake(rows: rows, extremes: true, above: 3)
        if analyzed { try await database.execute("ANALYZE t") }
        // More than a dozen batches, whatever the number of rows.
        let options = RunOptions.with(workers: 3, batch: rows / 20)
        try await database.runUntil(
            keys: 1, job, options: options, holding: kind.event, on: kind.table)
        try await database.execute(
            """
            INSERT INTO gone SELECT * FROM t WHERE no % 17 = 0
            OR no = (SELECT no FROM t \(last) LIMIT 1);
            DELETE FROM t WHERE no IN (SELECT no FROM gone);
            INSERT INTO t OVERRIDING SYSTEM VALUE SELECT * FROM above;
            """)
        let report = try await database.sluice.resume("1", options: options)
        #expect(report.exitCode == 0)
        try await checkRows(report.status)
        try await checkRanges()
    }

    /// A run whose rows are damaged afterwards, found by their keys and put right.
    func repairedRun(rows: Int) async throws {
        try await remake(rows: rows, extremes: true, above: 0)
        var job = JobRequest(
            table: "t", assignments: [Assignment(column: "n", expression: "7")])
        if table.isIndex { job.key = table.names }
        var run = RunOptions.with(workers: 2, batch: 100)
        run.verify = .full
        let report = try await database.sluice.run(job, options: run)
        #expect(report.verification?.compared == "values")
        #expect(report.verification?.rowsWrong == 0)
        try await database.execute("UPDATE t SET n = 0 WHERE no % 3 = 0")
        let damaged = try await database.number("SELECT count(*) FROM t WHERE n = 0")
        var options = VerifyOptions()
        options.repairs = true
        let found = try await database.sluice.verify("1", options: options)
        #expect(found.rowsRepaired == damaged && found.rowsWrong == 0, "\(found)")
        #expect(try await database.number("SELECT count(*) FROM t WHERE n <> 7") == 0)
    }

    private var last: String {
        "ORDER BY \(table.names.map { "\($0) DESC" }.joined(separator: ", "))"
    }

    /// The table, the target `u` without a key, which takes what comes twice, and beside them the
    /// rows as they were.
    private func remake(rows: Int, extremes: Bool, above: Int) async throws {
        try await database.execute(
            """
            DROP TABLE IF EXISTS t, u, was, above, gone; DROP SCHEMA IF EXISTS sluice CASCADE;
            \(table.make(rows: rows, extremes: extremes));
            CREATE TABLE u (LIKE t);
            CREATE TABLE gone (LIKE t);
            CREATE TABLE above AS SELECT * FROM t \(last) LIMIT \(above);
            DELETE FROM t WHERE no IN (SELECT no FROM above);
            CREATE TABLE was AS SELECT * FROM t;
            """)
    }

    private func checkRows(_ status: RunStatus) async throws {
        let counts = try await database.connection.query(
            """
            SELECT count(*) FILTER (WHERE times <> 1 AND NOT is_gone),
            count(*) FILTER (WHERE times NOT IN (0, 1)), coalesce(sum(times), 0),
            (SELECT count(*) FROM above) - (SELECT count(*) FROM t JOIN above USING (no)
            WHERE t.n = 0),
            (SELECT count(*) FROM (SELECT * FROM u EXCEPT SELECT * FROM was) x)
            FROM (SELECT g.no IS NOT NULL AS is_gone, \(kind.times) AS times
            FROM was w LEFT JOIN t ON t.no = w.no LEFT JOIN gone g ON g.no = w.no
            LEFT JOIN (SELECT no, count(*) AS copies FROM u GROUP BY no) u ON u.no = w.no) x
            """
        ).rows[0].map { Int($0 ?? "") ?? -1 }
        let name = kind.job.kind.rawValue
        #expect(counts[0] == 0, "\(name): rows below the bound that were not done once")
        #expect(counts[1] == 0, "\(name): rows that were done more than once, or lost")
        #expect(counts[2] == status.keysScanned, "\(name): keys that the ledger counts")
        #expect(counts[2] == status.rowsChanged, "\(name): rows that the ledger counts")
        #expect(counts[3] == 0, "\(name): rows above the bound that were touched")
        #expect(counts[4] == 0, "\(name): rows of the target that never were in the table")
    }

    /// The ranges are disjoint and cover everything up to one bound.
    private func checkRanges() async throws {
        let covers = try await database.rangesCover()
        #expect(covers, "\(kind.job.kind.rawValue): ranges")
    }
}
