import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// A batch reads a bounded part of the table, whatever the statistics say.
@Suite(.timeLimit(.minutes(12))) struct PlanTests {
    static let keys: [(type: String, value: String)] = [
        ("bigint", "i"), ("uuid", "md5(i::text)::uuid"), ("text", "md5(i::text)"),
    ]

    /// Rows that the server has read, from the table as a whole and three times as many from its
    /// index, per row of the table.
    private static func readShare(_ database: TestDatabase, rows: Int) async throws -> Double {
        try await database.execute("SELECT pg_stat_force_next_flush()")
        let read = try await database.number(
            """
            SELECT (sum(seq_tup_read) + sum(idx_tup_read) / 3)::bigint
            FROM pg_stat_user_tables JOIN pg_stat_user_indexes USING (relid)
            WHERE pg_stat_user_tables.relname = 't'
            """)
        return Double(read) / Double(rows)
    }

    @Test(arguments: keys.indices, [false, true])
    func noBatchReadsTheWholeTable(key: Int, analyzed: Bool) async throws {
        let (type, value) = Self.keys[key]
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (k \(type) PRIMARY KEY, n integer NOT NULL DEFAULT 0)
                WITH (autovacuum_enabled = off);
                INSERT INTO t (k) SELECT \(value) FROM generate_series(1, 100000) i;
                """)
            if analyzed { try await database.execute("ANALYZE t") }
            // Of so many rows the 32 pages that a forecast looks at are a small share.
            let before = try await Self.readShare(database, rows: 100_000)
            // Lanes read keys in other ways, and have a test of their own.
            var options = RunOptions.with(workers: 2, batch: 100)
            options.limits.lanes = .off
            let report = try await database.sluice.run(increment, options: options)
            #expect(report.exitCode == 0)
            try await eventually("the statistics arrive") {
                try await database.number(
                    "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 't'") == 100_000
            }
            #expect(try await Self.readShare(database, rows: 100_000) - before < 1)
        }
    }

    @Test func aSubSelectThatReadsTheWholeTableInEachBatchIsRefused() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1_000)
            let job = JobRequest(
                table: "t",
                assignments: [Assignment(column: "n", expression: "(SELECT max(u.n) FROM t u)")])
            let error = await #expect(throws: SluiceError.self) {
                _ = try await database.sluice.run(job)
            }
            #expect(error?.kind == .refused)
        }
    }

    @Test(arguments: ["DROP CONSTRAINT t_pkey", "DROP COLUMN n", "ALTER COLUMN n TYPE text"])
    func aTableChangedInMidRunStopsTheRunWithTheCure(change: String) async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 60_000)
            try await database.slowDown(seconds: 0.05)
            let process = try database.startIncrement(workers: 2, batch: 50)
            try await database.waitForProgress(keys: 200)
            try await database.execute("ALTER TABLE t \(change)")
            #expect(try await process.wait(within: .seconds(20)) == 1)
            #expect(process.errors.contains("resume"), "\(process.errors)")
            #expect(process.errors.contains(change.contains("pkey") ? "index" : "n"))
            #expect(try await database.value("SELECT state FROM sluice.run") == "failed")
            #expect(try await database.keysScanned() >= 200)
            #expect(try await database.ownedRanges() == 0)
        }
    }

    @Test func anIndexThatComesBackLetsTheRunFinish() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 2_000)
            try await database.runUntil(
                keys: 100, increment, options: .with(workers: 2, batch: 20))
            try await database.execute("ALTER TABLE t DROP CONSTRAINT t_pkey")
            let error = await #expect(throws: SluiceError.self) {
                _ = try await database.sluice.resume("1")
            }
            #expect(error?.kind == .refused)
            try await database.execute("ALTER TABLE t ADD PRIMARY KEY (id)")
            // Other tests' transactions may be older than the index, which hides it until they end.
            try await eventually("the new index can be used", within: .seconds(60)) {
                do {
                    return try await database.sluice.resume("1").exitCode == 0
                } catch let error as SluiceError where error.kind == .refused {
                    return false
                }
            }
            #expect(try await database.histogram() == "1:2000")
        }
    }
}
