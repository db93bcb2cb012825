import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// A partial index that holds the matching rows drives the scan.
@Suite(.timeLimit(.minutes(12))) struct SparseTests {
    private static let rows = 200_000
    private static let sparse: JobRequest = {
        var job = increment
        job.predicate = "todo"
        return job
    }()

    /// One row in 10,000 matches; statistics look at `sample` rows, by default at all.
    private static func makeTable(
        _ database: TestDatabase, index: String? = "CREATE INDEX todo ON t (id) WHERE todo",
        sample: Int = rows
    ) async throws {
        try await database.execute(
            """
            CREATE TABLE t (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0, todo boolean)
            WITH (autovacuum_enabled = off);
            INSERT INTO t (id, todo) SELECT i, i % 10000 = 0 FROM generate_series(1, \(rows)) i;
            \(index ?? "");
            SET default_statistics_target = \(max(1, (sample + 299) / 300));
            ANALYZE t;
            """)
    }

    private static func blocks(_ database: TestDatabase) async throws -> Int {
        _ = try await database.connection.query("SELECT pg_stat_force_next_flush()")
        return try await database.number(
            """
            SELECT heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit
            FROM pg_statio_user_tables WHERE relname = 't'
            """)
    }

    @Test func theIndexMakesTheRunReadItsRowsOnly() async throws {
        try await TestDatabase.with { database in
            try await Self.makeTable(database)
            let plan = try await database.sluice.plan(Self.sparse)
            #expect(plan.drivingIndex == "todo")
            #expect(plan.keysTotalEstimate == 20)
            let before = try await Self.blocks(database)
            let report = try await database.sluice.run(
                Self.sparse, options: .with(workers: 1, batch: 7))
            #expect(report.exitCode == 0)
            #expect(report.status.keysScanned == 20)
            #expect(report.status.rowsChanged == 20)
            #expect(try await database.number("SELECT sum(batches) FROM sluice.range") == 3)
            try await eventually("the statistics arrive") {
                try await database.number(
                    "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 't'") == 20
            }
            // Without the index each of the 200,000 rows is looked at.
            #expect(try await Self.blocks(database) - before < 500)
            #expect(
                try await database.number("SELECT count(*) FROM t WHERE n = 1 AND todo") == 20)
            #expect(try await database.number("SELECT count(*) FROM t WHERE n <> 0") == 20)
        }
    }

    @Test func whatStatisticsDidNotMeetIsBoundedByTheIndexsSize() async throws {
        try await TestDatabase.with { database in
            // Of 300 rows one matches with a chance of 3 %: the first sample that misses them all.
            try await Self.makeTable(database, sample: 300)
            while try await database.number(
                "SELECT reltuples::bigint FROM pg_class WHERE relname = 'todo'") > 0
            {
                try await database.execute("ANALYZE t")
            }
            let plan = try await database.sluice.plan(Self.sparse)
            #expect(plan.drivingIndex == "todo")
            #expect(plan.keysTotalEstimate == 407, "one page of entries")
        }
    }

    @Test(arguments: [
        "CREATE INDEX todo ON t (n) WHERE todo", "CREATE INDEX todo ON t (id) WHERE NOT todo",
        "CREATE INDEX todo ON t (id) WHERE todo AND n = 5", "CREATE INDEX todo ON t (todo)",
        "CREATE INDEX todo ON t ((id + 1)) WHERE todo",
    ])
    func otherIndexesDoNot(index: String) async throws {
        try await TestDatabase.with { database in
            try await Self.makeTable(database, index: index)
            #expect(try await database.sluice.plan(Self.sparse).drivingIndex == nil)
        }
    }

    @Test func aPredicateThatMoreThanImpliesTheIndexIsDrivenByIt() async throws {
        try await TestDatabase.with { database in
            try await Self.makeTable(database)
            var job = Self.sparse
            job.predicate = "n < 1 AND todo OR n > 77 AND todo"
            job.key = ["id"]
            #expect(try await database.sluice.plan(job).drivingIndex == "todo")
            let report = try await database.sluice.run(job, options: .with(workers: 2, batch: 3))
            #expect(report.status.rowsChanged == 20)
            #expect(try await database.histogram() == "0:199980 1:20")
        }
    }

    @Test func theRunIsResumedWithAndWithoutTheIndex() async throws {
        try await TestDatabase.with { database in
            try await Self.makeTable(database)
            try await database.runUntil(
                keys: 4, Self.sparse, options: .with(workers: 1, batch: 2))
            try await database.runUntil(
                keys: 8, Self.sparse, options: .with(workers: 1, batch: 2))
            try await database.execute("DROP INDEX todo")
            let report = try await database.sluice.resume(
                "1", options: .with(workers: 2, batch: 10_000))
            #expect(report.exitCode == 0)
            #expect(report.status.rowsChanged == 20)
            #expect(try await database.histogram() == "0:199980 1:20")
        }
    }

    @Test func anIndexDroppedInMidRunStopsTheRun() async throws {
        try await TestDatabase.with { database in
            try await Self.makeTable(database)
            try await database.execute("UPDATE t SET todo = true WHERE id % 4 = 0; ANALYZE t")
            try await database.slowDown(seconds: 0.05)
            async let report = database.sluice.run(
                Self.sparse, options: .with(workers: 1, batch: 20))
            try await database.waitForProgress(keys: 40)
            try await database.execute("DROP INDEX todo")
            let end = try await report
            #expect(end.exitCode == 1)
            let reason = try await database.value("SELECT error FROM sluice.run")
            #expect(reason?.contains("partial index todo") == true)
            try await database.speedUp()
            let rest = try await database.sluice.resume(
                "1", options: .with(workers: 2, batch: 5_000))
            #expect(rest.exitCode == 0)
            #expect(try await database.histogram() == "0:150000 1:50000")
        }
    }
}
