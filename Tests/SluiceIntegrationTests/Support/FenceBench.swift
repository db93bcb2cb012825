import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport

@testable import Sluice

/// A run of ``increment`` over one range, whose batches a test sends by hand.
struct FenceBench: Sendable {
    let database: TestDatabase
    let job: PlannedJob
    let run: Int64
    let owner = "11111111-1111-4111-8111-111111111111"

    /// Makes the table and the run and fixes its ranges.
    init(_ database: TestDatabase, rows: Int, rangesMax: Int = 1) async throws {
        self.database = database
        try await database.makeTable(rows: rows)
        let connection = database.connection
        job = try await JobPlanner(connection: connection).plan(increment)
        let ledger = Ledger(connection: connection)
        try await ledger.open()
        var limits = Limits(workers: 1...1, batchKeys: 1_000_000)
        if rangesMax > 1 { limits.batchKeys = max(1, rows / rangesMax / 4) }
        run = try await ledger.create(
            name: job.name, job: job, limits: limits, replacing: nil
        ).id
        let snapshot = try await connection.query(LedgerSQL.snapshot).scalar
        let plan = try await RangePlanner(connection: connection).plan(job, limits: limits)
        _ = try await connection.query(
            LedgerSQL.startRun,
            [
                .text("\(run)"), .text(RangesText.ranges(plan.ranges)),
                .text("\(plan.keysTotalEstimate)"), .text("\(plan.ranges.count)"),
                .text(RangesText.parts(job.parts)), .null, Parameter(snapshot),
            ])
    }

    /// Claims a range.
    func claim(
        on connection: PostgresConnection, owner: String? = nil, leaseSeconds: Int = 30
    ) async throws -> HeldRange? {
        let rows = try await connection.query(
            RangeSQL.claim, [.text("\(run)"), .text(owner ?? self.owner), Parameter(leaseSeconds)]
        ).rows
        return rows.first.map { row in
            HeldRange(
                number: Int(row[0] ?? "") ?? 0, epoch: Int(row[1] ?? "") ?? 0,
                hasCursor: row[2] == "t", batches: Int(row[3] ?? "") ?? 0)
        }
    }

    /// The change alone.
    func change(
        _ range: HeldRange, keys: Int, first: Bool = false, owner: String? = nil
    ) -> Statement {
        Statement(
            job.batch(job.parts[0]).change(firstOfRange: first),
            fence(range, owner: owner) + [Parameter(keys), 30, "on"]
                + (job.parts[0].isWide ? [Parameter(Limits().batchBytes)] : []))
    }

    /// A whole batch.
    func batch(
        _ range: HeldRange, keys: Int, first: Bool = false, owner: String? = nil
    ) -> [Statement] {
        [
            Statement(BatchSettingsSQL.begin),
            BatchSettingsSQL.settings(
                job.session.settings, limits: Limits(), serverVersion: job.session.serverVersion),
            change(range, keys: keys, first: first, owner: owner),
            Statement(BatchSettingsSQL.commit),
        ]
    }

    /// The fence's parameters.
    func fence(_ range: HeldRange, owner: String? = nil) -> [Parameter] {
        [
            .text("\(run)"), Parameter(range.number), .text(owner ?? self.owner),
            Parameter(range.epoch),
        ]
    }

    /// Waits until a session waits for a lock.
    func waitUntilBlocked(_ connection: PostgresConnection) async throws {
        try await eventually("the batch waits for the range's row") {
            try await database.value(
                """
                SELECT wait_event_type FROM pg_stat_activity
                WHERE pid = \(connection.backendPID)
                """) == "Lock"
        }
    }

    /// Whether the run's ranges cover everything without gap or overlap: each begins where another
    /// ends, one is open below, and the last one ends at the bound.
    func rangesAreDisjointAndCovering(upTo bound: String) async throws -> Bool {
        try await database.value(
            """
            SELECT count(*) FILTER (WHERE lower IS NULL) = 1
            AND bool_and(lower IS NULL OR lower IN (SELECT upper FROM sluice.range))
            AND count(DISTINCT upper) = count(*)
            AND count(DISTINCT coalesce(lower, '{}')) = count(*)
            AND max(upper[1]::bigint) = \(bound) FROM sluice.range WHERE run = \(run)
            """) == "t"
    }
}
