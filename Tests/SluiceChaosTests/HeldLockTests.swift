import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// Locks that somebody holds for long, and statements that take too long.
@Suite(.timeLimit(ChaosScale.limit)) struct HeldLockTests {
    /// One row, or the table.
    @Test(arguments: [
        "SELECT FROM t WHERE id = (SELECT min(id) + 40 FROM t WHERE n = 0) FOR UPDATE",
        "LOCK TABLE t IN ACCESS EXCLUSIVE MODE",
    ])
    func aLockHeldForLongOnlyHoldsTheRunUp(lock: String) async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 4_000)
            try await database.slowDown(seconds: 0.02)
            let process = try database.begin(
                workers: 2, batch: 20, ["--lock-timeout", "500ms"])
            try await database.waitForProgress()
            let other = try await database.connect("holder")
            _ = try await other.query("BEGIN")
            _ = try await other.query(lock)
            try await database.waitUntilBlocked()
            _ = try await other.query("SELECT pg_sleep(\(ChaosScale.longSeconds))")
            #expect(process.isRunning, "\(process.errors)")
            #expect(try await database.value("SELECT state FROM sluice.run") == "running")
            _ = try await other.query("COMMIT")
            await other.close()
            try await database.speedUp()
            #expect(try await process.wait() == 0, "\(process.errors)")
            try await database.expectOnce(rows: 4_000)
            let what = lock.hasPrefix("LOCK") ? "table" : "row"
            ChaosReport.note(
                "\(what) locked for \(Int(ChaosScale.longSeconds)) s: 4000 rows once each")
        }
    }

    @Test func statementsThatTimeOutAreCutUpUntilTheyFit() async throws {
        try await TestDatabase.with { database in
            let rows = ChaosScale.slowPhases * 1_000
            try await database.makeTable(rows: rows)
            // In every thousand rows there are a hundred of which a batch of 100 takes 500 ms.
            try await database.execute(
                """
                CREATE FUNCTION crawl() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN IF NEW.id % 1000 BETWEEN 500 AND 599 THEN PERFORM pg_sleep(0.005); END IF;
                RETURN NEW; END $$;
                CREATE TRIGGER crawl BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION crawl();
                """)
            let process = try database.begin(
                workers: 2, batch: 100,
                ["--lock-timeout", "100ms", "--statement-timeout", "250ms"])
            #expect(try await process.wait(within: .seconds(120)) == 0, "\(process.errors)")
            try await database.expectOnce(rows: rows)
            let timeouts = process.errors.split(separator: "\n")
                .filter { $0.contains("statement timeout") }.count
            #expect(timeouts >= ChaosScale.slowPhases)
            ChaosReport.note("statement timeout: \(timeouts) times; \(rows) rows once each")
        }
    }
}
