import Foundation
import Sluice
import SluiceCore
import SluicePostgres
import SluiceSandbox
import SluiceTestSupport
import Testing

@testable import Sluice

/// What a run sees of the server beside its replicas.
@Suite(.timeLimit(.minutes(12))) struct HealthTests {
    private static func seen(
        _ connection: PostgresConnection, _ job: PlannedJob, limits: Limits = Limits()
    ) async throws -> ServerHealth {
        var observer = HealthObserver(snapshotSeconds: 0)
        _ = try await observer.look(connection, job: job, limits: limits, nowSeconds: 1)
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
        try await database.makeTable(rows: 1)
        let job = try await JobPlanner(connection: database.connection).plan(increment)
        _ = try await database.value(
            "SELECT pg_create_logical_replication_slot('late', 'pgoutput')")
        _ = try await database.value("SELECT pg_switch_wal()")
        let other = try await database.connect("report")
        _ = try await other.execute(
            script: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t")
        let all = try await seen(database.connection, job, limits: limits)
        #expect(all.slots.map(\.name) == ["late"])
        #expect((all.slots.first?.retainedBytes ?? 0) > 0)
        #expect(all.slotBytesMax == Double(1 << 30))
        // Without an archive_command a segment that is full waits for one.
        #expect((all.archiveWaiting ?? 0) >= 1 && all.requestedCheckpoints != nil)
        #expect(all.archiveHiddenFrom == nil)
        #expect((all.pgWalBytes ?? 0) >= Double(16 << 20))
        #expect(all.readerLagSeconds == nil)
        #expect(all.oldSnapshot?.holder.contains("pid \(other.backendPID)") == true)
        let unlimited = try await seen(database.connection, job)
        #expect(unlimited.pgWalBytes == nil, "the folder is read only where it is limited")
        await other.close()
        try await lookAtReaders(database, job)
        try await database.execute("CREATE ROLE stranger LOGIN")
        let stranger = try await PostgresConnection.connect(
            try ConnectionParameters(dsn: database.dsn).setting("user", to: "stranger"))
        let little = try await seen(stranger, job, limits: limits)
        #expect(little.pgWalBytes == nil && little.archiveWaiting == nil)
        #expect(little.archiveHiddenFrom == "stranger")
        limits.maxLagSeconds = nil
        let off = try await seen(stranger, job, limits: limits)
        #expect(off.archiveHiddenFrom == nil, "nothing would wait for it")
        #expect(little.requestedCheckpoints != nil, "the question itself was answered")
        let refused = await #expect(throws: SluiceError.self) {
            try await ThrottleCheck(connection: stranger).check(limits)
        }
        #expect(refused?.message.contains("GRANT pg_monitor TO stranger") == true)
        await stranger.close()
    }

    /// A function of Aurora's name and columns, in the place of the real one.
    private static func lookAtReaders(
        _ database: TestDatabase, _ job: PlannedJob
    ) async throws {
        try await database.execute(
            """
            SET allow_system_table_mods = on; CREATE FUNCTION pg_catalog.aurora_replica_status()
            RETURNS TABLE (server_id text, session_id text, replica_lag_in_msec float8)
            LANGUAGE sql AS $$ VALUES ('w', 'MASTER_SESSION_ID', 9e9), ('a', '1', 20), ('b', '2',
            7000), ('c', '3', NULL) $$
            """)
        let seen = try await seen(database.connection, job)
        #expect(seen.readerLagSeconds == 7)
    }

    @Test func whatIsMeasuredIsForgottenOnlyWhenNoProcessIsAtWork() async throws {
        try await TestDatabase.with { database in
            let bench = try await FenceBench(database, rows: 10, rangesMax: 1)
            let owner = "99999999-9999-4999-8999-999999999999"
            func alone() async throws -> String? { try await database.value(Self.alone) }
            func keep(_ seconds: Double, probe: Parameter) async throws -> String? {
                _ = try await database.connection.query(
                    LedgerSQL.keepForeground, [.text("\(bench.run)"), .text("\(seconds)"), probe])
                return try await alone()
            }
            let unasked = try await keep(1, probe: .null)
            #expect(unasked == nil, "no budget in multiples")
            try await database.execute(
                "UPDATE sluice.run SET throttle = '{\"foreground_budget_multiple\": 2}'")
            let foreign = try await keep(1, probe: "SELECT 1")
            #expect(foreign == nil, "another probe")
            let first = try await keep(1, probe: .null)
            let second = try await keep(2, probe: .null)
            #expect(first == "1" && second == "1", "the least one counts")
            let less = try await keep(0.5, probe: .null)
            let again = try await keep(1, probe: .null)
            #expect(less == "0.5" && again == "0.5", "found out while it works")
            _ = try await database.connection.query(
                RangeSQL.register, [.text(owner), .text("\(bench.run)"), "here", "1", "false", "9"])
            let alive = try await database.connect("sluice \(bench.run) \(owner)")
            _ = try await database.connection.query(
                LedgerSQL.forgetForeground, [.text("\(bench.run)")])
            let kept = try await alone()
            #expect(kept == "0.5")
            await alive.close()
            try await eventually("the session is gone") {
                _ = try await database.connection.query(
                    LedgerSQL.forgetForeground, [.text("\(bench.run)")])
                return try await alone() == nil
            }
        }
    }

    /// A watch whose probe connects to nobody, and a process that does nothing.
    private static func watch(
        _ limits: Limits
    ) async -> (ForegroundWatch, Coordinator.View) {
        let probe = ForegroundProbe { () throws(PostgresError) in
            throw PostgresError(kind: .server, message: "nobody connects here")
        }
        let view = await Coordinator(
            limits: limits, seed: 1, tablesMayGo: false, isPooled: false
        ).view
        return (ForegroundWatch(probe: probe), view)
    }

    @Test func whoCannotMeasureIsToldWhatToDo() async throws {
        try await TestDatabase.with { database in
            var limits = Limits()
            limits.foregroundBudget = .multiple(2)
            func watched(
                for seconds: Double
            ) async throws -> (reason: String?, note: String?, again: String?) {
                let (idle, view) = await Self.watch(limits)
                var watch = idle
                var reason: String?
                for now in [0, seconds] {
                    reason = try await watch.measure(
                        view, latencySeconds: nil, run: 0, database.connection, nowSeconds: now)
                }
                let note = watch.news(limits, nowSeconds: seconds)
                return (reason, note, watch.news(limits, nowSeconds: seconds))
            }
            let early = try await watched(for: 9)
            #expect(early.reason?.hasPrefix("measuring") == true && early.note == nil)
            // Without anything to see the run's own cost has to do, whatever the budget is.
            for budget in [LatencyBudget.multiple(2), .seconds(0.01)] {
                limits.foregroundBudget = budget
                let late = try await watched(for: 10)
                #expect(late.reason == nil && late.again == nil)
                #expect(late.note?.contains("--foreground-probe SQL says more") == true)
            }
            // A probe that somebody named is waited for.
            limits.foregroundBudget = .multiple(2)
            limits.foregroundProbe = "SELECT 1"
            let silent = try await watched(for: 10)
            #expect(silent.reason?.contains("it has not answered") == true && silent.note == nil)
        }
    }

    @Test func aQuietApplicationHoldsARunForHalfAMinuteAtTheMost() async throws {
        try await TestDatabase.with { database in
            var limits = Limits()
            limits.foregroundBudget = .multiple(1.5)
            let (idle, view) = await Self.watch(limits)
            var watch = idle
            var said: [String] = []
            for tick in 0..<240 {
                let now = Double(tick) / 4
                // One statement each quarter of a minute, which a look at the last second shows.
                let latency: Double? = Int(now) % 15 == 0 ? 0.002 : nil
                let reason = try await watch.measure(
                    view, latencySeconds: latency, run: 0, database.connection, nowSeconds: now)
                let goesOn = now >= ForegroundBaseline.waitSecondsMax
                #expect((reason == nil) == goesOn, "at \(now): \(reason ?? "it goes on")")
                if let note = watch.news(limits, nowSeconds: now) { said.append(note) }
            }
            #expect(said.count == 1)
            let note = said.first ?? ""
            #expect(note.contains("too few statements of the application within 30 s"), "\(note)")
            #expect(note.contains("--foreground-probe SQL says more"))
        }
    }

    @Test func aSlotAndTheArchiveHoldARunUntilTheyAreCured() async throws {
        try await Turnstile.shared.pass(alone: false) {
            let settings = [
                "archive_mode": "on", "wal_level": "logical", "max_slot_wal_keep_size": "64MB",
            ]
            try await withSandbox(SandboxOptions(replicas: 0, settings: settings)) { sandbox in
                let name = try await sandbox.primary.createDatabase()
                try await TestDatabase.with(dsn: sandbox.primary.dsn(database: name)) { database in
                    try await Self.wear(database)
                }
            }
        }
    }

    private static func wear(_ database: TestDatabase) async throws {
        try await database.makeTable(rows: 1_000)
        _ = try await database.value(
            "SELECT pg_create_logical_replication_slot('late', 'pgoutput')")
        // 40 MB, of which a half of 64 is enough.
        try await database.execute(
            "SELECT pg_logical_emit_message(false, 'x', repeat('x', 1 << 20)) "
                + "FROM generate_series(1, 40)")
        let first = try database.startIncrement(batch: 50)
        try await database.waitsFor("replication slot late, for which the server keeps")
        #expect(try await database.keysScanned() == 0)
        _ = try await database.value("SELECT pg_drop_replication_slot('late')")
        #expect(try await first.wait() == 0, "\(first.errors)")
        // One segment more than may wait for an archive that nobody made.
        for _ in 0...HealthGate.archiveWaitingMax {
            _ = try await database.value("SELECT pg_logical_emit_message(true, 'x', 'x')")
            _ = try await database.value("SELECT pg_switch_wal()")
        }
        let second = try database.startIncrement(batch: 50, ["--fresh", "--yes"])
        try await database.waitsFor("segments of the log wait for it (limit 42)")
        let held = try await database.histogram()
        #expect(held == "1:1000")
        try await database.execute("ALTER SYSTEM SET archive_command = 'true'")
        _ = try await database.value("SELECT pg_reload_conf()")
        #expect(try await second.wait() == 0, "\(second.errors)")
        let done = try await database.histogram()
        #expect(done == "2:1000")
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
            try await database.makeTable(rows: 20_000)
            try await database.slowDown(seconds: 0.1)
            let process = try database.startIncrement(
                batch: 50,
                ["--foreground-budget", "90x", "--foreground-probe", "SELECT pg_sleep(0.02)"])
            try await database.waitsFor("measuring what the application's statements take")
            #expect(try await database.keysScanned() == 0)
            try await database.waitForProgress()
            let alone = try await database.value(Self.alone)
            #expect(try #require(alone.flatMap { Double($0) }) >= 0.02)
            process.send(SIGINT)
            #expect(try await process.wait() == 3, "\(process.errors)")
            // Another day's: who goes on measures anew.
            try await database.execute(
                "UPDATE sluice.run SET throttle = throttle || '{\"foreground_alone_seconds\": 4}'")
            try await database.speedUp()
            let resumed = try await database.command(["resume", "t.n"])
            #expect(resumed.code == 0, "\(resumed.text)")
            let again = try await database.value(Self.alone)
            #expect(try #require(again.flatMap { Double($0) }) < 1)
            #expect(try await database.histogram() == "1:20000")
        }
    }

    /// As where cores sleep while nothing runs: beside batches the statement takes a quarter.
    @Test func whatABudgetIsOfIsCorrectedWhileBatchesRun() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 20_000)
            try await database.slowDown(seconds: 0.02)
            try await database.execute("CREATE TABLE pace AS SELECT 0.04 AS seconds")
            let process = try database.startIncrement(
                batch: 50,
                [
                    "--foreground-budget", "90x", "--foreground-probe",
                    "SELECT pg_sleep(seconds) FROM pace",
                ])
            try await database.waitForProgress()
            let asleep = try await database.value(Self.alone)
            let measured = try #require(asleep.flatMap { Double($0) })
            #expect(measured >= 0.04)
            try await database.execute("UPDATE pace SET seconds = 0.01")
            try await eventually("less is found than \(measured) s") {
                let found = try await database.value(Self.alone).flatMap { Double($0) }
                return found.map { $0 < measured } ?? false
            }
            let awake = try await database.value(Self.alone).flatMap { Double($0) }
            #expect(try #require(awake) >= measured / 2)
            process.send(SIGINT)
            #expect(try await process.wait() == 3, "\(process.errors)")
        }
    }

    @Test func aBudgetInMultiplesOfASlowProbeIsMeasuredAsWell() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1_000)
            let process = try database.startIncrement(
                batch: 500,
                ["--foreground-budget", "2x", "--foreground-probe", "SELECT pg_sleep(2)"])
            #expect(try await process.wait(within: .seconds(90)) == 0, "\(process.errors)")
            let alone = try await database.value(Self.alone)
            let seconds = try #require(alone.flatMap { Double($0) })
            #expect(seconds >= 2 && seconds < 4)
            #expect(try await database.histogram() == "1:1000")
        }
    }

    private static let alone = "SELECT throttle ->> 'foreground_alone_seconds' FROM sluice.run"
}
