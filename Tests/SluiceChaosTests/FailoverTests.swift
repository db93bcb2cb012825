import SluiceCore
import SluicePostgres
import SluiceSandbox
import SluiceTestSupport
import Testing

/// The primary is gone and its replica is promoted, with and without the newest commits.
@Suite(.timeLimit(ChaosScale.limit)) struct FailoverTests {
    private static let rows = 6_000

    @Test func aPromotedReplicaCarriesTheRunOn() async throws {
        var lost = 0
        for round in 0..<ChaosScale.failovers {
            lost += try await Self.failOver(losingCommits: round.isMultiple(of: 2))
        }
        ChaosReport.note(
            "failover: \(ChaosScale.failovers) promotions, which lost \(lost) rows' commits; "
                + "\(Self.rows) rows once each on every new primary")
    }

    /// One failover; returns how many rows' commits it lost together with their cursors.
    private static func failOver(losingCommits: Bool) async throws -> Int {
        try await ChaosCluster.with(SandboxOptions(replicas: 1)) { cluster in
            try await cluster.prepare(rows: rows, batchSeconds: 0.02)
            try await cluster.waitForReplica()
            let process = try IncrementCommand(dsn: cluster.eitherDSN).start(
                workers: 2, batch: 20)
            try await cluster.ask { try await $0.waitForProgress(keys: 400) }
            let (primary, replica) = (cluster.sandbox.primary, cluster.sandbox.replicas[0])
            if losingCommits {
                let before = try await cluster.ask { try await $0.keysScanned() }
                try await replica.stop()
                try await cluster.ask { try await $0.waitForProgress(keys: before + 1) }
            }
            let seen = try await cluster.ask { try await $0.keysScanned() }
            try await primary.stop(mode: .immediate)
            if losingCommits { try await replica.start() }
            try await replica.promote()
            let dsn = replica.dsn(database: cluster.database)
            return try await TestDatabase.with(dsn: dsn) { promoted in
                let lost = seen - (try await promoted.keysScanned())
                #expect(process.isRunning, "\(process.errors)")
                try await promoted.speedUp()
                #expect(try await process.wait() == 0, "\(process.output)\(process.errors)")
                try await promoted.expectOnce(rows: rows)
                #expect(try await promoted.value("SELECT timeline FROM sluice.run") == "2")
                return max(0, lost)
            }
        }
    }

    /// What an old primary that comes back answers must not be believed, nor may it be changed:
    /// not by a process that has met the new one, and not by one that begins afterwards.
    @Test(arguments: [false, true])
    func anOldPrimaryThatComesBackIsNotWrittenTo(byANewProcess: Bool) async throws {
        try await ChaosCluster.with(SandboxOptions(replicas: 1)) { cluster in
            try await cluster.prepare(rows: Self.rows, batchSeconds: 0.02)
            try await cluster.waitForReplica()
            let command = IncrementCommand(dsn: cluster.eitherDSN)
            var process = try command.start(workers: 2, batch: 20)
            try await cluster.ask { try await $0.waitForProgress(keys: 400) }
            let (old, new) = (cluster.sandbox.primary, cluster.sandbox.replicas[0])
            try await old.stop(mode: .immediate)
            try await new.promote()
            try await TestDatabase.with(dsn: new.dsn(database: cluster.database)) { promoted in
                let before = try await promoted.keysScanned()
                try await promoted.waitForProgress(keys: before + 200)
            }
            if byANewProcess { try await process.kill9() }
            try await old.start()
            let left = try await cluster.ask { try await $0.histogram() }
            // Whoever connects again meets the old one first.
            try await new.psql(
                """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE application_name LIKE 'sluice %'
                """)
            if byANewProcess { process = try command.start(workers: 2, batch: 20) }
            #expect(try await process.wait() == 0, "\(process.output)\(process.errors)")
            try await TestDatabase.with(dsn: new.dsn(database: cluster.database)) { promoted in
                try await promoted.expectOnce(rows: Self.rows)
            }
            #expect(try await cluster.ask { try await $0.histogram() } == left)
            ChaosReport.note(
                "old primary back: not written to by a process that "
                    + "\(byANewProcess ? "begins then" : "met the new one"); "
                    + "\(Self.rows) rows once each on that")
        }
    }
}

extension ChaosCluster {
    /// Leads to whichever of the two servers takes writes, the first one preferred.
    var eitherDSN: String {
        let (primary, replica) = (sandbox.primary, sandbox.replicas[0])
        return "host=\(primary.host),\(replica.host) port=\(primary.port),\(replica.port) "
            + "user=\(primary.superuser) dbname=\(database) target_session_attrs=read-write"
    }

    /// Waits until the replica has everything that the primary has.
    func waitForReplica() async throws {
        try await ask { database in
            let end = try await database.value("SELECT pg_current_wal_lsn()") ?? ""
            try await eventually("the replica has caught up") {
                try await database.value(
                    "SELECT bool_and(replay_lsn >= '\(end)') FROM pg_stat_replication") == "t"
            }
        }
    }
}
