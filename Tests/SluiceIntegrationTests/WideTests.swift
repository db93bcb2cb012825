import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// Batches of rows stored out of line are bounded by their bytes.
@Suite(.timeLimit(.minutes(12))) struct WideTests {
    /// Rows of about 1 to 4 MB, incompressible as far as that matters, with small ones among them.
    private static func makeWideTable(_ database: TestDatabase) async throws {
        try await database.execute(
            """
            CREATE TABLE t (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0, big text);
            ALTER TABLE t ALTER big SET STORAGE EXTERNAL;
            INSERT INTO t (id, big) SELECT i, CASE WHEN i % 10 = 0 THEN NULL WHEN i % 10 = 1
            THEN 'small' ELSE repeat('x', 1000000 * (1 + i % 4)) END
            FROM generate_series(1, 300) i;
            ANALYZE t;
            """)
    }

    @Test func noTransactionChangesMoreBytesThanTheBoundAndOneRow() async throws {
        try await TestDatabase.with { database in
            try await Self.makeWideTable(database)
            try await database.execute(
                "CREATE TABLE before AS SELECT id, coalesce(pg_column_size(big), 0) AS bytes "
                    + "FROM t")
            let job = JobRequest(
                table: "t",
                assignments: [
                    Assignment(column: "n", expression: "n + 1"),
                    Assignment(column: "big", expression: "big || 'x'"),
                ])
            var options = RunOptions.with(workers: 2, batch: 5_000)
            options.limits.batchBytes = 16 << 20
            // Few rows, but many batches: worth sharing.
            #expect(try await database.sluice.plan(job, options: options).ranges.count == 4)
            let report = try await database.sluice.run(job, options: options)
            #expect(report.exitCode == 0)
            #expect(report.status.keysScanned == 300)
            #expect(try await database.histogram() == "1:300")
            let most = try await database.number(
                """
                SELECT max(bytes) FROM (SELECT sum(b.bytes) AS bytes FROM t JOIN before b
                USING (id) GROUP BY t.xmin) x
                """)
            #expect(most <= 16 << 20)
            #expect(most > 8 << 20)
            // 240 rows of 2.5 MB on average, five or six in a batch.
            let batches = try await database.number("SELECT sum(batches) FROM sluice.range")
            #expect((40...110).contains(batches), "\(batches)")
        }
    }

    /// The batch that meets them first was sent for as many keys as those before it.
    @Test func rowsThatTurnHeavyHalfwayDoNotMakeAHeavyBatch() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0, big text);
                ALTER TABLE t ALTER big SET STORAGE EXTERNAL;
                INSERT INTO t (id, big) SELECT i, CASE WHEN i <= 4000 THEN 'small'
                ELSE repeat('x', 50000) END FROM generate_series(1, 4400) i;
                ANALYZE t;
                """)
            let report = try await database.sluice.run(
                increment, options: .with(workers: 1, batch: 400))
            #expect(report.exitCode == 0)
            #expect(try await database.histogram() == "1:4400")
            let batches = try await database.connection.query(
                """
                SELECT count(*) FILTER (WHERE id > 4000) FROM t GROUP BY xmin
                HAVING max(id) > 4000 ORDER BY min(id)
                """
            ).rows.compactMap { $0[0].flatMap { Int($0) } }
            // 400 rows of six bytes weigh less than the least bound, which one of these passes.
            #expect(batches.prefix(2).allSatisfy { $0 <= 2 }, "\(batches)")
            // Known by then, it is the limit alone that bounds them, after some doublings.
            #expect(batches.contains { $0 > 20 }, "\(batches)")
        }
    }

    @Test func aRowLargerThanTheBoundIsABatchOfItsOwn() async throws {
        try await TestDatabase.with { database in
            try await Self.makeWideTable(database)
            try await database.execute("DELETE FROM t WHERE id > 40")
            var options = RunOptions.with(workers: 1, batch: 5_000)
            options.limits.batchBytes = 64 << 10
            let report = try await database.sluice.run(increment, options: options)
            #expect(report.exitCode == 0)
            #expect(report.status.keysScanned == 40)
            #expect(try await database.histogram() == "1:40")
            let wide = try await database.number(
                """
                SELECT max(count) FROM (SELECT count(*) FROM t WHERE length(big) > 100000
                GROUP BY xmin) x
                """)
            #expect(wide == 1)
        }
    }

    @Test(arguments: ["id", "id, n2", "t2"])
    func aWideRangeEndsWhereverItsUpperBoundIs(key: String) async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (id bigint, n2 integer NOT NULL DEFAULT 1, t2 text COLLATE "C",
                n integer NOT NULL DEFAULT 0, big text, PRIMARY KEY (\(key)));
                ALTER TABLE t ALTER big SET STORAGE EXTERNAL;
                INSERT INTO t (id, t2, big) SELECT i, 'k' || i, repeat('x', 20000)
                FROM generate_series(1, 1000) i;
                ANALYZE t;
                """)
            // The last key and every bound between ranges are deleted while the run goes on.
            try await database.slowDown(seconds: 0.02)
            let drain = DrainSwitch()
            var options = RunOptions.with(workers: 2, batch: 20)
            options.limits.batchBytes = 100_000
            async let report = database.sluice.run(increment, options: options, drain: drain)
            try await database.waitForProgress(keys: 20)
            drain.drain()
            _ = try await report
            try await database.execute(
                """
                DELETE FROM t USING sluice.range r
                WHERE r.upper = ARRAY[\(key.split(separator: ", ").map { "t.\($0)::text" }
                    .joined(separator: ", "))] AND t.n = 0
                """)
            try await database.speedUp()
            #expect(try await database.sluice.resume("1").exitCode == 0)
            let left = try await database.number("SELECT count(*) FROM t")
            #expect(left < 1_000)
            #expect(try await database.histogram() == "1:\(left)")
            #expect(
                try await database.value("SELECT bool_and(state = 'done') FROM sluice.range")
                    == "t")
        }
    }
}
