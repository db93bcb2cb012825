import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import Sluice

/// What is left behind a table's pages is looked for once, changed by the look where it is little,
/// and walked to where it is much.
@Suite(.timeLimit(.minutes(12))) struct SweepTests {
    private let job = ScatteredTable.job

    /// More rows than a batch may have, and one that is left however late, have the keys walked
    /// along; it is the last of them here.
    @Test func manyRowsThatAreLeftAreFoundByTheWalk() async throws {
        try await TestDatabase.with { database in
            try await ScatteredTable.make(database, rows: 6_000)
            // Rows that still match after their change, which their pages leave to the sweep.
            try await database.execute("UPDATE t SET a = NULL WHERE a % 6 = 0")
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
            // What is walked along counts as work, which it did not before.
            let walking = try #require(try await sluice.status().first)
            #expect(walking.keysTotalEstimate > 11_500, "\(walking)")
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

    /// A few rows that are left, one of which matches after its change as well, are changed by the
    /// look: nobody walks along the keys.
    @Test func aFewRowsThatAreLeftAreChangedByTheLook() async throws {
        try await TestDatabase.with { database in
            try await ScatteredTable.make(database, rows: 6_000)
            try await database.execute(
                """
                UPDATE t SET a = NULL WHERE a = 77;
                CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF EXISTS (SELECT FROM sluice.range WHERE is_physical AND state <> 'done')
                THEN RETURN NULL; END IF;
                RETURN NEW; END $$;
                CREATE TRIGGER hold BEFORE UPDATE ON t FOR EACH ROW
                WHEN (OLD.a IN (5, 500, 5000)) EXECUTE FUNCTION hold()
                """)
            // One worker: what another one claims just then is left to the next look.
            let report = try await database.sluice.run(
                job, options: ScatteredTable.options(.physical, workers: 1))
            #expect(report.status.state == .completed, "\(report.message)")
            #expect(report.status.rowsChanged == 6_000)
            let histogram = try await database.histogram()
            #expect(histogram == "1:6000")
            let swept = try await database.value(
                """
                SELECT sum(rows_changed) || ' of ' || sum(keys_scanned) || ' keys, '
                || sum(batches) || ' batches, ' || count(rows_hot) - count(*)
                FROM sluice.range WHERE NOT is_physical
                """)
            #expect(swept == "4 of 4 keys, 0 batches, 0")
            let noted = try await database.number(
                "SELECT count(*) FROM sluice.event WHERE kind = 'swept' AND detail LIKE '%4 rows%'")
            #expect(noted == 1)
            let found = try await database.sluice.verify("1")
            #expect(found.ledgerProblem == nil)
        }
    }

    /// Whoever looks ends what nobody holds, and changes the rows that lie there: not those of what
    /// another process walks along, nor of what has been walked along.
    @Test func aSweepIsEndedForEveryRangeThatNobodyHolds() async throws {
        try await TestDatabase.with { database in
            let ledger = try await SweptLedger(database, job: job)
            func ended(_ change: String, rowsMost: Int = 10) async throws -> String {
                try await ledger.reset(change)
                return try await ledger.sweep(rowsMost: rowsMost)
            }
            let all = try await ended("")
            #expect(all == "t 0 f: done done running done done pending")
            let pages = try await ended(
                "UPDATE sluice.range SET state = 'pending' WHERE number = 1")
            #expect(pages == "f 0 f: pending running running pending done pending")
            let lost = try await ended("UPDATE sluice.range SET epoch = 2 WHERE number = 2")
            #expect(lost == "f 0 f: done running running done done pending")
            // One row in each: of the own range, another's, nobody's, and one walked along.
            let left = try await ended(ledger.left)
            #expect(left == "t 2 f: done done running done done pending")
            let filled = try await ledger.filled
            #expect(filled == "2 1 2 1")
            let many = try await ended(ledger.left, rowsMost: 3)
            #expect(many == "f 0 t: done running running pending done pending")
            let none = try await ledger.filled
            #expect(none == "1 1 1 1")
            await ledger.close()
        }
    }

    /// A range that somebody has walked along and given back while the look was on its way is left
    /// to the next one, with the rows in it; one that was merely claimed and given back, as by a
    /// worker that has nothing to do, is ended.
    @Test(arguments: [
        ("upper", "t 1 f: done done running pending done pending", "2 1 1 1"),
        ("\"cursor\"", "t 2 f: done done running done done pending", "2 1 2 1"),
    ])
    func whatIsWalkedAlongMeanwhileIsNotEnded(
        cursor: String, states: String, rows: String
    ) async throws {
        try await TestDatabase.with { database in
            let ledger = try await SweptLedger(database, job: job)
            try await ledger.reset(ledger.left)
            let walker = try await database.connect()
            _ = try await walker.execute(
                script: "BEGIN; UPDATE sluice.range SET epoch = epoch + 2, "
                    + "\"cursor\" = \(cursor) WHERE number = 4")
            async let swept = ledger.sweep(rowsMost: 10)
            try await eventually("the look waits for the walker") {
                try await database.number(
                    "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
                        + "WHERE NOT l.granted AND a.datname = current_database()") > 0
            }
            _ = try await walker.execute(script: "COMMIT")
            await walker.close()
            let ended = try await swept
            #expect(ended == states)
            let filled = try await ledger.filled
            #expect(filled == rows)
            await ledger.close()
        }
    }

    /// However large the table is taken to be, the rows that are left are fetched by their keys.
    @Test func rowsThatAreLeftAreFetchedByTheirKeys() async throws {
        try await TestDatabase.with { database in
            let ledger = try await SweptLedger(database, job: job)
            // The planner goes by what the statistics say of each page, and by the file's size.
            try await database.execute(
                "UPDATE pg_class SET reltuples = reltuples * 100000 WHERE relname = 't'")
            let plan = try await ledger.plan(rowsMost: 10_000)
            let change = try #require(plan.split(separator: "CTE sluice_change").last)
            let first = change.split(separator: "CTE sluice_").first ?? ""
            #expect(first.contains("Index Scan using t_pkey on t"), "\(plan)")
            await ledger.close()
        }
    }

    /// Who pauses a run does not wait for a look that takes minutes, and whoever resumes it looks
    /// again.
    @Test func aPauseEndsALook() async throws {
        try await TestDatabase.with { database in
            let asked = try await makeSlowPredicate(database)
            let (sluice, options) = (
                try database.sluice, ScatteredTable.options(.physical, lanes: .off)
            )
            async let run = sluice.run(asked, options: options)
            try await Self.waitForLook(database)
            let began = ContinuousClock.now
            _ = try await sluice.pause("1")
            let paused = try await run
            // Its own bound would have ended it after ten seconds.
            #expect(began.duration(to: .now) < .seconds(8))
            #expect(paused.status.state == .paused, "\(paused.message)")
            let walked = try await database.number(
                "SELECT coalesce(sum(keys_scanned), 0) FROM sluice.range WHERE NOT is_physical")
            #expect(walked == 0)
            try await database.execute("INSERT INTO let VALUES (1)")
            let report = try await sluice.run(asked, options: options)
            #expect(report.status.state == .completed, "\(report.message)")
            let swept = try await database.number(
                "SELECT count(*) FROM sluice.event WHERE kind = 'swept'")
            #expect(swept > 0)
            let histogram = try await database.histogram()
            #expect(histogram == "1:6000")
        }
    }

    /// Behind all pages the predicate of one row takes until it is let go: it waits for no lock,
    /// which would have a timeout of its own.
    private func makeSlowPredicate(_ database: TestDatabase) async throws -> JobRequest {
        try await ScatteredTable.make(database, rows: 6_000)
        try await database.execute(
            """
            CREATE TABLE let (i integer);
            CREATE FUNCTION held(a integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
            IF a = 5999 AND NOT EXISTS (SELECT FROM sluice.range WHERE is_physical
            AND state <> 'done') THEN
            WHILE NOT EXISTS (SELECT FROM let) LOOP PERFORM pg_sleep(0.01); END LOOP;
            END IF; RETURN false; END $$
            """)
        var request = job
        request.predicate = "CASE WHEN v IS NULL THEN true ELSE held(a) END"
        return request
    }

    private static func waitForLook(_ database: TestDatabase) async throws {
        try await eventually("the look takes long") {
            try await database.number(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    + "AND wait_event = 'PgSleep' AND query LIKE '%sluice_left%'") > 0
        }
    }

    /// A look at the whole table makes way for whoever waits for its lock, as a batch does.
    @Test func aLookMakesWay() async throws {
        try await TestDatabase.with { database in
            let asked = try await makeSlowPredicate(database)
            let altering = try await database.connect()
            let (sluice, options) = (
                try database.sluice, ScatteredTable.options(.physical, lanes: .off)
            )
            async let run = sluice.run(asked, options: options)
            try await Self.waitForLook(database)
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
}

/// A run behind its pages: of its keys this process holds the second range, another the third,
/// nobody the fourth; the fifth has been walked along, and the sixth is another table's.
private struct SweptLedger {
    private static let own = "00000000-0000-0000-0000-000000000002"
    private let database: TestDatabase
    private let connection: PostgresConnection
    private let planned: PlannedJob

    init(_ database: TestDatabase, job: JobRequest) async throws {
        try await ScatteredTable.make(database, rows: 6_000)
        let report = try await database.sluice.run(job, options: ScatteredTable.options(.physical))
        #expect(report.status.rowsChanged == 6_000, "\(report.message)")
        self.database = database
        connection = try await database.connect()
        planned = try await JobPlanner(connection: connection).plan(job)
    }

    func close() async { await connection.close() }

    /// The first key of each of the ranges but the table's pages and the other table.
    private let firsts = """
        SELECT (SELECT id FROM t WHERE id > b ORDER BY id LIMIT 1) AS id FROM (VALUES
        ('00000000-0000-0000-0000-000000000000'::uuid), ('40000000-0000-0000-0000-000000000000'),
        ('80000000-0000-0000-0000-000000000000'), ('c0000000-0000-0000-0000-000000000000')) v (b)
        """

    /// Leaves one row in each.
    var left: String { "UPDATE t SET v = NULL WHERE id IN (\(firsts))" }

    /// How often each of these was changed, in the order of their keys.
    var filled: String {
        get async throws {
            try await database.value(
                "SELECT string_agg(n::text, ' ' ORDER BY id) FROM t WHERE id IN (\(firsts))") ?? ""
        }
    }

    func reset(_ change: String) async throws {
        func bound(_ digit: String) -> String { "'{\(digit)0000000-0000-0000-0000-000000000000}'" }
        let other = "'00000000-0000-0000-0000-000000000001'"
        let end = "'{ffffffff-ffff-ffff-ffff-ffffffffffff}'"
        try await database.execute(
            """
            UPDATE t SET v = 1, n = 1 WHERE v IS NULL OR n <> 1;
            DELETE FROM sluice.range;
            INSERT INTO sluice.range (run, number, part, state, owner, epoch, keys_estimate,
            is_physical, lower, upper, "cursor") VALUES
            (1, 1, 1, 'done', NULL, 1, 9, true, '{0}', '{9}', '{9}'),
            (1, 2, 1, 'running', '\(Self.own)', 1, 9, false, NULL, \(bound("4")), NULL),
            (1, 3, 1, 'running', \(other), 1, 9, false, \(bound("4")), \(bound("8")),
            \(bound("4"))),
            (1, 4, 1, 'pending', NULL, 1, 9, false, \(bound("8")), \(bound("c")), \(bound("8"))),
            (1, 5, 1, 'done', NULL, 1, 9, false, \(bound("c")), \(end), \(end)),
            (1, 6, 2, 'pending', NULL, 1, 9, false, NULL, \(end), NULL);
            \(change)
            """)
    }

    /// What one look tells, and the states of the ranges afterwards.
    func sweep(rowsMost: Int) async throws -> String {
        let told = try await connection.query(
            planned.sweep(planned.parts[0]).end(rowsMost: rowsMost),
            [.text("1"), .text("2"), .text(Self.own), .text("1")]
        ).rows.first
        let states = try await database.value(
            "SELECT string_agg(state, ' ' ORDER BY number) FROM sluice.range")
        return (told ?? []).map { $0 ?? "" }.joined(separator: " ") + ": " + (states ?? "")
    }

    func plan(rowsMost: Int) async throws -> String {
        try await connection.query(
            "EXPLAIN " + planned.sweep(planned.parts[0]).end(rowsMost: rowsMost),
            [.text("1"), .text("2"), .text(Self.own), .text("1")]
        ).rows.map { $0.first.flatMap { $0 } ?? "" }.joined(separator: "\n")
    }
}
