import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// Errors that stop a run, and what is left then.
@Suite(.timeLimit(.minutes(12))) struct FailureTests {
    @Test(arguments: [
        "CHECK (n < 1 OR id <> 1234) NOT VALID", "UNIQUE (n, m) DEFERRABLE INITIALLY DEFERRED",
    ])
    func whereNoRowMayBeSetAsideTheFirstStopsTheRunAndNamesTheReason(
        constraint: String
    ) async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 3_000, extra: ", m integer")
            try await database.execute(
                """
                UPDATE t SET m = id;
                UPDATE t SET m = 1233, n = 0 WHERE id = 1234;
                """)
            if constraint.hasPrefix("UNIQUE") {
                // Both rows come to (1, 1233) and only COMMIT finds out.
                try await database.execute("UPDATE t SET n = 5 WHERE id = 1234")
            }
            try await database.execute("ALTER TABLE t ADD CONSTRAINT sound \(constraint)")
            let job =
                constraint.hasPrefix("UNIQUE")
                ? JobRequest(
                    table: "t", assignments: [Assignment(column: "n", expression: "1")])
                : increment
            var options = RunOptions.with(workers: 2, batch: 100)
            options.limits.maxQuarantine = 0
            let report = try await database.sluice.run(job, options: options)
            #expect(report.exitCode == 1)
            #expect(report.message.contains("sound"), "\(report.message)")
            #expect(report.status.state == .failed)
            #expect(try await database.ownedRanges() == 0)
            let scanned = try await database.keysScanned()
            #expect(try await database.number("SELECT count(*) FROM t WHERE n = 1") == scanned)

            let again = await #expect(throws: SluiceError.self) {
                _ = try await database.sluice.run(job)
            }
            #expect(again?.message.contains("sluice resume 1") == true)
            try await database.execute("ALTER TABLE t DROP CONSTRAINT sound")
            #expect(try await database.sluice.resume("1").exitCode == 0)
            #expect(try await database.histogram() == "1:3000")
            #expect(try await database.keysScanned() == 3_000)
        }
    }

    @Test func aBatchThatTakesTooLongIsCutUp() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 400)
            try await database.execute(
                """
                CREATE FUNCTION crawl() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(0.004); RETURN NEW; END $$;
                CREATE TRIGGER crawl BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION crawl();
                """)
            var options = RunOptions.with(workers: 1, batch: 400)
            options.limits.lockTimeoutMilliseconds = 100
            options.limits.statementTimeoutMilliseconds = 250
            let report = try await database.sluice.run(increment, options: options)
            #expect(report.exitCode == 0, "\(report.message)")
            #expect(try await database.histogram() == "1:400")
            #expect(try await database.number("SELECT sum(batches) FROM sluice.range") > 8)
        }
    }

    @Test func anAdministratorWhoCancelsAgainAndAgainPausesTheRun() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1_000)
            try await database.slowDown(seconds: 2)
            let process = try database.startIncrement(workers: 1, batch: 100)
            try await eventually("the run is paused", every: .milliseconds(50)) {
                _ = try await database.value(
                    """
                    SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event = 'PgSleep'
                    """)
                return !process.isRunning
            }
            #expect(try await process.wait() == 3)
            #expect(process.output.contains("administrator"), "\(process.output)")
            #expect(try await database.value("SELECT state FROM sluice.run") == "paused")
            try await database.speedUp()
            #expect(try await database.sluice.resume("1").exitCode == 0)
            #expect(try await database.histogram() == "1:1000")
        }
    }

    @Test func theLedgerDroppedInMidRunStopsTheRunClearly() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 20_000)
            try await database.slowDown(seconds: 0.05)
            let process = try database.startIncrement(workers: 3, batch: 50)
            try await database.waitForProgress()
            try await database.dropLedger()
            #expect(try await process.wait(within: .seconds(10)) == 1)
            #expect(process.errors.contains("schema sluice was dropped"), "\(process.errors)")
            let changed = try await database.histogram()
            #expect(changed.hasPrefix("0:"))
        }
    }

    @Test func aDatabaseDroppedInMidRunStopsTheRun() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 20_000)
            try await database.slowDown(seconds: 0.05)
            let process = try database.startIncrement(workers: 2, batch: 50)
            try await database.waitForProgress()
            let name = try await database.value("SELECT current_database()") ?? ""
            let outside = try await PostgresConnection.connect(
                try ConnectionParameters(dsn: database.dsn).setting("dbname", to: "template1"))
            _ = try await outside.query("DROP DATABASE \(name) WITH (FORCE)")
            await outside.close()
            let code = try await process.wait(within: .seconds(20))
            #expect(code == 1 || code == 69)
            #expect(process.errors.contains(name), "\(process.errors)")
        }
    }
}
