import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import Sluice

/// Ranges that their owner left behind.
@Suite(.timeLimit(.minutes(12))) struct LeaseTests {
    private static let lost = "99999999-9999-4999-8999-999999999999"

    /// A run one of whose ranges belongs to `lost`, and the process's row.
    private static func abandoned(
        _ database: TestDatabase, leaseSeconds: Int, registered: Bool
    ) async throws -> FenceBench {
        let bench = try await FenceBench(database, rows: 4_000, rangesMax: 4)
        _ = try await bench.claim(
            on: database.connection, owner: lost, leaseSeconds: leaseSeconds)
        guard registered else { return bench }
        _ = try await database.connection.query(
            RangeSQL.register,
            [
                .text(lost), .text("\(bench.run)"), "elsewhere", "1", "false",
                Parameter(leaseSeconds),
            ])
        return bench
    }

    @Test func aRangeOfAProcessThatSignedOffIsTakenWhenItsLeaseIsOver() async throws {
        try await TestDatabase.with { database in
            _ = try await Self.abandoned(database, leaseSeconds: 1, registered: false)
            let report = try await database.sluice.run(
                increment, options: .with(workers: 2, batch: 100))
            #expect(report.exitCode == 0)
            #expect(try await database.histogram() == "1:4000")
        }
    }

    @Test func aRangeThatNobodyOfALivingProcessWorksOnIsTakenWhenItsLeaseIsOver() async throws {
        try await TestDatabase.with { database in
            let bench = try await Self.abandoned(database, leaseSeconds: 1, registered: true)
            // The process lives: it has a session and renews its own lease.
            let alive = try await database.connect("sluice \(bench.run) \(Self.lost)")
            try await database.execute(
                "UPDATE sluice.process SET lease_until = clock_timestamp() + interval '1 hour'")
            let report = try await database.sluice.run(
                increment, options: .with(workers: 2, batch: 100))
            #expect(report.exitCode == 0)
            #expect(try await database.histogram() == "1:4000")
            await alive.close()
        }
    }

    @Test func aRangeOfAProcessWithoutSessionsIsTakenAtOnce() async throws {
        try await TestDatabase.with { database in
            _ = try await Self.abandoned(database, leaseSeconds: 3_600, registered: true)
            let report = try await database.sluice.run(
                increment, options: .with(workers: 2, batch: 100))
            #expect(report.exitCode == 0)
            #expect(report.seconds < 10)
            #expect(try await database.histogram() == "1:4000")
        }
    }

    @Test func aSessionThatHoldsARangeBeyondItsLeaseIsEnded() async throws {
        try await TestDatabase.with { database in
            let bench = try await Self.abandoned(database, leaseSeconds: 1, registered: true)
            let zombie = try await database.connect("sluice \(bench.run) \(Self.lost)")
            let bystander = try await database.connect("sluice 99 \(Self.lost)")
            for connection in [zombie, bystander] {
                _ = try await connection.query(BatchSettingsSQL.begin)
                _ = try await connection.query("SELECT 1")
            }
            _ = try await zombie.query(
                "SELECT number FROM sluice.range WHERE owner = $1 FOR NO KEY UPDATE",
                [.text(Self.lost)])
            let report = try await database.sluice.run(
                increment, options: .with(workers: 2, batch: 100))
            #expect(report.exitCode == 0)
            #expect(try await database.histogram() == "1:4000")
            await #expect(throws: PostgresError.self) { try await zombie.query("COMMIT") }
            #expect(try await bystander.query("COMMIT").commandTag == "COMMIT")
            await bystander.close()
        }
    }

    @Test func aPipeWhoseRestNeverArrivesIsEnded() async throws {
        try await TestDatabase.with { database in
            let bench = try await Self.abandoned(database, leaseSeconds: 1, registered: true)
            let pipe = try HalfSentPipe(
                dsn: database.dsn, application: "sluice \(bench.run) \(Self.lost)")
            try pipe.begin([
                "BEGIN", "SELECT set_config('statement_timeout', '500', true)",
                "SELECT number FROM sluice.range WHERE owner = '\(Self.lost)' FOR NO KEY UPDATE",
                "UPDATE t SET n = 100 WHERE id < 3",
            ])
            try await eventually("the server waits for the rest") {
                try await database.number(
                    """
                    SELECT count(*) FROM pg_stat_activity WHERE state = 'active'
                    AND wait_event = 'ClientRead' AND application_name LIKE 'sluice%'
                    AND datname = current_database()
                    """) == 1
            }
            let report = try await database.sluice.run(
                increment, options: .with(workers: 2, batch: 100))
            #expect(report.exitCode == 0)
            #expect(try await database.histogram() == "1:4000")
            withExtendedLifetime(pipe) {}
        }
    }

    @Test func aCancelDoesNotWaitForAPipeWhoseRestNeverArrives() async throws {
        try await TestDatabase.with { database in
            let bench = try await Self.abandoned(database, leaseSeconds: 1, registered: true)
            let pipe = try HalfSentPipe(
                dsn: database.dsn, application: "sluice \(bench.run) \(Self.lost)")
            try pipe.begin([
                "BEGIN",
                "SELECT number FROM sluice.range WHERE owner = '\(Self.lost)' FOR NO KEY UPDATE",
                "UPDATE t SET n = 100 WHERE id < 3",
            ])
            try await eventually("the rows are locked") {
                try await database.number(
                    """
                    SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass
                    AND mode = 'RowExclusiveLock'
                    """) == 1
            }
            let elsewhere = try await PostgresConnection.connect(
                try ConnectionParameters(dsn: database.dsn).setting("dbname", to: "postgres")
                    .setting("application_name", to: "sluice 1 \(Self.lost)"))
            let end = try await database.command(["cancel", "1"])
            #expect(try await elsewhere.query("SELECT 1").scalar == "1")
            await elsewhere.close()
            #expect(end.code == 0, "\(end.text)")
            #expect(try await database.value("SELECT state FROM sluice.run") == "cancelled")
            #expect(try await database.ownedRanges() == 0)
            #expect(try await database.histogram() == "0:4000")
            withExtendedLifetime(pipe) {}
        }
    }

    @Test func aProcessGivesBackWhatItOwnsThoughItsSessionsAreGone() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 4_000)
            try await database.slowDown(seconds: 0.02)
            let drain = DrainSwitch()
            let connection = database.connection
            let run = try database.sluice
            async let report = run.run(
                increment, options: .with(workers: 4, batch: 50), drain: drain)
            try await database.waitForProgress()
            for _ in 0..<40 where try await database.ownedRanges() > 0 {
                drain.drain()
                _ = try await connection.query(
                    """
                    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name LIKE 'sluice %'
                    """)
            }
            #expect(try await report.exitCode == 3)
            #expect(try await database.ownedRanges() == 0)
            try await database.speedUp()
            #expect(try await run.resume("1").exitCode == 0)
            #expect(try await database.histogram() == "1:4000")
        }
    }
}
