import Foundation
import Sluice
import SluiceCore
import SluicePostgres
import SluiceSandbox
import SluiceTestSupport
import Testing

/// A replica that falls behind holds the run.
@Suite(.timeLimit(.minutes(12))) struct ReplicaTests {
    @Test func theRunWaitsForAReplicaThatFallsBehindAndGoesOnAfterwards() async throws {
        try await withSandbox(SandboxOptions(replicas: 1)) { sandbox in
            let name = try await sandbox.primary.createDatabase()
            let dsn = sandbox.primary.dsn(database: name)
            try await TestDatabase.with(dsn: dsn) { database in
                try await database.makeTable(rows: 100_000)
                try await database.slowDown(seconds: 0.02)
            }
            let process = try SluiceProcess(
                [
                    "run", "--table", "t", "--set", "n = n + 1", "--workers", "2", "--batch", "50",
                    "--max-lag", "1s", "--progress", "plain",
                ], dsn: dsn)
            try await TestDatabase.with(dsn: dsn) { database in
                try await database.waitForProgress()
                try await sandbox.replicas[0].psql("SELECT pg_wal_replay_pause()")
                try await Self.waitUntilHeld(database)
                let held = try await database.keysScanned()
                // Long enough for many batches, were there any.
                _ = try await database.value("SELECT pg_sleep(1)::text")
                let later = try await database.keysScanned()
                guard later == held else {
                    throw ConditionNotMet(description: "keys \(held) became \(later) while held")
                }
            }
            #expect(process.output.contains("replica lag"), "\(process.output)")
            #expect(process.isRunning)
            try await sandbox.replicas[0].psql("SELECT pg_wal_replay_resume()")
            try await TestDatabase.with(dsn: dsn) { database in
                let held = try await database.keysScanned()
                try await database.waitForProgress(keys: held + 1_000)
                try await database.speedUp()
            }
            let code = try await process.wait()
            #expect(code == 0, "\(process.errors)")
            let histogram = try await TestDatabase.with(dsn: dsn) { database in
                try await database.histogram()
            }
            #expect(histogram == "1:100000")
        }
    }

    private static func waitUntilHeld(_ database: TestDatabase) async throws {
        try await eventually("the run says what it waits for") {
            let waits = try await database.value(
                """
                SELECT count(*) FROM sluice.process
                WHERE waiting_for LIKE 'replica lag%' AND replica_lag_seconds > 1
                """)
            return waits == "1"
        }
        try await eventually("running batches end") {
            try await database.number(
                """
                SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                AND application_name LIKE 'sluice %' AND state <> 'idle'
                """) == 0
        }
    }

    @Test func aReplicaThatGoesAwayHoldsTheRun() async throws {
        try await withSandbox(SandboxOptions(replicas: 1)) { sandbox in
            let name = try await sandbox.primary.createDatabase()
            let dsn = sandbox.primary.dsn(database: name)
            try await TestDatabase.with(dsn: dsn) { database in
                try await database.makeTable(rows: 100_000)
                try await database.slowDown(seconds: 0.02)
            }
            let process = try SluiceProcess(
                [
                    "run", "--table", "t", "--set", "n = n + 1", "--workers", "2", "--batch", "50",
                    "--max-lag", "5s", "--progress", "none",
                ], dsn: dsn)
            try await TestDatabase.with(dsn: dsn) { database in
                try await database.waitForProgress()
            }
            try await sandbox.replicas[0].stop()
            try await TestDatabase.with(dsn: dsn) { database in
                try await eventually("the run waits for the replica") {
                    try await database.value("SELECT waiting_for FROM sluice.process")?
                        .contains("replica") == true
                }
            }
            try await sandbox.replicas[0].start()
            try await TestDatabase.with(dsn: dsn) { database in
                let held = try await database.keysScanned()
                try await database.waitForProgress(keys: held + 1_000)
                try await database.speedUp()
            }
            let code = try await process.wait()
            #expect(code == 0, "\(process.errors)")
        }
    }

    @Test func aReplicaThatIsRemovedForGoodIsForgottenWithItsSlot() async throws {
        try await withSandbox(SandboxOptions(replicas: 1)) { sandbox in
            let name = try await sandbox.primary.createDatabase()
            try await TestDatabase.with(dsn: sandbox.primary.dsn(database: name)) { database in
                try await database.makeTable(rows: 20_000)
                try await database.slowDown(seconds: 0.02)
                let process = try database.startIncrement(batch: 50, ["--max-lag", "5s"])
                try await database.waitForProgress()
                try await sandbox.replicas[0].stop()
                try await database.waitsFor("replica")
                try await Self.dropSlot(database)
                let held = try await database.keysScanned()
                try await database.waitForProgress(keys: held + 1_000)
                try await database.speedUp()
                #expect(try await process.wait() == 0, "\(process.errors)")
                #expect(try await database.histogram() == "1:20000")
            }
        }
    }

    /// One that does not stream from the primary, and so cannot be seen there.
    @Test func theLagOfAReplicaThatIsAskedItselfIsReported() async throws {
        try await withSandbox(SandboxOptions(replicas: 1)) { sandbox in
            let name = try await sandbox.primary.createDatabase()
            let replica = sandbox.replicas[0]
            try await TestDatabase.with(dsn: sandbox.primary.dsn(database: name)) { database in
                try await database.makeTable(rows: 50_000)
                try await database.slowDown(seconds: 0.02)
                let end = try await database.value("SELECT pg_current_wal_lsn()") ?? ""
                try await eventually("the replica has the database") {
                    try await replica.psql(
                        "SELECT pg_last_wal_replay_lsn() >= '\(end)'::pg_lsn") == "t"
                }
                try await replica.psql(
                    "ALTER SYSTEM SET primary_conninfo = ''; SELECT pg_reload_conf()")
                try await Self.dropSlot(database)
                let process = try database.startIncrement(
                    batch: 50,
                    ["--max-lag", "1s", "--replica-dsn", replica.dsn(database: name)])
                try await eventually("the run reports what it waits for") {
                    guard try await database.value("SELECT to_regclass('sluice.process')") != nil
                    else { return false }
                    return try await database.number(
                        """
                        SELECT count(*) FROM sluice.process
                        WHERE waiting_for LIKE 'replica lag%' AND replica_lag_seconds > 1
                        """) == 1
                }
                process.send(SIGINT)
                #expect(try await process.wait() == 3, "\(process.errors)")
                let text = process.output + process.errors
                #expect(!text.contains("no lag to wait for"), "\(text)")
            }
        }
    }

    /// Drops the replica's slot as soon as the primary has noticed that nobody is connected to it.
    private static func dropSlot(_ database: TestDatabase) async throws {
        try await eventually("the slot is left") {
            try await database.value(
                "SELECT active FROM pg_replication_slots WHERE slot_name = 'sluice_replica_1'")
                == "f"
        }
        _ = try await database.value("SELECT pg_drop_replication_slot('sluice_replica_1')")
    }
}
