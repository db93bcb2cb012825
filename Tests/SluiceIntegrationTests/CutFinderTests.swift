import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import Sluice

/// Tables are cut into ranges of about equal size without being read.
@Suite(.timeLimit(.minutes(12))) struct CutFinderTests {
    /// A table `t`, how it is filled with 20,000 rows, and what cuts it.
    struct Shape: Sendable, CustomTestStringConvertible {
        let name: String
        let columns: String
        let values: String
        let method: String
        var analyzed = false

        var testDescription: String { name }
    }

    static let shapes = [
        Shape(
            name: "integers", columns: "k integer PRIMARY KEY", values: "i - 10000",
            method: "arithmetic"),
        Shape(
            name: "UUIDs", columns: "k uuid PRIMARY KEY", values: "md5(i::text)::uuid",
            method: "arithmetic"),
        Shape(
            name: "dates", columns: "k date PRIMARY KEY", values: "date '1900-01-01' + i",
            method: "arithmetic"),
        Shape(
            name: "dates between infinities", columns: "k date PRIMARY KEY",
            values: "CASE i WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity' "
                + "ELSE date '1900-01-01' + i END", method: "arithmetic"),
        Shape(
            name: "timestamps", columns: "k timestamp PRIMARY KEY",
            values: "CASE i WHEN 1 THEN 'infinity' ELSE "
                + "timestamp '1960-01-01' + i * interval '1 h' END", method: "arithmetic"),
        Shape(
            name: "timestamps with zone", columns: "k timestamptz PRIMARY KEY",
            values: "CASE i WHEN 1 THEN '-infinity' ELSE "
                + "timestamptz '1960-01-01' + i * interval '1 h' END", method: "arithmetic"),
        Shape(
            name: "numerics", columns: "k numeric PRIMARY KEY",
            values: "CASE i WHEN 1 THEN 'NaN' WHEN 2 THEN 'infinity' ELSE 10::numeric ^ 40 "
                + "+ i / 7.0 END", method: "arithmetic"),
        Shape(
            name: "floats", columns: "k float8 PRIMARY KEY",
            values: "CASE i WHEN 1 THEN 'NaN' WHEN 2 THEN '-infinity' ELSE i * 0.1 END",
            method: "arithmetic"),
        Shape(
            name: "short floats", columns: "k float4 PRIMARY KEY", values: "i * 2",
            method: "arithmetic"),
        Shape(
            name: "a domain over a domain", columns: "k even PRIMARY KEY", values: "i * 2",
            method: "arithmetic"),
        Shape(
            name: "integers with a far outlier", columns: "k bigint PRIMARY KEY",
            values: "CASE i WHEN 1 THEN 9223372036854775807 ELSE i END", method: "a sample"),
        Shape(
            name: "text", columns: "k text PRIMARY KEY", values: "md5(i::text)",
            method: "a sample"),
        Shape(
            name: "text in an order of its own", columns: "k text COLLATE \"C\" PRIMARY KEY",
            values: "chr(33 + i % 90) || i", method: "the statistics' histogram",
            analyzed: true),
        Shape(
            name: "arrays", columns: "k integer[] PRIMARY KEY", values: "ARRAY[i, 5]",
            method: "a sample", analyzed: true),
        Shape(
            name: "one tenant", columns: "a integer, b integer, PRIMARY KEY (a, b)",
            values: "7, i", method: "a sample"),
        Shape(
            name: "many tenants", columns: "a integer, b integer, PRIMARY KEY (a, b)",
            values: "i % 1000, i", method: "arithmetic"),
        Shape(
            name: "one tenant, analyzed", columns: "a integer, b uuid, PRIMARY KEY (a, b)",
            values: "7, md5(i::text)::uuid", method: "most common", analyzed: true),
        Shape(
            name: "a giant tenant", columns: "a integer, b integer, PRIMARY KEY (a, b)",
            values: "CASE WHEN i % 10 < 9 THEN 7 ELSE i % 1000 END, i", method: "most common",
            analyzed: true),
        Shape(
            name: "a giant day of a giant tenant",
            columns: "a text, b date, c bigint, PRIMARY KEY (a, b, c)",
            values: "CASE WHEN i % 20 = 0 THEN 't' || i % 1000 ELSE 'giant, \"1\"' END, "
                + "date '2020-01-01' + CASE WHEN i % 4 = 0 THEN i % 99 ELSE 7 END, i",
            method: "most common", analyzed: true),
    ]

    @Test(arguments: shapes)
    func everyShapeIsCutIntoSimilarRanges(shape: Shape) async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE DOMAIN number AS integer;
                CREATE DOMAIN even AS number CHECK (VALUE % 2 = 0);
                CREATE TABLE t (\(shape.columns), n integer NOT NULL DEFAULT 0)
                WITH (autovacuum_enabled = off);
                INSERT INTO t SELECT \(shape.values) FROM generate_series(1, 20000) i;
                """)
            if shape.analyzed { try await database.execute("ANALYZE t") }
            let plan = try await Self.plan(database)
            #expect(plan.method.contains(shape.method))
            #expect(plan.ranges.count >= 12, "\(plan.ranges.count) ranges")
            let counts = try await Self.counts(of: plan, database)
            #expect(counts.reduce(0, +) == 20_000)
            #expect(counts.allSatisfy { $0 > 0 })
            // A sixteenth would be perfect.
            #expect((counts.max() ?? 0) < 20_000 / 4, "\(counts)")
            if shape.analyzed {
                let off = zip(plan.ranges, counts).map { abs($0.keysEstimate - $1) }
                #expect((off.max() ?? 0) < 20_000 / 10, "\(off)")
            }
        }
    }

    @Test func rowsAddedSinceTheLastAnalyzeAreCutToo() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (k timestamptz PRIMARY KEY, n integer NOT NULL DEFAULT 0)
                WITH (autovacuum_enabled = off);
                INSERT INTO t SELECT timestamptz '2020-01-01' + i * interval '1 min'
                FROM generate_series(1, 5000) i;
                ANALYZE t;
                INSERT INTO t SELECT timestamptz '2020-01-01' + i * interval '1 min'
                FROM generate_series(5001, 20000) i;
                """)
            let plan = try await Self.plan(database)
            let counts = try await Self.counts(of: plan, database)
            #expect((counts.max() ?? 0) < 20_000 / 8, "\(counts)")
        }
    }

    @Test func planningReadsFewBlocksAndAsksFewQuestions() async throws {
        try await TestDatabase.with { database in
            for shape in [Self.shapes[4], Self.shapes[11], Self.shapes[17]] {
                try await database.execute(
                    """
                    DROP TABLE IF EXISTS t;
                    CREATE TABLE t (\(shape.columns), n integer NOT NULL DEFAULT 0,
                    pad text NOT NULL DEFAULT repeat('x', 300)) WITH (autovacuum_enabled = off);
                    INSERT INTO t SELECT \(shape.values) FROM generate_series(1, 20000) i;
                    SELECT pg_stat_force_next_flush();
                    """)
                if shape.analyzed { try await database.execute("ANALYZE t") }
                let before = try await Self.reads(database)
                let plan = try await Self.plan(database)
                #expect(plan.ranges.count > 12)
                let after = try await Self.reads(database)
                #expect(after.scans == before.scans)
                // A sample looks at up to 65 rows in each of its 64 blocks.
                let most = shape.method == "a sample" ? 64 * 65 + 150 : 150
                #expect(after.blocks - before.blocks < most, "\(shape.name)")
                // The table has about a thousand blocks.
                #expect(try await database.number("SELECT pg_relation_size('t') / 8192") > 800)
            }
        }
    }

    // MARK: Pieces

    private static func plan(_ database: TestDatabase) async throws -> RangePlan {
        let job = try await JobPlanner(connection: database.connection).plan(increment)
        // Sixteen ranges of 20,000 keys.
        let limits = Limits(workers: 1...16, batchKeys: 20_000 / 16 / 4)
        return try await database.connection.withSettings(job.session.settings) {
            try await RangePlanner(connection: database.connection).plan(job, limits: limits)
        }
    }

    /// How many rows each range really has.
    private static func counts(
        of plan: RangePlan, _ database: TestDatabase
    ) async throws -> [Int] {
        let job = try await JobPlanner(connection: database.connection).plan(increment)
        let row = job.key.map { Identifier($0.name).quoted }.joined(separator: ", ")
        func bound(_ key: KeyTuple) -> String {
            zip(key, job.key).map { "\(Literal.quoted($0))::\($1.castType)" }
                .joined(separator: ", ")
        }
        let filters = plan.ranges.map { range in
            let lower = range.lower.map { "ROW(\(row)) > ROW(\(bound($0))) AND " } ?? ""
            return "count(*) FILTER (WHERE \(lower)ROW(\(row)) <= ROW(\(bound(range.upper))))"
        }
        return try await database.connection.withSettings(job.session.settings) {
            let sql = "SELECT \(filters.joined(separator: ", ")) FROM t"
            return try await database.connection.query(sql).rows[0].map { Int($0 ?? "") ?? -1 }
        }
    }

    /// Sequential scans, and blocks read from the table itself.
    private static func reads(
        _ database: TestDatabase
    ) async throws -> (scans: Int, blocks: Int) {
        _ = try await database.connection.query("SELECT pg_stat_force_next_flush()")
        let row = try await database.connection.query(
            """
            SELECT seq_scan, heap_blks_read + heap_blks_hit FROM pg_statio_user_tables
            JOIN pg_stat_user_tables USING (relid) WHERE pg_statio_user_tables.relname = 't'
            """
        ).rows[0].map { Int($0 ?? "") ?? -1 }
        return (row[0], row[1])
    }
}
