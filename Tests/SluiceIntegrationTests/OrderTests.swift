import SluiceCore
import SluicePostgres
import SluiceSandbox
import SluiceTestSupport
import Synchronization
import Testing

@testable import Sluice

/// Rows in the order of their pages: each once, wherever it moves.
@Suite(.timeLimit(.minutes(12))) struct OrderTests {
    private let job = ScatteredTable.job

    private func physicalRows(_ database: TestDatabase) async throws -> Int {
        try await database.number(
            "SELECT coalesce(sum(rows_changed), 0) FROM sluice.range WHERE is_physical")
    }

    @Test func everyRowIsChangedOnceInLanesOfPages() async throws {
        try await TestDatabase.with(alone: true) { database in
            try await ScatteredTable.make(database, rows: 60_000)
            try await database.execute(
                "REINDEX TABLE t; CREATE TABLE before AS SELECT pg_relation_size('t_pkey') AS bytes"
            )
            let report = try await database.sluice.run(
                job, options: ScatteredTable.options(.physical))
            #expect(report.status.state == .completed, "\(report.message)")
            #expect(report.status.rowsChanged == 60_000)
            let (physical, histogram) = (
                try await physicalRows(database), try await database.histogram()
            )
            #expect(physical == 60_000 && histogram == "1:60000")
            // Each key is counted in its page, and nobody had to walk along them.
            let status = report.status
            #expect(status.keysByPages > 58_500 && status.keysByPages < 61_500)
            #expect(status.keysScanned == status.keysByPages)
            #expect(status.keysWalked == status.keysByPages)
            let swept = try await database.number(
                "SELECT count(*) FROM sluice.event WHERE kind = 'swept'")
            #expect(swept > 0)
            // The ledger's chain is that of keys: pages have none.
            let found = try await database.sluice.verify("1")
            #expect(found.ledgerProblem == nil && found.rowsMissed == 0)
            let regions = try await database.number("SELECT sum(regions) FROM sluice.range")
            #expect(regions > 0)
            try await database.execute("SELECT pg_stat_force_next_flush()")
            try await eventually("most rows stayed in their page") {
                try await database.number(
                    "SELECT n_tup_hot_upd FROM pg_stat_all_tables WHERE relid = 't'::regclass")
                    > 40_000
            }
            // The index gets a fifth of its entries again, and not all over.
            let kept = try await database.number(
                "SELECT sum(pg_relation_size('t_pkey')) * 100 / max(bytes) FROM before")
            #expect(kept < 150, "\(kept) %")
        }
    }

    /// Keys that lie all over each page go by pages, and those that lie together there do not.
    @Test func autoAsksHowKeysLieInAPage() async throws {
        try await TestDatabase.with { database in
            try await database.execute("CREATE DOMAIN code AS text CHECK (length(VALUE) > 3)")
            for (table, key, isScattered) in [
                ("scattered", "md5(i::text)::uuid", true),
                ("domains", "md5(i::text)::code", true),
                // A customer's rows lie together, customers anywhere.
                ("clustered", "(md5((i / 500)::text) || i)::text", false),
            ] {
                try await database.execute(
                    """
                    CREATE TABLE \(table) AS SELECT \(key) AS id, i AS n, NULL::bigint AS v,
                    repeat('x', 60) AS filler FROM generate_series(1, 30000) AS i;
                    ALTER TABLE \(table) ADD PRIMARY KEY (id);
                    ANALYZE \(table)
                    """)
                let request = JobRequest(
                    table: table, assignments: [Assignment(column: "v", expression: "n")],
                    predicate: "v IS NULL")
                let plan = try await database.sluice.plan(
                    request, options: ScatteredTable.options(.auto))
                let isPhysical = plan.ranges.contains(where: \.isPhysical)
                #expect(isPhysical == isScattered, "\(table): \(plan.order)")
                // Where the column is indexed every row leaves its page, and its index is the
                // key's.
                try await database.execute("CREATE INDEX ON \(table) (v)")
                let indexed = try await database.sluice.plan(
                    request, options: ScatteredTable.options(.auto))
                let goesByKey = !indexed.ranges.contains(where: \.isPhysical)
                #expect(goesByKey, "\(table): \(indexed.order)")
            }
        }
    }

    /// Pages whose rows are shorter or longer than on average are filled in lanes as the others
    /// are.
    @Test func rowsOfManyLengthsStayInTheirPages() async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.execute(
                """
                CREATE TABLE t (id uuid PRIMARY KEY, a integer, n integer NOT NULL DEFAULT 0,
                v bigint, filler text NOT NULL);
                INSERT INTO t (id, a, filler) SELECT md5(i::text)::uuid, i,
                repeat('x', 30 + i / 1000 + i % 23) FROM generate_series(1, 60000) i;
                ANALYZE t
                """)
            let report = try await database.sluice.run(
                job, options: ScatteredTable.options(.physical, lanes: .auto))
            #expect(report.status.rowsChanged == 60_000, "\(report.message)")
            let histogram = try await database.histogram()
            #expect(histogram == "1:60000")
            // What left by plan is a sixth; plain batches before the first region leave as well.
            try await database.execute("SELECT pg_stat_force_next_flush()")
            try await eventually("most rows stayed in their page") {
                try await database.number(
                    "SELECT n_tup_hot_upd FROM pg_stat_all_tables WHERE relid = 't'::regclass")
                    > 42_000
            }
        }
    }

    /// Tables and columns that are named as parts of the statement are, or might be.
    @Test func namesOfTheStatementsOwnPartsDoNotMatter() async throws {
        try await TestDatabase.with(alone: true) { database in
            for table in ["p", "c", "first", "rows", "g\"h"] {
                let name = Identifier(table).quoted
                try await database.execute(
                    """
                    CREATE TABLE \(name) (id uuid PRIMARY KEY, first int, behind int, rows int,
                    before int, bytes int, page int, place int, key int, "N" bigint);
                    INSERT INTO \(name) SELECT md5(i::text)::uuid, i, i, i, i, i, i, i, i
                    FROM generate_series(1, 16000) i;
                    ANALYZE \(name)
                    """)
                let request = JobRequest(
                    table: name,
                    assignments: [Assignment(column: "N", expression: "first + rows")],
                    predicate: "\"N\" IS NULL AND before + page > key + \(name).place - 1")
                let report = try await database.sluice.run(
                    request, options: ScatteredTable.options(.physical))
                #expect(report.status.rowsChanged == 16_000, "\(table): \(report.message)")
                let wrong = try await database.number(
                    "SELECT count(*) FROM \(name) WHERE \"N\" IS DISTINCT FROM 2 * first")
                #expect(wrong == 0)
                let regions = try await database.number(
                    "SELECT sum(regions) FROM sluice.range "
                        + "WHERE run = (SELECT max(id) FROM sluice.run)"
                )
                #expect(regions > 0, "\(table) has no lanes")
            }
        }
    }

    /// Paused in the middle of lanes, rewritten by VACUUM FULL, and carried on by others.
    @Test func aTableThatIsRewrittenMeanwhileIsChangedOnce() async throws {
        try await TestDatabase.with(alone: true) { database in
            try await ScatteredTable.make(database, rows: 60_000)
            var slow = ScatteredTable.options(.physical, workers: 1)
            slow.limits.maxRowsPerSecond = .some(20_000)
            for _ in 0..<3 {
                let (sluice, options) = (try database.sluice, slow)
                let before = try await database.keysScanned()
                async let run = sluice.run(job, options: options)
                try await eventually("a lane of pages is under way") {
                    guard try await database.keysScanned() > before else { return false }
                    return try await database.number(
                        "SELECT count(*) FROM sluice.range WHERE lane_cursor IS NOT NULL") > 0
                }
                _ = try await sluice.pause("1")
                _ = try await run
                try await database.execute("VACUUM FULL t")
            }
            let report = try await database.sluice.run(
                job, options: ScatteredTable.options(.physical))
            #expect(report.status.state == .completed, "\(report.message)")
            let changed = try await database.number("SELECT sum(rows_changed) FROM sluice.range")
            #expect(changed == 60_000)
            let histogram = try await database.histogram()
            #expect(histogram == "1:60000")
        }
    }

    /// A row whose expression gives what the predicate still matches, and one that a trigger takes
    /// back, would be changed again and again: the sweep changes each once.
    @Test func rowsThatStillMatchAfterwardsAreTheSweeps() async throws {
        try await TestDatabase.with { database in
            try await ScatteredTable.make(database, rows: 10_000)
            try await database.execute(
                """
                UPDATE t SET a = NULL WHERE a % 10 = 0;
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN IF NEW.a = 77 THEN NEW.v = NULL; END IF; RETURN NEW; END $$;
                CREATE TRIGGER refuse BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION refuse();
                """)
            let report = try await database.sluice.run(
                job, options: ScatteredTable.options(.physical, lanes: .off))
            #expect(report.status.state == .completed, "\(report.message)")
            #expect(report.status.rowsChanged == 10_000)
            let histogram = try await database.histogram()
            #expect(histogram == "1:10000")
            let physical = try await physicalRows(database)
            #expect(physical > 7_000 && physical < 9_000)
        }
    }

    @Test func aRowThatCannotBeChangedIsFoundByTheSweep() async throws {
        try await TestDatabase.with(alone: true) { database in
            try await ScatteredTable.make(database)
            try await database.execute(
                "UPDATE t SET a = 2147483647 WHERE a IN (1, 7000, 7001, 16384, 30000)")
            let report = try await database.sluice.run(
                job, options: ScatteredTable.options(.physical))
            #expect(report.exitCode == 4, "\(report.message)")
            #expect(report.status.rowsQuarantined == 5)
            #expect(report.status.rowsChanged == 29_995)
            let wrong = try await database.number(
                "SELECT count(*) FROM t WHERE n <> 1 AND a <> 2147483647")
            #expect(wrong == 0)
            let physical = try await physicalRows(database)
            #expect(physical > 20_000)
        }
    }

    /// A row that the application is changing is elsewhere when its page is visited.
    @Test func aRowThatMovesMeanwhileIsFoundByTheSweep() async throws {
        try await TestDatabase.with { database in
            try await ScatteredTable.make(database, rows: 5_000)
            let writer = try await database.connect()
            var slow = ScatteredTable.options(.physical, lanes: .off, workers: 1)
            slow.limits.maxRowsPerSecond = .some(2_000)
            let (sluice, options) = (try database.sluice, slow)
            async let run = sluice.run(job, options: options)
            try await database.waitForProgress()
            // Not before: a run waits for those who write already when it begins.
            _ = try await writer.execute(
                script: "BEGIN; UPDATE t SET filler = 'new' WHERE a BETWEEN 4001 AND 4500")
            try await eventually("a batch waits for the writer") {
                try await database.number(
                    "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
                        + "WHERE NOT l.granted AND a.datname = current_database()") > 0
            }
            _ = try await writer.execute(script: "COMMIT")
            await writer.close()
            let report = try await run
            #expect(report.status.state == .completed, "\(report.message)")
            #expect(report.status.rowsChanged == 5_000)
            let histogram = try await database.histogram()
            #expect(histogram == "1:5000")
            let wrong = try await database.number(
                "SELECT count(*) FROM t WHERE (filler = 'new') <> (a BETWEEN 4001 AND 4500)")
            #expect(wrong == 0)
        }
    }

    @Test func keysAreNotSweptBeforeAllPagesAreDone() async throws {
        try await TestDatabase.with { database in
            try await ScatteredTable.make(database, rows: 10_000)
            var slow = ScatteredTable.options(.physical, lanes: .off, workers: 3)
            slow.limits.maxRowsPerSecond = .some(6_000)
            let (sluice, options) = (try database.sluice, slow)
            async let run = sluice.run(job, options: options)
            try await database.waitForProgress()
            let early = """
                SELECT count(*) FROM sluice.range s WHERE NOT s.is_physical
                AND s.state <> 'pending' AND EXISTS (SELECT FROM sluice.range p
                WHERE p.is_physical AND p.state <> 'done')
                """
            // The look behind the pages is no work that is ahead.
            let underWay = try #require(try await sluice.status().first)
            #expect(underWay.keysTotalEstimate > 9_500 && underWay.keysTotalEstimate < 10_500)
            var looks = 0
            try await eventually("the run is over") {
                looks += 1
                let (begun, state) = (
                    try await database.number(early),
                    try await database.value("SELECT state FROM sluice.run")
                )
                #expect(begun == 0)
                return state == "completed"
            }
            let report = try await run
            #expect(looks > 1)
            #expect(report.status.rowsChanged == 10_000)
            let histogram = try await database.histogram()
            #expect(histogram == "1:10000")
        }
    }

    /// Two ranges, and then four workers.
    @Test func pagesThatAreLeftAreSharedAtTheEnd() async throws {
        try await TestDatabase.with { database in
            try await ScatteredTable.make(database, rows: 10_000)
            var slow = ScatteredTable.options(.physical, lanes: .off, workers: 1)
            slow.limits.maxRowsPerSecond = .some(4_000)
            let (sluice, alone) = (try database.sluice, slow)
            async let first = sluice.run(job, options: alone)
            try await database.waitForProgress()
            _ = try await sluice.pause("1")
            _ = try await first
            slow.limits.workers = 4...4
            slow.limits.maxRowsPerSecond = .some(8_000)
            slow.limits.order = .key
            let notes = Notes()
            let report = try await sluice.run(job, options: slow) { event in
                if case .note(let text) = event { notes.texts.withLock { $0.append(text) } }
            }
            #expect(report.status.rowsChanged == 10_000, "\(report.message)")
            let histogram = try await database.histogram()
            #expect(histogram == "1:10000")
            // Ranges were fixed as they were begun, whatever is asked for later, and that is said.
            let said = notes.texts.withLock { $0.joined() }
            #expect(said.contains("--order physical"))
            let shared = try await database.value(
                """
                SELECT (count(*) > 2) || ' ' || (sum(upper[1]::int - lower[1]::int)
                = (SELECT pages FROM (SELECT max(upper[1]::int) AS pages FROM sluice.range
                WHERE is_physical) m)) || ' ' || bool_and(state = 'done')
                FROM sluice.range WHERE is_physical
                """)
            #expect(shared == "true true true")
            let splits = try await database.number(
                "SELECT count(*) FROM sluice.event WHERE kind = 'split'")
            #expect(splits > 0)
            let physical = try await physicalRows(database)
            #expect(physical == 10_000)
        }
    }

    /// A ledger row that took 2,000 batches is followed by another of the same kind.
    @Test func pagesGoOnInAFreshLedgerRow() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (id uuid PRIMARY KEY, a integer, n integer NOT NULL DEFAULT 0,
                v bigint, filler text NOT NULL DEFAULT repeat('x', 60))
                WITH (fillfactor = 10);
                INSERT INTO t (id, a) SELECT md5(i::text)::uuid, i
                FROM generate_series(1, 32000) i;
                ANALYZE t;
                """)
            var plain = RunOptions.with(workers: 1, batch: 1)
            plain.limits.order = .physical
            plain.limits.lanes = .off
            let (sluice, tiny) = (try database.sluice, plain)
            async let first = sluice.run(job, options: tiny)
            try await database.waitForProgress()
            try await eventually("a range has a second row") {
                try await database.number(
                    "SELECT count(*) FROM sluice.range WHERE is_physical AND lower[1] <> '0'") > 1
            }
            _ = try await sluice.pause("1")
            _ = try await first
            plain.limits.batchKeys = 500
            let report = try await sluice.run(job, options: plain)
            #expect(report.status.rowsChanged == 32_000, "\(report.message)")
            let histogram = try await database.histogram()
            #expect(histogram == "1:32000")
        }
    }

    @Test func partitionsGoByTheirOwnPagesAndAnEmptyTableIsDone() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (id uuid, a integer, n integer NOT NULL DEFAULT 0, v bigint,
                PRIMARY KEY (id)) PARTITION BY HASH (id);
                CREATE TABLE t0 PARTITION OF t FOR VALUES WITH (MODULUS 3, REMAINDER 0);
                CREATE TABLE "t 1" PARTITION OF t FOR VALUES WITH (MODULUS 3, REMAINDER 1);
                CREATE TABLE t2 PARTITION OF t FOR VALUES WITH (MODULUS 3, REMAINDER 2);
                """)
            var request = job
            request.name = "empty"
            let empty = try await database.sluice.run(
                request, options: ScatteredTable.options(.physical))
            #expect(empty.status.state == .completed && empty.status.rowsChanged == 0)
            try await database.execute(
                "INSERT INTO t (id, a) SELECT md5(i::text)::uuid, i "
                    + "FROM generate_series(1, 9000) i; ANALYZE t")
            let report = try await database.sluice.run(
                job, options: ScatteredTable.options(.physical))
            #expect(report.status.rowsChanged == 9_000, "\(report.message)")
            let physical = try await physicalRows(database)
            #expect(physical == 9_000)
            let histogram = try await database.histogram()
            #expect(histogram == "1:9000")
        }
    }

    @Test func whatCannotGoByPagesIsRefusedBeforeAnythingIsWritten() async throws {
        try await TestDatabase.with { database in
            try await ScatteredTable.make(database, rows: 100)
            var noPredicate = job
            noPredicate.predicate = nil
            var place = job
            place.predicate = "t.ctid > '(0,0)'"
            for (request, word) in [(noPredicate, "--where"), (place, "ctid")] {
                let (sluice, options) = (try database.sluice, ScatteredTable.options(.physical))
                let error = await #expect(throws: SluiceError.self) {
                    try await sluice.run(request, options: options)
                }
                #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
                let ledger = try await database.value("SELECT to_regclass('sluice.run')::text")
                #expect(ledger == nil)
                let plan = try await sluice.plan(request, options: options)
                let refusals = plan.refusals.joined()
                #expect(refusals.contains(word))
            }
            try await database.alterDatabase("enable_tidscan = off")
            let (sluice, options) = (try database.sluice, ScatteredTable.options(.physical))
            let request = job
            let error = await #expect(throws: SluiceError.self) {
                try await sluice.run(request, options: options)
            }
            let message = error?.message ?? ""
            #expect(message.contains("does not scan a part of the table by its pages"))
        }
    }

    /// Without lanes only a table that is larger than what the server takes for its cache.
    @Test func autoGoesByPagesWhereItPays() async throws {
        try await TestDatabase.with { database in
            try await ScatteredTable.make(database, rows: 10_000)
            let sluice = try database.sluice
            let small = try await sluice.plan(
                job, options: ScatteredTable.options(.auto, lanes: .off))
            let (smallPages, largePages): (Int, Int)
            smallPages = small.ranges.filter(\.isPhysical).count
            #expect(small.order.hasPrefix("by key: ") && smallPages == 0)
            let inLanes = try await sluice.plan(job, options: ScatteredTable.options(.auto))
            #expect(inLanes.order.contains("keys lie all over its pages"), "\(inLanes.order)")
            try await database.alterDatabase("effective_cache_size = '64kB'")
            let large = try await database.sluice.plan(
                job, options: ScatteredTable.options(.auto, lanes: .off))
            largePages = large.ranges.filter(\.isPhysical).count
            #expect(large.order.contains("larger than the server's cache"), "\(large.order)")
            #expect(largePages > 0)
            let statements = large.statements.joined()
            #expect(statements.contains("ctid"))
            #expect(large.keysTotalEstimate == small.keysTotalEstimate)
            let report = try await database.sluice.run(
                job, options: ScatteredTable.options(.auto, lanes: .off))
            #expect(report.status.rowsChanged == 10_000)
            let physical = try await physicalRows(database)
            #expect(physical == 10_000)
        }
    }
}

/// What a run said by the way.
private final class Notes: Sendable {
    let texts = Mutex<[String]>([])
}
