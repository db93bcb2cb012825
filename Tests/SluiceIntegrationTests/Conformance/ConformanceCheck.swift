import Sluice
import SluiceCore
import SluicePostgres
import Testing

/// What a kind of job must have done to the rows of ``KeyTable``, exactly once.
struct ConformanceKind: Sendable {
    let kind: JobKind
    /// The job.
    let job: JobRequest
    /// The condition under which a row of `t` has been done exactly once.
    let isDone: String
    /// The condition under which it has not been touched.
    let isUntouched: String

    static let update = ConformanceKind(
        kind: .update, job: increment, isDone: "n = 1", isUntouched: "n = 0")
}

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
        try await remake(rows: rows, extremes: false)
        let report = try await database.sluice.run(job, options: .with(workers: 2, batch: 7))
        #expect(report.exitCode == 0)
        let left = try await database.number("SELECT count(*) FROM t WHERE \(kind.isDone)")
        #expect(left == rows)
        #expect(report.status.keysScanned == rows)
    }

    /// A run that is drained in the middle and resumed; meanwhile rows appear above its bound and
    /// rows go away, its last one among them.
    func interruptedRun(rows: Int, analyzed: Bool) async throws {
        try await remake(rows: rows, extremes: true)
        let last = "ORDER BY \(table.names.map { "\($0) DESC" }.joined(separator: ", "))"
        try await database.execute(
            """
            CREATE TABLE above AS SELECT * FROM t \(last) LIMIT 3;
            DELETE FROM t WHERE no IN (SELECT no FROM above);
            """)
        if analyzed { try await database.execute("ANALYZE t") }
        try await database.runUntil(keys: 1, job, options: .with(workers: 3, batch: 23))
        try await database.execute(
            """
            CREATE TABLE gone AS SELECT * FROM t WHERE no % 17 = 0
            OR no = (SELECT no FROM t \(last) LIMIT 1);
            DELETE FROM t WHERE no IN (SELECT no FROM gone);
            INSERT INTO t OVERRIDING SYSTEM VALUE SELECT * FROM above;
            """)
        let report = try await database.sluice.resume("1", options: .with(workers: 3, batch: 23))
        #expect(report.exitCode == 0)
        try await checkRows(scanned: report.status.keysScanned)
        try await checkRanges()
    }

    private func remake(rows: Int, extremes: Bool) async throws {
        try await database.execute(
            "DROP TABLE IF EXISTS t, above, gone; DROP SCHEMA IF EXISTS sluice CASCADE")
        try await database.execute(table.make(rows: rows, extremes: extremes))
    }

    private func checkRows(scanned: Int) async throws {
        let row = try await database.connection.query(
            """
            SELECT count(*) FILTER (WHERE NOT (\(kind.isDone)) AND NOT is_above),
            count(*) FILTER (WHERE NOT (\(kind.isUntouched)) AND is_above),
            count(*) FILTER (WHERE NOT is_above)
            + (SELECT count(*) FROM gone WHERE \(kind.isDone)),
            (SELECT count(*) FROM gone WHERE NOT (\(kind.isDone)) AND NOT (\(kind.isUntouched)))
            FROM (SELECT *, no IN (SELECT no FROM above) AS is_above FROM t) x
            """
        ).rows[0].map { Int($0 ?? "") ?? -1 }
        #expect(row[0] == 0, "rows below the bound that were not done once")
        #expect(row[1] == 0, "rows above the bound that were touched")
        #expect(row[2] == scanned, "keys that the ledger counts")
        #expect(row[3] == 0, "deleted rows that were done more than once")
    }

    /// The ranges are disjoint and cover everything up to one bound.
    private func checkRanges() async throws {
        let covers = try await database.value(
            """
            SELECT count(*) FILTER (WHERE lower IS NULL) = 1
            AND bool_and(lower IS NULL OR lower IN (SELECT upper FROM sluice.range))
            AND count(DISTINCT upper) = count(*)
            AND count(DISTINCT coalesce(lower, '{}')) = count(*)
            AND bool_and(state = 'done') FROM sluice.range
            """)
        #expect(covers == "t")
    }
}
