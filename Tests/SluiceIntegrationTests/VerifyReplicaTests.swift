import Sluice
import SluiceCore
import SluicePostgres
import SluiceSandbox
import SluiceTestSupport
import Testing

/// A verification that reads from a replica, or waits for one.
@Suite(.timeLimit(.minutes(12))) struct VerifyReplicaTests {
    @Test func itReadsOnAReplicaThatHasEverythingOfTheRun() async throws {
        try await withSandbox(SandboxOptions(replicas: 1)) { sandbox in
            let name = try await sandbox.primary.createDatabase()
            let replica = sandbox.replicas[0]
            let there = replica.dsn(database: name)
            try await TestDatabase.with(dsn: sandbox.primary.dsn(database: name)) { database in
                try await database.makeTable(rows: 20_000, extra: ", m integer")
                let run = try await database.command(
                    [
                        "run", "--table", "t", "--set", "m = id * 2", "--verify", "full",
                        "--verify-dsn", there,
                    ])
                #expect(run.code == 0 && run.text.contains("20,000 rows compared"), "\(run)")
                // What has not been replayed yet is waited for.
                try await replica.psql("SELECT pg_wal_replay_pause()")
                try await database.execute("UPDATE t SET m = 0 WHERE id = 77")
                let reads = try await replica.psql(Self.reads, database: name)
                let verify = try database.start(["verify", "1", "--verify-dsn", there])
                try await eventually("the replica is asked") {
                    try await replica.psql(Self.waits) == "1"
                }
                #expect(verify.isRunning)
                try await replica.psql("SELECT pg_wal_replay_resume()")
                #expect(try await verify.wait() == 4, "\(verify.errors)")
                #expect(verify.output.contains("public.t 77  written since"), "\(verify.output)")
                try await eventually("the replica counts its reads") {
                    let after = try await replica.psql(Self.reads, database: name)
                    return (Int(after) ?? 0) >= (Int(reads) ?? 0) + 20_000
                }
                // Repairs go to the primary.
                let repair = try await database.command(
                    ["verify", "1", "--repair", "--verify-dsn", there])
                #expect(repair.text.contains("1 row repaired"), "\(repair.text)")
                #expect(try await database.number("SELECT count(*) FROM t WHERE m = 0") == 0)
            }
        }
    }

    /// Rows that were read from the table by place.
    private static let reads = """
        SELECT coalesce(seq_tup_read, 0) FROM pg_stat_user_tables WHERE relname = 't'
        """
    private static let waits = """
        SELECT count(*) FROM pg_stat_activity
        WHERE application_name = 'sluice verify 1' AND query LIKE '%replay_lsn%'
        """

    @Test func anotherServerIsNoReplica() async throws {
        try await withSandbox { sandbox in
            let name = try await sandbox.primary.createDatabase()
            let dsn = sandbox.primary.dsn(database: name)
            let other = try await sandbox.primary.createDatabase()
            try await TestDatabase.with { stranger in
                try await TestDatabase.with(dsn: dsn) { database in
                    try await database.makeTable(rows: 100, extra: ", m integer")
                    let run = try await database.command(
                        ["run", "--table", "t", "--set", "m = 1", "--verify", "off"])
                    #expect(run.code == 0, "\(run.text)")
                    let strange = try await database.command(
                        ["verify", "1", "--verify-dsn", stranger.dsn])
                    #expect(strange.code == 64, "\(strange.text)")
                    #expect(strange.text.contains("not a replica"), "\(strange.text)")
                    let wrong = try await database.command(
                        [
                            "verify", "1", "--verify-dsn",
                            sandbox.primary.dsn(database: other),
                        ])
                    #expect(wrong.code == 64, "\(wrong.text)")
                    #expect(wrong.text.contains("the same database"), "\(wrong.text)")
                }
            }
        }
    }

    @Test func aRunAsksTheReplicasThatItIsGiven() async throws {
        try await withSandbox(SandboxOptions(replicas: 1)) { sandbox in
            let name = try await sandbox.primary.createDatabase()
            let replica = sandbox.replicas[0].dsn(database: name)
            try await TestDatabase.with(dsn: sandbox.primary.dsn(database: name)) { database in
                try await database.makeTable(rows: 50_000)
                let job = ["run", "--table", "t", "--set", "n = n + 1", "--progress", "none"]
                let primary = sandbox.primary.dsn(database: name)
                let refused = try await database.command(job + ["--replica-dsn", primary])
                #expect(refused.code == 64, "\(refused.text)")
                #expect(refused.text.contains("is no standby"), "\(refused.text)")

                try await database.slowDown(seconds: 0.02)
                let process = try database.start(
                    job + ["--batch", "50", "--max-lag", "2s", "--replica-dsn", replica])
                try await database.waitForProgress()
                try await eventually("the replica is asked itself") {
                    try await sandbox.replicas[0].psql(
                        "SELECT count(*) FROM pg_stat_activity "
                            + "WHERE application_name = 'sluice replica'") == "1"
                }
                try await database.speedUp()
                #expect(try await process.wait() == 0, "\(process.errors)")
                #expect(try await database.histogram() == "1:50000")
            }
        }
    }

    @Test func itWaitsForAReplicaThatLagsAndNoticesARewrittenTable() async throws {
        try await withSandbox(SandboxOptions(replicas: 1)) { sandbox in
            let name = try await sandbox.primary.createDatabase()
            try await TestDatabase.with(dsn: sandbox.primary.dsn(database: name)) { database in
                try await database.makeTable(rows: 20_000, extra: ", m integer")
                let run = try await database.command(
                    ["run", "--table", "t", "--set", "m = id * 2", "--verify", "off"])
                #expect(run.code == 0, "\(run.text)")
                try await sandbox.replicas[0].psql("SELECT pg_wal_replay_pause()")
                try await database.execute("UPDATE t SET n = 1 WHERE id < 100")
                try await eventually("the replica is behind by the server's own word") {
                    try await database.value(
                        "SELECT replay_lag > interval '1 second' FROM pg_stat_replication") == "t"
                }
                let verify = try database.start(["verify", "1", "--max-lag", "1s"])
                try await eventually("the verification waits") {
                    verify.output.contains("waiting: replica lag")
                }
                try await database.execute("VACUUM FULL t")
                try await sandbox.replicas[0].psql("SELECT pg_wal_replay_resume()")
                #expect(try await verify.wait() == 1, "\(verify.output)")
                #expect(verify.errors.contains("was rewritten"), "\(verify.errors)")
                let again = try await database.command(["verify", "1"])
                #expect(again.code == 0, "\(again.text)")
            }
        }
    }
}
