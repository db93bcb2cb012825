import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// Batches that others wait for, and rows that others hold.
@Suite(.timeLimit(.minutes(12))) struct PoliteLockTests {
    @Test func aBatchThatKeepsSomebodyWaitingMakesWayAndGoesOnInSmallerOnes() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 60, extra: ", m integer")
            // A batch of all rows holds the first one's lock for six seconds.
            try await database.execute(
                """
                CREATE FUNCTION crawl() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END $$;
                CREATE TRIGGER crawl BEFORE UPDATE OF n ON t
                FOR EACH ROW EXECUTE FUNCTION crawl();
                """)
            async let report = database.sluice.run(
                increment, options: .with(workers: 1, batch: 60))
            let other = try await database.connect()
            _ = try await other.query("SET lock_timeout = '4500ms'")
            try await eventually("a batch holds the first row", every: .milliseconds(5)) {
                try await database.number(
                    "SELECT count(*) FROM (SELECT FROM t WHERE id = 1 FOR UPDATE SKIP LOCKED) r")
                    == 0
            }
            // Without the batch making way this would run into its lock timeout.
            _ = try await other.query("UPDATE t SET m = 1 WHERE id = 1")
            await other.close()
            let final = try await report
            #expect(final.exitCode == 0, "\(final.message)")
            #expect(try await database.histogram() == "1:60")
            #expect(try await database.number("SELECT m FROM t WHERE id = 1") == 1)
            #expect(try await database.number("SELECT sum(batches) FROM sluice.range") > 1)
        }
    }

    @Test func aRowThatAnotherTransactionHoldsKeepsOnlyItsRangeBack() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 10_000)
            let other = try await database.connect()
            var options = RunOptions.with(workers: 2, batch: 100)
            options.limits.lockTimeoutMilliseconds = 100
            let settled = options
            try await database.hold("UPDATE", on: "t")
            async let report = database.sluice.run(increment, options: settled)
            try await database.waitForProgress()
            _ = try await other.query("BEGIN")
            let held = try await other.query(
                "SELECT id FROM t WHERE n = 0 ORDER BY id DESC LIMIT 1 FOR UPDATE SKIP LOCKED"
            ).scalar
            #expect(held != nil)
            // All but the rest of the held row's range gets done, by cuts of that range too.
            try await eventually("all others are done", within: .seconds(60)) {
                try await database.number("SELECT count(*) FROM t WHERE n = 0") <= 1_000
            }
            #expect(try await database.value("SELECT state FROM sluice.run") == "running")
            _ = try await other.query("COMMIT")
            await other.close()
            let final = try await report
            #expect(final.exitCode == 0, "\(final.message)")
            #expect(try await database.histogram() == "1:10000")
        }
    }
}
