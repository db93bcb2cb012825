import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import Sluice

/// What is left behind a table's pages is looked for once, and walked to only where there is any.
@Suite(.timeLimit(.minutes(12))) struct SweepTests {
    private let job = ScatteredTable.job

    /// A row that is left, however late, has the keys walked along; it is the last of them here.
    @Test func aRowThatIsLeftIsFoundByTheWalk() async throws {
        try await TestDatabase.with { database in
            try await ScatteredTable.make(database, rows: 6_000)
            try await database.execute(
                """
                CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.n = 1 AND NOT EXISTS (SELECT FROM let) THEN RETURN NULL; END IF;
                RETURN NEW; END $$;
                CREATE TABLE let (i integer);
                CREATE TRIGGER hold BEFORE UPDATE ON t FOR EACH ROW
                WHEN (OLD.id = 'ffffffff-ffff-ffff-ffff-ffffffffffff') EXECUTE FUNCTION hold();
                INSERT INTO t (id, a) VALUES ('ffffffff-ffff-ffff-ffff-ffffffffffff', 1)
                """)
            var slow = ScatteredTable.options(.physical, lanes: .off, workers: 1)
            slow.limits.maxRowsPerSecond = .some(3_000)
            let (sluice, options) = (try database.sluice, slow)
            async let run = sluice.run(job, options: options)
            try await database.waitForProgress()
            try await eventually("the keys are walked along") {
                try await database.number(
                    """
                    SELECT count(*) FROM sluice.range WHERE NOT is_physical AND keys_scanned > 0
                    """) > 0
            }
            try await database.execute("INSERT INTO let VALUES (1)")
            let report = try await run
            #expect(report.status.rowsChanged == 6_001, "\(report.message)")
            let histogram = try await database.histogram()
            #expect(histogram == "1:6001")
            let swept = try await database.number(
                "SELECT count(*) FROM sluice.event WHERE kind = 'swept'")
            #expect(swept == 0)
        }
    }

    /// Whoever finds nothing left ends what nobody holds, and not what another process walks along.
    @Test func aSweepIsEndedForEveryRangeThatNobodyHolds() async throws {
        try await TestDatabase.with { database in
            try await ScatteredTable.make(database, rows: 6_000)
            let report = try await database.sluice.run(
                job, options: ScatteredTable.options(.physical))
            #expect(report.status.rowsChanged == 6_000, "\(report.message)")
            let held = "'00000000-0000-0000-0000-000000000001'"
            let own = "'00000000-0000-0000-0000-000000000002'"
            let statement = try await sweep(database)
            let connection = try await database.connect()
            func states(_ change: String) async throws -> String? {
                try await database.execute(
                    """
                    DELETE FROM sluice.range;
                    INSERT INTO sluice.range (run, number, part, state, owner, epoch, keys_estimate,
                    is_physical, lower, upper, "cursor") VALUES
                    (1, 1, 1, 'done', NULL, 1, 9, true, '{0}', '{9}', '{9}'),
                    (1, 2, 1, 'running', \(own), 1, 9, false, NULL, '{a}', NULL),
                    (1, 3, 1, 'running', \(held), 1, 9, false, '{a}', '{b}', NULL),
                    (1, 4, 1, 'pending', NULL, 1, 9, false, '{b}', '{c}', NULL),
                    (1, 5, 2, 'pending', NULL, 1, 9, false, NULL, '{c}', NULL);
                    \(change)
                    """)
                let ended = try await connection.query(
                    statement,
                    [.text("1"), .text("2"), .text(own.filter { $0 != "'" }), .text("1")]
                ).scalar
                let states = try await database.value(
                    "SELECT string_agg(state, ' ' ORDER BY number) FROM sluice.range")
                return "\(ended ?? "") \(states ?? "")"
            }
            let all = try await states("")
            #expect(all == "t done done running done pending")
            let pages = try await states(
                "UPDATE sluice.range SET state = 'pending' WHERE number = 1")
            #expect(pages == "f pending running running pending pending")
            let lost = try await states("UPDATE sluice.range SET epoch = 2 WHERE number = 2")
            #expect(lost == "f done running running done pending")
            let left = try await states("UPDATE t SET v = NULL WHERE a = 5999")
            #expect(left == "f done running running pending pending")
            await connection.close()
        }
    }

    /// A look at the whole table makes way for whoever waits for its lock, as a batch does.
    @Test func aLookMakesWay() async throws {
        try await TestDatabase.with { database in
            try await ScatteredTable.make(database, rows: 6_000)
            // Behind all pages the predicate of one row takes until it is let go: it waits for no
            // lock, which would have a timeout of its own.
            try await database.execute(
                """
                CREATE TABLE let (i integer);
                CREATE FUNCTION held(a integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
                IF a = 5999 AND NOT EXISTS (SELECT FROM sluice.range WHERE is_physical
                AND state <> 'done') THEN
                WHILE NOT EXISTS (SELECT FROM let) LOOP PERFORM pg_sleep(0.01); END LOOP;
                END IF; RETURN false; END $$
                """)
            let altering = try await database.connect()
            var request = job
            request.predicate = "CASE WHEN v IS NULL THEN true ELSE held(a) END"
            let (sluice, options, asked) = (
                try database.sluice, ScatteredTable.options(.physical, lanes: .off), request
            )
            async let run = sluice.run(asked, options: options)
            try await eventually("the look takes long") {
                try await database.number(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                        + "AND wait_event = 'PgSleep' AND query LIKE '%sluice_left%'") > 0
            }
            // Without making way it would wait for as long as the look may take, and fail.
            _ = try await altering.execute(
                script: "SET lock_timeout = '8s'; ALTER TABLE t ADD COLUMN more integer")
            try await database.execute("INSERT INTO let VALUES (1)")
            await altering.close()
            let report = try await run
            #expect(report.status.rowsChanged == 6_000, "\(report.message)")
            let histogram = try await database.histogram()
            #expect(histogram == "1:6000")
        }
    }

    private func sweep(_ database: TestDatabase) async throws -> String {
        let connection = try await database.connect()
        let planned = try await JobPlanner(connection: connection).plan(job)
        await connection.close()
        return planned.physical(planned.parts[0]).endSweep
    }
}
