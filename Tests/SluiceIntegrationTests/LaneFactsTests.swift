import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import Sluice

/// What the catalog and a probe say of whether lanes pay.
@Suite(.timeLimit(.minutes(12))) struct LaneFactsTests {
    private func report(
        _ database: TestDatabase, set: String, to expression: String
    ) async throws -> PlanReport {
        try await database.sluice.plan(
            JobRequest(
                table: "t", assignments: [Assignment(column: set, expression: expression)]),
            options: RunOptions())
    }

    @Test func aGeneratedColumnsIndexStandsInTheWay() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (id integer PRIMARY KEY, body integer, other integer,
                twice integer GENERATED ALWAYS AS (body * 2) STORED);
                INSERT INTO t SELECT i, i, i FROM generate_series(1, 5000) i;
                CREATE INDEX "by twice" ON t (twice);
                ANALYZE t;
                """)
            let touched = try await report(database, set: "body", to: "body + 1")
            #expect(touched.lanes.contains("by twice"), "\(touched.lanes)")
            #expect(touched.forecast?.hotShare == 0)
            let other = try await report(database, set: "other", to: "other + 1")
            #expect(!other.lanes.contains("by twice"), "\(other.lanes)")
        }
    }

    /// An index that only sums up its pages stands in nobody's way from version 16 on, for lanes
    /// and for the forecast alike.
    @Test func lanesAndForecastAreOfOneMindAboutBRIN() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 20_000)
            try await database.execute("CREATE INDEX summed ON t USING brin (n); ANALYZE t")
            let report = try await report(database, set: "n", to: "n + 1")
            let isInTheWay = report.lanes.contains("summed")
            let version = try await database.number("SHOW server_version_num")
            #expect(isInTheWay == (version < 160_000), "\(report.lanes)")
            #expect((report.forecast?.hotShare == 0) == isInTheWay)
        }
    }

    @Test func pagesWithRoomForAllGetPlainBatches() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (id integer PRIMARY KEY, n integer NOT NULL DEFAULT 0,
                filler text NOT NULL) WITH (fillfactor = 40);
                INSERT INTO t SELECT i, 0, repeat('x', 80) FROM generate_series(1, 20000) i;
                ANALYZE t
                """)
            let roomy = try await report(database, set: "n", to: "n + 1")
            #expect(
                roomy.lanes == "plain batches: pages have room for a new version of each of their "
                    + "rows")
            #expect((roomy.forecast?.hotShare ?? 0) > 0.95)
            try await database.execute("ALTER TABLE t SET (fillfactor = 100)")
            try await database.execute("CREATE TABLE u AS SELECT * FROM t")
            try await database.execute("DROP TABLE t; ALTER TABLE u RENAME TO t")
            try await database.execute("ALTER TABLE t ADD PRIMARY KEY (id)")
            try await database.execute("ANALYZE t")
            let full = try await report(database, set: "n", to: "n + 1")
            #expect(full.lanes.contains("leaves its page"), "\(full.lanes)")
        }
    }

    @Test func theRoomOfOnePartitionIsNotAnothersToo() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (id integer PRIMARY KEY, n integer NOT NULL DEFAULT 0,
                filler text NOT NULL DEFAULT repeat('x', 80)) PARTITION BY RANGE (id);
                CREATE TABLE t_roomy PARTITION OF t FOR VALUES FROM (0) TO (20000)
                WITH (fillfactor = 40);
                CREATE TABLE t_full PARTITION OF t FOR VALUES FROM (20000) TO (30000);
                INSERT INTO t (id) SELECT generate_series(0, 29999);
                ANALYZE t
                """)
            let request = JobRequest(
                table: "t", assignments: [Assignment(column: "n", expression: "n + 1")])
            let forecast = try await database.sluice.plan(request).forecast
            let connection = try await database.connect()
            let job = try await LanePlanner(connection: connection)
                .examined(JobPlanner(connection: connection).plan(request)).probed(forecast)
            await connection.close()
            let free = Dictionary(
                uniqueKeysWithValues: job.parts.map {
                    ($0.name.name, $0.laneFacts?.freePageBytes ?? -1)
                })
            #expect(free["t_roomy"] ?? 0 > 4_000 && free["t_full"] == 0, "\(free)")
        }
    }

    /// Values out of line stand in the way where they are what is set, and nowhere else.
    @Test func valuesOutOfLineThatStayAreNoObstacle() async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.makeTable(
                rows: 40_000,
                extra: ", filler text NOT NULL DEFAULT repeat('x', 60), big text, short numeric")
            try await database.execute(
                """
                ALTER TABLE t ALTER COLUMN big SET STORAGE EXTERNAL;
                CREATE TABLE u AS SELECT id, n, filler,
                CASE WHEN id % 100 = 0 THEN repeat('y', 5000) END AS big, short FROM t;
                DROP TABLE t; ALTER TABLE u RENAME TO t;
                ALTER TABLE t ALTER COLUMN big SET STORAGE EXTERNAL;
                UPDATE t SET big = big || 'z' WHERE big IS NOT NULL;
                ALTER TABLE t ADD PRIMARY KEY (id)
                """)
            try await database.execute("VACUUM FULL t")
            try await database.execute("ANALYZE t")
            let long = try await report(database, set: "big", to: "big || 'z'")
            #expect(long.lanes.contains("what is set may be stored out of line"), "\(long.lanes)")
            let short = try await report(database, set: "short", to: "length(big)")
            #expect(short.lanes.contains("leaves its page"), "\(short.lanes)")
            var options = RunOptions.with(workers: 2, batch: 500)
            options.limits.lanes = .fixed(8)
            options.limits.maxRowsPerSecond = .some(30_000)
            let run = try await database.sluice.run(increment, options: options)
            #expect(run.status.rowsChanged == 40_000, "\(run.message)")
            #expect(try await database.histogram() == "1:40000")
            let regions = try await database.number("SELECT sum(regions) FROM sluice.range")
            #expect(regions > 0)
        }
    }

    /// More partitions than are asked one by one, and a small one whose rows lie out of line.
    @Test func partitionsThatAreNotAskedKeepWhatIsTheirOwn() async throws {
        try await TestDatabase.with { database in
            let parts = (0..<20).map { number in
                "CREATE TABLE t_\(number) PARTITION OF t FOR VALUES FROM (\(number * 1000)) "
                    + "TO (\(number * 1000 + 1000));"
            }
            try await database.execute(
                """
                CREATE TABLE t (id integer PRIMARY KEY, n integer NOT NULL DEFAULT 0, s text)
                PARTITION BY RANGE (id); \(parts.joined())
                INSERT INTO t (id) SELECT i FROM generate_series(0, 19999) AS i
                WHERE i < 19000 OR i % 100 = 0;
                ALTER TABLE t ALTER COLUMN s SET STORAGE EXTERNAL;
                UPDATE t SET s = repeat('x', 9000) WHERE id = 19000;
                ANALYZE t
                """)
            let connection = try await database.connect()
            let job = try await LanePlanner(connection: connection).examined(
                JobPlanner(connection: connection).plan(
                    JobRequest(
                        table: "t",
                        assignments: [Assignment(column: "s", expression: "s || 'x'")])))
            await connection.close()
            #expect(job.parts.count == 20 && job.parts.count { $0.isWide } == 1)
            for part in job.parts {
                #expect(part.laneFacts?.isWide == part.isWide, "\(part.name)")
            }
        }
    }
}
