import Sluice
import SluiceCore
import SluicePostgres
import SluiceSandbox
import SluiceTestSupport
import Testing

@testable import Sluice

/// How the application's statements are measured.
@Suite(.timeLimit(.minutes(12))) struct ForegroundTests {
    private static func probing(
        _ database: TestDatabase, _ sql: String?,
        _ body: (ForegroundProbe) async throws -> Void
    ) async throws {
        let dsn = database.dsn
        let probe = ForegroundProbe { () throws(PostgresError) in
            try await Connector.session(
                ConnectionParameters(dsn: dsn), applicationName: "probe test")
        }
        await probe.probe(sql)
        try await withThrowingTaskGroup { group in
            group.addTask { await probe.run() }
            try await body(probe)
            group.cancelAll()
        }
    }

    @Test func aProbeIsTimedAndFollowsTheLoad() async throws {
        try await TestDatabase.with { database in
            try await database.execute("CREATE TABLE pause AS SELECT 0.2::float8 AS seconds")
            let sql = "SELECT pg_sleep(seconds) FROM pause"
            try await Self.probing(database, sql) { probe in
                #expect(await probe.percentileSeconds == nil)
                try await eventually("three samples") { await probe.percentileSeconds != nil }
                #expect(try #require(await probe.percentileSeconds) >= 0.2)
                try await database.execute("UPDATE pause SET seconds = 0")
                try await eventually("it is quick again") {
                    await probe.percentileSeconds.map { $0 < 0.15 } == true
                }
                try await database.execute("DROP TABLE pause")
                try await eventually("a failure counts as the timeout") {
                    await probe.percentileSeconds == Double(ThrottleSQL.timeoutSeconds)
                }
                #expect(await probe.problem?.contains("pause") == true)
                await probe.probe("SELECT 1")
                #expect(await probe.percentileSeconds == nil)
                try await eventually("another is timed") {
                    await probe.percentileSeconds.map { $0 < 1 } == true
                }
                #expect(await probe.problem == nil)
            }
        }
    }

    @Test func aProbeThatIsAskedForLaterIsTimed() async throws {
        try await TestDatabase.with { database in
            try await Self.probing(database, nil) { probe in
                await probe.probe("SELECT 1")
                try await eventually("it is timed") { await probe.percentileSeconds != nil }
                await probe.probe(nil)
                #expect(await probe.percentileSeconds == nil)
                // Only then does it wait to be asked again.
                try await eventually("its session is gone") {
                    try await database.value(
                        """
                        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                        AND application_name = 'probe test'
                        """) == "0"
                }
                await probe.probe("SELECT 2")
                try await eventually("another is timed") { await probe.percentileSeconds != nil }
            }
        }
    }

    @Test func aSessionsFirstStatementDoesNotCount() async throws {
        try await TestDatabase.with { database in
            // Slow where the session has not run it before.
            let sql = """
                SELECT CASE WHEN current_setting('probe.ran', true) IS DISTINCT FROM 'yes'
                THEN pg_sleep(2)::text || set_config('probe.ran', 'yes', false) END
                """
            try await Self.probing(database, sql) { probe in
                var first: Double?
                try await eventually("it is timed") {
                    first = await probe.percentileSeconds
                    return first != nil
                }
                // Of the first three the 95th percentile is the slowest.
                #expect(try #require(first) < 1.5)
            }
        }
    }

    @Test func aProbeOfTwoSecondsStaysKnownWhileTheNextIsUnderWay() async throws {
        try await TestDatabase.with { database in
            try await Self.probing(database, "SELECT pg_sleep(2)") { probe in
                try await eventually("it is known") { await probe.percentileSeconds != nil }
                let began = ContinuousClock.now
                try await eventually("it was looked at for longer than two of them take") {
                    let known = await probe.percentileSeconds
                    guard let seconds = known, seconds >= 2 else {
                        throw ConditionNotMet(description: "\(String(describing: known)) is known")
                    }
                    return began.duration(to: .now) > .seconds(5)
                }
            }
        }
    }

    @Test func aProbeThatHangsIsSeenBeforeItEnds() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1)
            try await Self.probing(database, "SELECT n FROM t") { probe in
                try await eventually("it is quick") {
                    await probe.percentileSeconds.map { $0 < 1 } == true
                }
                try await database.execute("BEGIN; LOCK TABLE t")
                try await eventually("what it has taken so far counts") {
                    let known = await probe.percentileSeconds ?? 0
                    let problem = await probe.problem
                    return known > 2.5 && known < 5 && problem == nil
                }
                try await database.execute("ROLLBACK")
                try await eventually("it is quick again") {
                    await probe.percentileSeconds.map { $0 < 1 } == true
                }
            }
        }
    }

    @Test func aProbeChangesNothing() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1)
            try await Self.probing(database, "UPDATE t SET n = 5 RETURNING n") { probe in
                try await eventually("it fails") {
                    await probe.problem?.contains("read-only") == true
                }
            }
            #expect(try await database.histogram() == "0:1")
        }
    }

    @Test func aProbeThatSetsItsSessionWritableStillChangesNothing() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1)
            try await database.execute(
                """
                CREATE FUNCTION sly() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
                PERFORM set_config('default_transaction_read_only', 'off', false);
                IF current_setting('transaction_read_only') = 'off' THEN
                UPDATE t SET n = 5; END IF; RETURN 1; END $$
                """)
            try await Self.probing(database, "SELECT sly()") { probe in
                // Three samples: it ran again after it had set what it could.
                try await eventually("it ran") { await probe.percentileSeconds != nil }
                await probe.probe("BEGIN READ WRITE")
                try await eventually("that ran too") { await probe.percentileSeconds != nil }
                await probe.probe("UPDATE t SET n = 5 RETURNING n")
                try await eventually("it fails") {
                    await probe.problem?.contains("read-only") == true
                }
            }
            #expect(try await database.histogram() == "0:1")
        }
    }

    @Test func theServersStatisticsSayWhatStatementsTook() async throws {
        try await Turnstile.shared.pass(alone: false) {
            let options = SandboxOptions(
                replicas: 0, settings: ["shared_preload_libraries": "pg_stat_statements"])
            try await withSandbox(options) { sandbox in
                let name = try await sandbox.primary.createDatabase()
                try await TestDatabase.with(dsn: sandbox.primary.dsn(database: name)) { database in
                    try await Self.watchStatements(database)
                }
            }
        }
    }

    private static func watchStatements(_ database: TestDatabase) async throws {
        let connection = database.connection
        var latency = StatementLatency()
        #expect(try await latency.observe(connection) == nil)
        #expect(try await latency.observe(connection) == nil, "there is no extension")
        try await database.execute("CREATE EXTENSION pg_stat_statements")
        _ = try await database.value("SELECT pg_sleep(0.01)")
        #expect(try await latency.observe(connection) == nil, "there is nothing before")
        for _ in 0..<3 { _ = try await database.value("SELECT pg_sleep(0.02)") }
        let slow = try #require(try await latency.observe(connection))
        #expect(slow >= 0.02 && slow < 2)
        // Sluice's own, and what writes, is not the application's reading.
        _ = try await database.value("SELECT count(*) FROM pg_catalog.pg_class")
        #expect(try await latency.observe(connection) == nil)
        try await database.execute("CREATE ROLE stranger LOGIN")
        let stranger = try await PostgresConnection.connect(
            try ConnectionParameters(dsn: database.dsn).setting("user", to: "stranger"))
        #expect(try await latency.observe(stranger) == nil)
        for _ in 0..<2 { _ = try await stranger.query("SELECT pg_sleep(0.01)") }
        #expect(try await latency.observe(stranger) == nil)
        await stranger.close()
    }

    @Test func withoutTheLibraryThereIsNothingToSee() async throws {
        try await TestDatabase.with { database in
            try await database.execute("CREATE EXTENSION pg_stat_statements")
            var latency = StatementLatency()
            for _ in 0..<2 { #expect(try await latency.observe(database.connection) == nil) }
        }
    }
}
