import Foundation
import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import Sluice

/// What a user names to keep batches from starting.
@Suite(.timeLimit(.minutes(12))) struct ThrottleTests {
    @Test func aFileHoldsARunAndReleasesIt() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1_000)
            let folder = try TemporaryFolder()
            let file = try folder.write("", to: "stop")
            let process = try database.startIncrement(batch: 50, ["--throttle-file", file])
            try await database.waitsFor("--throttle-file \(file) exists")
            #expect(try await database.keysScanned() == 0)
            try FileManager.default.removeItem(atPath: file)
            #expect(try await process.wait() == 0, "\(process.errors)")
            #expect(try await database.histogram() == "1:1000")
            withExtendedLifetime(folder) {}
        }
    }

    @Test func anAddressHoldsARunAndReleasesIt() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1_000)
            let server = try StatusServer(status: 503)
            defer { server.close() }
            let process = try database.startIncrement(
                batch: 50, ["--throttle-url", server.address])
            try await database.waitsFor("--throttle-url answered 503")
            #expect(try await database.keysScanned() == 0)
            server.answer(204)
            #expect(try await process.wait() == 0, "\(process.errors)")
            #expect(try await database.histogram() == "1:1000")
            #expect(!(process.output + process.errors).contains("hunter2"))
        }
    }

    @Test func theHoursHoldARunUntilTheyAreTuned() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1_000)
            let now = try #require(WindowClock.minuteOfDay(in: "UTC"))
            let window = RunWindow(
                spans: [.init(from: (now + 180) % 1_440, to: (now + 240) % 1_440)], zone: "UTC")
            let process = try database.startIncrement(batch: 50, ["--window", window.text])
            try await database.waitsFor("the window \(window.hours) opens in")
            #expect(try await database.keysScanned() == 0)
            let tuned = try await database.command(["tune", "t.n", "--window", "off"])
            #expect(tuned.code == 0, "\(tuned.text)")
            #expect(try await process.wait() == 0, "\(process.errors)")
            #expect(try await database.histogram() == "1:1000")
        }
    }

    @Test func twoProcessesShareTheRate() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 60_000)
            let rate = ["--max-rate", "6000", "--verify", "off"]
            let first = try database.startIncrement(batch: 100, rate)
            try await eventually("it has begun") { try await database.keysScanned() > 0 }
            let second = try database.startIncrement(batch: 100, rate)
            try await eventually("both know of each other") {
                let both =
                    "SELECT count(*) FROM sluice.process WHERE limited_by LIKE "
                    + "'%--max-rate 6000 rows/s, which 2 processes share%'"
                return try await database.number(both) == 2
            }
            let (before, began) = (try await database.keysScanned(), ContinuousClock.now)
            try await eventually("a good part is done") {
                try await database.keysScanned() > before + 20_000
            }
            let seconds = began.duration(to: .now) / .seconds(1)
            // Each for itself would be twice as fast.
            #expect(seconds > 20_000.0 / 6_000 * 0.75, "\(seconds) s")
            _ = try await database.command(["tune", "t.n", "--max-rate", "off"])
            #expect(try await first.wait() == 0, "\(first.errors)")
            #expect(try await second.wait() == 0, "\(second.errors)")
            #expect(try await database.histogram() == "1:60000")
        }
    }

    @Test func aLiveRunFollowsWhatIsTuned() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 20_000)
            try await database.execute("CREATE TABLE busy AS SELECT 'later'::text AS b")
            try await database.slowDown(seconds: 0.05)
            let process = try database.startIncrement(batch: 50)
            try await database.waitForProgress()
            let tuned = try await database.command(
                [
                    "tune", "t.n", "--throttle-query", "SELECT b FROM busy;", "--max-rate", "20k",
                    "--max-wal", "40MB/s", "--batch", "auto",
                ])
            #expect(tuned.code == 0, "\(tuned.text)")
            #expect(tuned.text.contains("batch auto"), "\(tuned.text)")
            #expect(tuned.text.contains("max-rate 20,000 rows/s"), "\(tuned.text)")
            #expect(
                try await database.value("SELECT batch_auto || ' ' || throttle FROM sluice.run")
                    == "true {\"lanes\": \"auto\", \"vacuum\": \"auto\", "
                    + "\"throttle_query\": \"SELECT b FROM busy\", "
                    + "\"max_rows_per_second\": 20000, \"max_wal_bytes_per_second\": 41943040}")
            try await database.waitsFor("--throttle-query answered later")
            let held = try await database.keysScanned()
            #expect(held < 20_000)
            try await database.execute("DROP TABLE busy")
            try await database.waitsFor("--throttle-query failed: relation \"busy\"")
            #expect(try await database.keysScanned() == held)
            // A query that no longer works keeps nobody from the rest.
            let rest = try await database.command(["tune", "t.n", "--workers", "1"])
            #expect(rest.code == 0, "\(rest.text)")
            let off = try await database.command(
                ["tune", "t.n", "--throttle-query", "off", "--batch", "1000"])
            #expect(off.code == 0, "\(off.text)")
            try await database.speedUp()
            #expect(try await process.wait() == 0, "\(process.errors)")
            #expect(try await database.histogram() == "1:20000")
            #expect(try await database.keysScanned() == 20_000)
        }
    }

    /// What is slow here answers after four seconds, or never.
    @Test(arguments: ["pause", "signal"])
    func aSlowAnswerHoldsUpNeitherAPauseNorADrain(how: String) async throws {
        try await TestDatabase.with(alone: true) { database in
            let silent = try StatusServer(status: nil)
            defer { silent.close() }
            try await database.makeTable(rows: 1_000)
            let process = try database.startIncrement(
                batch: 50,
                [
                    "--throttle-query", "SELECT pg_sleep(4) IS NULL", "--throttle-url",
                    silent.address,
                ])
            try await database.waitsFor("--throttle-query has not answered yet")
            try await eventually("the query is asked again") {
                try await database.number(
                    """
                    SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'sluice 1 %'
                    AND query LIKE '%pg_sleep(4)%' AND state = 'active'
                    """) == 1
            }
            if how == "pause" {
                #expect(try await database.command(["pause", "t.n"]).code == 0)
            } else {
                process.send(SIGINT)
            }
            #expect(try await process.wait(within: .seconds(3)) == 3, "\(process.errors)")
            #expect(try await database.histogram() == "0:1000")
        }
    }

    @Test func limitsThatCannotBeReadStopARun() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 20_000)
            try await database.slowDown(seconds: 0.05)
            let process = try database.startIncrement(batch: 50)
            try await database.waitForProgress()
            try await database.execute("UPDATE sluice.run SET throttle = '{\"max_wal\": 1}'")
            try await database.execute(
                "UPDATE sluice.run SET throttle = '{\"throttle_file\": 1}'")
            #expect(try await process.wait() == 1)
            #expect(process.errors.contains("the run's limits in the ledger cannot be read"))
        }
    }

    static let refusals: [(String, String)] = [
        ("SELECT 1; DROP TABLE x", "multiple commands"), ("SELECT FROM", "SELECT"),
        ("UPDATE x SET n = 1 RETURNING n", "read-only transaction"),
        ("DELETE FROM x", "one statement that answers rows"), ("SELECT $1::int", "parameters"),
        ("SELECT 1, 2", "2 columns"), ("SELECT generate_series(1, 3)", "3 rows"),
        ("SELECT b FROM nowhere", "nowhere"), ("COMMIT", "answers rows"),
        ("SELECT nextval('s')", "read-only transaction"),
    ]

    @Test func whatIsNoQuestionIsRefusedBeforeAnythingRuns() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 10)
            try await database.execute("CREATE TABLE x (n integer); CREATE SEQUENCE s")
            for (sql, words) in Self.refusals {
                var options = RunOptions()
                options.limits.throttleQuery = .some(sql)
                let error = await #expect(throws: SluiceError.self, "\(sql)") {
                    try await database.sluice.run(increment, options: options)
                }
                #expect(error?.kind == .refused)
                #expect(error?.message.contains(words) == true, "\(sql): \(error?.message ?? "")")
                #expect(error?.message.contains("--throttle-query") == true)
                let plan = try await database.sluice.plan(increment, options: options)
                #expect(plan.refusals.contains { $0.contains(words) }, "\(plan.refusals)")
            }
            var options = RunOptions()
            options.limits.foregroundProbe = .some("SELECT 1; DROP TABLE x")
            let error = await #expect(throws: SluiceError.self) {
                try await database.sluice.run(increment, options: options)
            }
            #expect(error?.message.hasPrefix("--foreground-probe: ") == true)
            #expect(try await database.value("SELECT to_regclass('x')") == "x")
            #expect(try await database.value("SELECT to_regnamespace('sluice')") == nil)
            #expect(try await database.histogram() == "0:10")
            // The same of a run that is there already: nothing of it is written.
            #expect(try await database.sluice.run(increment).exitCode == 0)
            try await database.execute("UPDATE sluice.run SET state = 'paused'")
            var changes = LimitChanges()
            changes.throttleQuery = .some("SELECT 1; DROP TABLE x")
            await #expect(throws: SluiceError.self) {
                try await database.sluice.tune("t.n", changes)
            }
            #expect(
                try await database.value("SELECT throttle FROM sluice.run")
                    == #"{"lanes": "auto", "vacuum": "auto"}"#)
        }
    }
}

/// The observer by itself.
@Suite(.timeLimit(.minutes(12))) struct ThrottleObserverTests {
    private static func observing(
        _ database: TestDatabase, _ body: (ThrottleObserver) async throws -> Void
    ) async throws {
        let dsn = database.dsn
        let observer = ThrottleObserver { () throws(PostgresError) in
            try await Connector.session(
                ConnectionParameters(dsn: dsn), applicationName: "throttle test")
        }
        try await withThrowingTaskGroup { group in
            group.addTask { await observer.run() }
            try await body(observer)
            group.cancelAll()
        }
    }

    @Test func itHoldsUntilItWasAskedAndFollowsTheAnswer() async throws {
        try await TestDatabase.with { database in
            try await Self.observing(database) { observer in
                var limits = Limits()
                #expect(await observer.observe(limits) == nil)
                for (sql, reason) in [
                    ("SELECT 7", "--throttle-query answered 7"), ("SELECT false", nil),
                    ("SELECT NULL", nil), ("SELECT 1 WHERE false", nil),
                    ("SELECT 1/0", "--throttle-query failed: division by zero"),
                ] {
                    limits.throttleQuery = sql
                    #expect(
                        await observer.observe(limits) == "--throttle-query has not answered yet")
                    try await eventually("\(sql) is answered") {
                        await observer.observe(limits) == reason
                    }
                }
            }
        }
    }

    @Test func whatCannotBeAskedHolds() async throws {
        try await TestDatabase.with { database in
            let silent = try StatusServer(status: nil)
            let redirecting = try StatusServer(status: 302, location: "http://127.0.0.1/")
            defer {
                silent.close()
                redirecting.close()
            }
            try await Self.observing(database) { observer in
                for (address, reason) in [
                    (silent.address, "--throttle-url gave no answer within 2 s"),
                    (redirecting.address, "--throttle-url answered 302"),
                    ("http://127.0.0.1:1/hunter2", "--throttle-url cannot be reached"),
                ] {
                    var limits = Limits()
                    limits.throttleURL = address
                    try await eventually("\(reason)", within: .seconds(40)) {
                        await observer.observe(limits) == reason
                    }
                }
                var limits = Limits()
                limits.throttleFile = "/nowhere/at/all"
                try await eventually("a folder that is not there holds") {
                    await observer.observe(limits)
                        == "the folder of --throttle-file /nowhere/at/all does not exist"
                }
            }
        }
    }

    @Test func aSlowAddressHoldsUpNothingElse() async throws {
        try await TestDatabase.with { database in
            let silent = try StatusServer(status: nil)
            defer { silent.close() }
            try await Self.observing(database) { observer in
                var limits = Limits()
                limits.throttleURL = silent.address
                _ = await observer.observe(limits)
                try await eventually("the address is asked") { silent.requests > 0 }
                limits.throttleQuery = "SELECT 1"
                try await eventually("the query is answered", within: .milliseconds(1_900)) {
                    await observer.observe(limits) == "--throttle-query answered 1"
                }
            }
        }
    }
}
