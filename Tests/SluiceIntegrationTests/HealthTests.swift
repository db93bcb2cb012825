import Sluice
import SluiceCore
import SluicePostgres
import SluiceSandbox
import SluiceTestSupport
import Testing

@testable import Sluice

/// What a run sees of the server beside its replicas.
@Suite(.timeLimit(.minutes(6))) struct HealthTests {
    private static func seen(
        _ connection: PostgresConnection, limits: Limits = Limits()
    ) async throws -> ServerHealth {
        var observer = HealthObserver(snapshotSeconds: 0)
        _ = try await observer.look(connection, tables: [1], limits: limits, nowSeconds: 1)
        return observer.seen
    }

    @Test func aServerIsSeenAsFarAsTheRoleMay() async throws {
        try await Turnstile.shared.pass(alone: false) {
            let settings = [
                "archive_mode": "on", "wal_level": "logical", "max_slot_wal_keep_size": "1GB",
            ]
            try await withSandbox(SandboxOptions(replicas: 0, settings: settings)) { sandbox in
                let name = try await sandbox.primary.createDatabase()
                try await TestDatabase.with(dsn: sandbox.primary.dsn(database: name)) { database in
                    try await Self.look(database)
                }
            }
        }
    }

    private static func look(_ database: TestDatabase) async throws {
        var limits = Limits()
        limits.maxPgWalBytes = 1 << 40
        try await database.execute("CREATE TABLE t (id int)")
        _ = try await database.value(
            "SELECT pg_create_logical_replication_slot('late', 'pgoutput')")
        _ = try await database.value("SELECT pg_switch_wal()")
        let other = try await database.connect("report")
        _ = try await other.execute(
            script: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t")
        let all = try await seen(database.connection, limits: limits)
        #expect(all.slots.map(\.name) == ["late"])
        #expect((all.slots.first?.retainedBytes ?? 0) > 0)
        #expect(all.slotBytesMax == Double(1 << 30))
        #expect(all.archiveWaiting != nil && all.requestedCheckpoints != nil)
        #expect((all.pgWalBytes ?? 0) >= Double(16 << 20))
        #expect(all.readerLagSeconds == nil)
        #expect(all.oldSnapshot?.holder.contains("pid \(other.backendPID)") == true)
        let unlimited = try await seen(database.connection)
        #expect(unlimited.pgWalBytes == nil, "the folder is read only where it is limited")
        await other.close()
        try await database.execute("CREATE ROLE stranger LOGIN")
        let stranger = try await PostgresConnection.connect(
            try ConnectionParameters(dsn: database.dsn).setting("user", to: "stranger"))
        let little = try await seen(stranger, limits: limits)
        #expect(little.pgWalBytes == nil && little.archiveWaiting == nil)
        #expect(little.requestedCheckpoints != nil, "the question itself was answered")
        await stranger.close()
    }

    @Test func aLimitOfTheLogsDiskHoldsARunUntilItIsTuned() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1_000)
            // Five segments or more: a server that has written little has one.
            for _ in 0..<5 {
                try await database.execute("CREATE TABLE x AS SELECT 1; DROP TABLE x")
                _ = try await database.value("SELECT pg_switch_wal()")
            }
            let process = try database.startIncrement(batch: 50, ["--max-pg-wal", "64MB"])
            try await database.waitsFor("pg_wal, which holds")
            #expect(try await database.keysScanned() == 0)
            let tuned = try await database.command(["tune", "t.n", "--max-pg-wal", "off"])
            #expect(tuned.code == 0, "\(tuned.text)")
            #expect(try await process.wait() == 0, "\(process.errors)")
            #expect(try await database.histogram() == "1:1000")
        }
    }

    @Test func aBudgetInMultiplesIsMeasuredBeforeTheFirstBatch() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1_000)
            let process = try database.startIncrement(
                batch: 50,
                ["--foreground-budget", "90x", "--foreground-probe", "SELECT pg_sleep(0.02)"])
            try await database.waitsFor("measuring what the application's statements take")
            #expect(try await database.keysScanned() == 0)
            #expect(try await process.wait() == 0, "\(process.errors)")
            let alone = try await database.value(
                "SELECT throttle ->> 'foreground_alone_seconds' FROM sluice.run")
            #expect(try #require(alone.flatMap { Double($0) }) >= 0.02)
            _ = try await database.connection.transact(LedgerSQL.forgetForeground, ["1"])
            let left = try await database.value(
                "SELECT throttle ->> 'foreground_alone_seconds' FROM sluice.run")
            #expect(left == nil, "no process is at work")
        }
    }
}
