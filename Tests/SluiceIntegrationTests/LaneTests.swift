import SluiceCore
import SluicePostgres
import SluiceSandbox
import SluiceTestSupport
import Testing

@testable import Sluice

/// Regions that are filled lane by lane: once each row, whatever the key, and most of them within
/// their page.
@Suite(.timeLimit(.minutes(12))) struct LaneTests {
    private let job = JobRequest(
        table: "t", assignments: [Assignment(column: "n", expression: "n + 1")])

    private func options(_ lanes: LaneSetting, workers: Int = 2) -> RunOptions {
        var options = RunOptions.with(workers: workers, batch: 500)
        options.limits.lanes = lanes
        // Slow enough for some looks at the horizon, which is younger then.
        options.limits.maxRowsPerSecond = .some(30_000)
        return options
    }

    /// Rows that were updated within their page, as the server counts them.
    private func inPage(_ database: TestDatabase) async throws -> Int {
        try await database.execute("SELECT pg_stat_force_next_flush()")
        var seen = 0
        try await eventually("the statistics have every update") {
            seen = try await database.number(
                "SELECT coalesce(sum(n_tup_upd), 0) FROM pg_stat_all_tables "
                    + "WHERE relid = 't'::regclass")
            return seen >= 60_000
        }
        return try await database.number(
            "SELECT n_tup_hot_upd FROM pg_stat_all_tables WHERE relid = 't'::regclass")
    }

    @Test func rowsStayInTheirPage() async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.makeTable(
                rows: 60_000, extra: ", filler text NOT NULL DEFAULT repeat('x', 60)")
            let report = try await database.sluice.run(job, options: options(.fixed(8)))
            #expect(report.status.state == .completed, "\(report.message)")
            #expect(report.status.rowsChanged == 60_000)
            #expect(report.status.keysScanned == 60_000)
            #expect(
                try await database.number("SELECT count(*) FROM t WHERE n <> 1") == 0)
            #expect(try await inPage(database) > 36_000)
            #expect(
                try await database.number(
                    "SELECT count(*) FROM sluice.range WHERE region_upper IS NOT NULL") == 0)
        }
    }

    /// Once to find a region's end, once for its survey, once by its lane; and a row that left its
    /// page has an entry of before, which two later reads may meet.
    @Test func aKeyIsReadAFewTimesAndNotOnceALane() async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.makeTable(
                rows: 60_000, extra: ", filler text NOT NULL DEFAULT repeat('x', 60)")
            let reads = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE relname = 't'"
            try await database.execute("SELECT pg_stat_force_next_flush()")
            let before = try await database.number(reads)
            _ = try await database.sluice.run(job, options: options(.fixed(16)))
            #expect(try await database.regionsBegun() > 0)
            #expect(try await inPage(database) > 36_000)
            #expect(try await database.number(reads) - before < 5 * 60_000)
        }
    }

    /// Keys of every kind, some of them negative or far apart.
    @Test(arguments: [
        ("bigint", "i - 30000"), ("bigint", "i * 10"), ("bigint", "i::bigint * 1000003"),
        ("smallint", "i - 30001"), ("whole", "i"), ("numeric", "i / 7.0"), ("text", "'k' || i"),
        ("uuid", "md5(i::text)::uuid"), ("timestamptz", "'epoch'::timestamptz + i * interval '1s'"),
        ("double precision", "i / 3.0"), ("bytea", "decode(lpad(to_hex(i), 8, '0'), 'hex')"),
        // What a cast to text gives is not what the type writes.
        ("char(12)", "'k' || i"), ("inet", "'10.0.0.0'::inet + i"),
    ])
    func everyRowIsChangedOnce(_ type: String, _ value: String) async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.execute(
                """
                CREATE DOMAIN whole AS bigint CHECK (value > 0);
                CREATE TABLE t (k \(type) PRIMARY KEY, n integer NOT NULL DEFAULT 0);
                INSERT INTO t (k) SELECT \(value) FROM generate_series(1, 30000) AS i;
                ANALYZE t;
                """)
            let report = try await database.sluice.run(job, options: options(.fixed(8)))
            #expect(report.status.state == .completed, "\(report.message)")
            #expect(report.status.rowsChanged == 30_000)
            #expect(try await database.number("SELECT count(*) FROM t WHERE n <> 1") == 0)
            #expect(try await database.regionsBegun() > 0)
        }
    }

    /// A quarter of the numbers have no row, here and there or in one piece; of those that have one
    /// three cannot be changed.
    @Test(arguments: ["i % 4 <> 0", "i NOT BETWEEN 20000 AND 30000"])
    func numbersWithoutARowAreNoObstacle(_ kept: String) async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.makeTable(
                rows: 40_000, extra: ", filler text NOT NULL DEFAULT repeat('x', 60)")
            try await database.execute(
                "DELETE FROM t USING (SELECT id AS i FROM t) k WHERE t.id = k.i AND NOT (\(kept))")
            try await database.execute("ANALYZE t")
            try await database.execute(
                "UPDATE t SET n = 2147483647 WHERE id IN (9001, 19999, 30001)")
            let rows = try await database.number("SELECT count(*) FROM t")
            let report = try await database.sluice.run(job, options: options(.fixed(8)))
            #expect(report.exitCode == 4 && report.status.rowsQuarantined == 3)
            #expect(report.status.rowsChanged == rows - 3 && report.status.keysScanned == rows)
            let keys = try await database.sluice.quarantine("1").compactMap { Int($0.key[0]) }
            #expect(keys.sorted() == [9_001, 19_999, 30_001])
            #expect(try await database.regionsBegun() > 0)
        }
    }

    @Test(arguments: [("text", "'tenant ' || i / 5000"), ("boolean", "i >= 15000")])
    func keysOfSeveralColumnsAreChangedOnce(_ type: String, _ value: String) async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.execute(
                """
                CREATE TABLE t (a \(type), b integer, n integer NOT NULL DEFAULT 0,
                PRIMARY KEY (a, b));
                INSERT INTO t SELECT \(value), i % 15000 FROM generate_series(0, 29999) AS i;
                ANALYZE t;
                """)
            let report = try await database.sluice.run(job, options: options(.fixed(8)))
            #expect(report.status.rowsChanged == 30_000)
            #expect(try await database.number("SELECT count(*) FROM t WHERE n <> 1") == 0)
            #expect(try await database.regionsBegun() > 0)
        }
    }

    /// One without a hash, one of which there is no list, and a domain over that.
    @Test(arguments: [
        ("money", "i::money"), ("integer[]", "ARRAY[i, i % 7]"), ("pair", "ARRAY[i, i % 7]"),
    ])
    func aTypeThatCannotBeToldGetsPlainBatches(_ type: String, _ value: String) async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.execute(
                """
                CREATE DOMAIN pair AS integer[];
                CREATE TABLE t (k \(type) PRIMARY KEY, n integer NOT NULL DEFAULT 0);
                INSERT INTO t (k) SELECT \(value) FROM generate_series(1, 10000) AS i;
                ANALYZE t;
                """)
            let report = try await database.sluice.run(job, options: options(.fixed(8)))
            #expect(report.status.rowsChanged == 10_000)
            #expect(try await database.regionsBegun() == 0)
        }
    }

    @Test func anIndexOnTheColumnMeansPlainBatches() async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.makeTable(rows: 20_000)
            try await database.execute("CREATE INDEX ON t ((n + 1))")
            let report = try await database.sluice.run(job, options: options(.fixed(8)))
            #expect(report.status.rowsChanged == 20_000)
            #expect(try await database.regionsBegun() == 0)
        }
    }

    /// A snapshot that is held meanwhile keeps what lanes leave behind from being pruned.
    @Test func aHeldSnapshotEndsLanesAndNothingIsChangedTwice() async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.makeTable(rows: 60_000)
            let holder = try await database.connect()
            _ = try await holder.execute(
                script: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t")
            let report = try await database.sluice.run(job, options: options(.fixed(8)))
            await holder.close()
            #expect(report.status.rowsChanged == 60_000)
            #expect(try await database.number("SELECT count(*) FROM t WHERE n <> 1") == 0)
        }
    }

    /// A snapshot that is taken in the middle of a region makes one lane of what is left there, and
    /// once it is gone there are regions again.
    @Test func aSnapshotFromTheMiddleMergesLanesAndItsEndBringsThemBack() async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.makeTable(rows: 150_000)
            var slow = options(.fixed(8), workers: 1)
            slow.limits.maxRowsPerSecond = .some(20_000)
            let (sluice, options) = (try database.sluice, slow)
            async let run = sluice.run(job, options: options)
            try await eventually("a lane is under way") {
                guard try await database.keysScanned() > 0 else { return false }
                return try await database.number(
                    "SELECT count(*) FROM sluice.range WHERE lane_cursor IS NOT NULL") > 0
            }
            let holder = try await database.connect()
            _ = try await holder.execute(
                script: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t")
            try await eventually("what is left is one lane") {
                try await database.number("SELECT count(*) FROM sluice.range WHERE is_merged") > 0
            }
            let before = try await database.regionsBegun()
            await holder.close()
            let report = try await run
            #expect(report.status.rowsChanged == 150_000)
            #expect(try await database.histogram() == "1:150000")
            #expect(try await database.regionsBegun() > before)
        }
    }

    /// Paused and carried on again and again, at times in the middle of a lane.
    @Test func whatIsPausedInTheMiddleOfALaneIsCarriedOn() async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.makeTable(rows: 60_000)
            var slow = options(.fixed(8), workers: 1)
            slow.limits.maxRowsPerSecond = .some(20_000)
            var (pausesInLanes, runs) = (0, 0)
            for _ in 0..<4 {
                let (sluice, options) = (try database.sluice, slow)
                let before = try await database.keysScanned()
                async let run = sluice.run(job, options: options)
                try await eventually("a lane is under way") {
                    guard try await database.keysScanned() > before else { return false }
                    return try await database.number(
                        "SELECT count(*) FROM sluice.range WHERE lane_cursor IS NOT NULL") > 0
                }
                _ = try await sluice.pause("1")
                _ = try await run
                pausesInLanes += try await database.number(
                    "SELECT count(*) FROM sluice.range WHERE lane_cursor IS NOT NULL")
                runs += try await database.number(
                    "SELECT count(*) FROM sluice.range WHERE region_keys IS NOT NULL")
            }
            #expect(pausesInLanes > 0 && runs > 0)
            _ = try await database.sluice.run(job, options: options(.off))
            let changed = try await database.number("SELECT sum(rows_changed) FROM sluice.range")
            #expect(changed == 60_000)
            #expect(try await database.histogram() == "1:60000")
        }
    }

    @Test func aRowThatCannotBeChangedIsSetAsideFromItsLane() async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.makeTable(rows: 30_000)
            try await database.execute(
                "UPDATE t SET n = 2147483647 WHERE id IN (1, 7000, 7001, 16384, 30000)")
            let report = try await database.sluice.run(job, options: options(.fixed(8)))
            #expect(report.exitCode == 4, "\(report.message)")
            #expect(report.status.rowsQuarantined == 5)
            #expect(report.status.rowsChanged == 29_995)
            let keys = try await database.sluice.quarantine("1").compactMap { Int($0.key[0]) }
            #expect(keys.sorted() == [1, 7_000, 7_001, 16_384, 30_000])
            #expect(try await database.regionsBegun() > 0)
        }
    }
}

extension TestDatabase {
    /// Regions that runs have begun here.
    fileprivate func regionsBegun() async throws -> Int {
        try await number("SELECT coalesce(sum(regions), 0) FROM sluice.range")
    }
}
