import SluicePostgres
import SluiceTestSupport
import Testing

@testable import Sluice

/// Everything through PgBouncer in transaction mode, which resets nothing between its clients.
@Suite(.timeLimit(.minutes(12))) struct PoolerTests {
    private static let job = [
        "run", "--table", "t", "--set", "n = n + 1", "--workers", "4", "--progress", "plain",
    ]

    @Test func eachRowIsChangedOnceByMoreWorkersThanThereAreSessions() async throws {
        try await PooledDatabase.with { database in
            let direct = database.direct
            try await direct.makeTable(rows: 20_000)
            let (code, text) = try await database.command(Self.job + ["--batch", "100"])
            #expect(code == 0, "\(text)")
            #expect(text.contains("a connection pooler stands before the server"), "\(text)")
            #expect(try await direct.histogram() == "1:20000")
            #expect(try await direct.keysScanned() == 20_000)
            #expect(try await direct.rangesCover())
        }
    }

    @Test func aMigrationIsRefusedAndItsStatusIsNot() async throws {
        try await PooledDatabase.with { database in
            let (code, text) = try await database.command(["migrate", "rollback", "m"])
            #expect(code == 64 && text.contains("a migration needs sessions of its own"), "\(text)")
            let status = try await database.command(["migrate", "status"])
            #expect(status.0 == 0 && status.1.contains("no migrations yet"), "\(status.1)")
        }
    }

    @Test func whatOtherClientsLeaveBehindDoesNotReachTheRun() async throws {
        try await PooledDatabase.with { database in
            let direct = database.direct
            // A key that does not survive its text form under these settings, and another table of
            // the same name where the search path leads.
            for schema in ["public", "other"] {
                try await direct.execute(
                    """
                    CREATE SCHEMA IF NOT EXISTS \(schema);
                    CREATE TABLE \(schema).t (day date, x float8, n integer NOT NULL DEFAULT 0,
                    PRIMARY KEY (day, x));
                    INSERT INTO \(schema).t
                    SELECT date '2001-02-03' + i % 20, i / 7.0 FROM generate_series(1, 20000) i;
                    ANALYZE \(schema).t;
                    """)
            }
            // Each batch takes longer than the timeout that is left behind.
            try await direct.slowDown(seconds: 0.3)
            try await database.spoiling(with: Self.leftovers) {
                let plan = try await database.command(["plan"] + Self.job[1...4])
                #expect(plan.code == 0, "\(plan.text)")
                let (code, text) = try await database.command(Self.job + ["--batch", "1000"])
                #expect(code == 0, "\(text)")
                for command in [["status"], ["doctor"]] {
                    let (code, text) = try await database.command(command)
                    #expect(code == 0, "\(command): \(text)")
                }
            }
            #expect(try await direct.histogram() == "1:20000")
            #expect(try await direct.value("SELECT max(n)::text FROM other.t") == "0")
            #expect(try await direct.keysScanned() == 20_000)
        }
    }

    private static let leftovers = [
        "default_transaction_read_only = on", "default_transaction_isolation = 'serializable'",
        "search_path = other", "DateStyle = 'SQL, DMY'", "IntervalStyle = 'sql_standard'",
        "extra_float_digits = -15", "TimeZone = 'Asia/Kolkata'", "lock_timeout = '1ms'",
        "idle_in_transaction_session_timeout = '200ms'", "statement_timeout = '200ms'",
    ]

    @Test func aKilledProcessIsResumedAfterItsLease() async throws {
        try await PooledDatabase.with { database in
            let direct = database.direct
            try await direct.makeTable(rows: 40_000)
            try await direct.slowDown(seconds: 0.02)
            let all =
                Self.job + [
                    "--batch", "100", "--lease", "2s", "--statement-timeout", "1500ms",
                    "--lock-timeout", "1s",
                ]
            for _ in 0..<2 {
                let before = try await direct.keysScanned()
                let process = try database.start(all)
                try await direct.waitForProgress(keys: before + 1)
                try await eventually("it works on the run") { process.output.contains("run 1") }
                #expect(process.isRunning, "\(process.output)\(process.errors)")
                try await process.kill9()
            }
            let (code, text) = try await database.command(all)
            #expect(code == 0, "\(text)")
            #expect(text.contains("resumed run 1"), "\(text)")
            #expect(try await direct.histogram() == "1:40000")
            #expect(try await direct.keysScanned() == 40_000)
            #expect(try await direct.rangesCover())
        }
    }

    @Test func aRunIsSeenTunedPausedResumedAndCancelledThroughAPooler() async throws {
        try await PooledDatabase.with { database in
            let direct = database.direct
            try await direct.makeTable(rows: 100_000)
            try await direct.slowDown(seconds: 0.05)
            let process = try database.start(Self.job + ["--batch", "50"])
            try await direct.waitForProgress()
            #expect(try await database.command(["status"]).text.contains("running"))
            let tuned = try await database.command(["tune", "t.n", "--batch", "70"])
            #expect(tuned.code == 0, "\(tuned.text)")
            #expect(try await direct.number("SELECT batch_keys FROM sluice.run") == 70)
            let paused = try await database.command(["pause", "t.n"])
            #expect(paused.code == 0, "\(paused.text)")
            #expect(try await process.wait() == 3, "\(process.errors)")
            // Nobody waits in the pooler until a worker is done with its range.
            #expect(try await direct.keysScanned() < 50_000)
            #expect(try await direct.ownedRanges() == 0)
            let resumed = try database.start(["resume", "t.n"])
            let keys = try await direct.keysScanned()
            try await direct.waitForProgress(keys: keys + 1)
            let cancelled = try await database.command(["cancel", "t.n"])
            #expect(cancelled.code == 0, "\(cancelled.text)")
            let histogram = try await direct.histogram()
            #expect(try await resumed.wait() == 3, "\(resumed.errors)")
            #expect(try await direct.histogram() == histogram)
            #expect(histogram.contains("1:\(try await direct.keysScanned())"), "\(histogram)")
        }
    }

    @Test func aBadRowIsSetAsideAndTriedAgainThroughAPooler() async throws {
        try await PooledDatabase.with { database in
            let direct = database.direct
            try await direct.makeTable(rows: 2_000)
            try await direct.execute(
                "ALTER TABLE t ADD CONSTRAINT sound CHECK (n < 1 OR id <> 777) NOT VALID")
            try await database.spoiling(with: Self.leftovers) {
                let (code, text) = try await database.command(Self.job + ["--batch", "100"])
                #expect(code == 4, "\(text)")
                let list = try await database.command(["quarantine", "t.n", "list"])
                #expect(list.text.contains("public.t 777"), "\(list.text)")
                try await direct.execute("ALTER TABLE t DROP CONSTRAINT sound")
                let retry = try await database.command(["quarantine", "t.n", "retry"])
                #expect(retry.code == 0, "\(retry.text)")
            }
            #expect(try await direct.histogram() == "1:2000")
        }
    }

    @Test func aThrottleQueryIsAskedThroughAPooler() async throws {
        try await PooledDatabase.with { database in
            let direct = database.direct
            try await direct.makeTable(rows: 2_000)
            // Another table of the same name where the search path of others leads.
            try await direct.execute(
                """
                CREATE SCHEMA other; CREATE TABLE other.busy AS SELECT false AS b;
                CREATE TABLE busy AS SELECT true AS b;
                """)
            try await database.spoiling(with: Self.leftovers) {
                let process = try database.start(
                    Self.job + ["--batch", "100", "--throttle-query", "SELECT b FROM busy"])
                try await direct.waitsFor("--throttle-query answered t")
                #expect(try await direct.keysScanned() == 0)
                try await direct.execute("UPDATE busy SET b = false")
                #expect(try await process.wait() == 0, "\(process.errors)")
            }
            #expect(try await direct.histogram() == "1:2000")
        }
    }

    @Test func theDoctorSeesAPooler() async throws {
        try await PooledDatabase.with { database in
            let (code, text) = try await database.command(["doctor"])
            #expect(code == 0, "\(text)")
            #expect(text.contains("a connection pooler stands before the server"), "\(text)")
        }
    }

    @Test func aClientThatInheritedADeadProcesssNameIsLeftAlone() async throws {
        try await TestDatabase.with { database in
            let bench = try await FenceBench(database, rows: 100)
            _ = try await bench.claim(on: database.connection, leaseSeconds: 0)
            _ = try await database.connection.query(
                RangeSQL.register,
                [.text(bench.owner), .text("\(bench.run)"), "host", "1", "true", "0"])
            let client = try await database.connect(
                RangeSQL.applicationName(run: bench.run, owner: bench.owner))
            _ = try await client.execute(script: "BEGIN; SELECT count(*) FROM t")
            for sql in [RangeSQL.endZombies, RangeSQL.endSessions] {
                let ended = try await database.connection.query(sql, [.text("\(bench.run)")])
                #expect(ended.rows.isEmpty)
            }
            _ = try await client.execute(script: "SELECT FROM sluice.range FOR NO KEY UPDATE")
            let ended = try await database.connection.query(
                RangeSQL.endZombies, [.text("\(bench.run)")])
            #expect(ended.rows.map { $0[1] } == ["\(client.backendPID)"])
            await client.close()
        }
    }
}
