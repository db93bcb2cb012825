import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// An index on what `--where` asks for neither gets a job refused nor is walked by its batches.
@Suite(.timeLimit(.minutes(12))) struct PredicateIndexTests {
    private static let rows = 20_000
    static let kinds: [JobKind] = [.update, .delete, .copy, .move]
    static let keys: [(columns: String, values: String)] = [
        ("id bigint PRIMARY KEY", "i"), ("id uuid PRIMARY KEY", "md5(i::text)::uuid"),
        ("a integer, id text COLLATE \"C\", PRIMARY KEY (a, id)", "i % 100, 'k' || i"),
    ]

    /// One row in a thousand matches, which an index on its column alone finds at once.
    private static func makeTable(_ database: TestDatabase, key: Int, index: String) async throws {
        let (columns, values) = keys[key]
        try await database.execute(
            """
            CREATE TABLE t (\(columns), n integer NOT NULL DEFAULT 0, state text, todo boolean)
            WITH (autovacuum_enabled = off);
            INSERT INTO t SELECT \(values), 0, 's' || i % 1000, i % 1000 = 7
            FROM generate_series(1, \(rows)) i;
            CREATE INDEX aside ON t \(index);
            CREATE TABLE u (LIKE t);
            ANALYZE t;
            """)
    }

    private static func job(_ kind: JobKind, where predicate: String) -> JobRequest {
        JobRequest(
            kind: kind, table: "t", assignments: kind == .update ? increment.assignments : [],
            predicate: predicate, target: kind == .copy || kind == .move ? "u" : nil)
    }

    @Test(arguments: kinds, keys.indices)
    func theKeyStillBoundsEveryBatch(kind: JobKind, key: Int) async throws {
        for (index, predicate) in [("(todo)", "todo"), ("(state)", "state = 's7' -- or so")] {
            try await TestDatabase.with { database in
                try await Self.makeTable(database, key: key, index: index)
                let job = Self.job(kind, where: predicate)
                let report = try await database.sluice.run(
                    job, options: .with(workers: 2, batch: 1_000))
                #expect(report.exitCode == 0)
                // Before anything else asks for these rows: the index has served nobody.
                try await database.execute("SELECT pg_stat_force_next_flush()")
                #expect(
                    try await database.number(
                        "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'aside'")
                        == 0)
                #expect(report.status.rowsChanged == 20)
                #expect(report.status.keysScanned == Self.rows)
                let isGone = kind == .delete || kind == .move
                #expect(
                    try await database.number("SELECT count(*) FROM t WHERE todo")
                        == (isGone ? 0 : 20))
                #expect(
                    try await database.number("SELECT sum(n) FROM t")
                        == (kind == .update ? 20 : 0))
                #expect(
                    try await database.number("SELECT count(*) FROM u WHERE todo")
                        == (kind == .copy || kind == .move ? 20 : 0))
            }
        }
    }

    /// Beside it an index on the other half of the predicate, which the planner would take for
    /// the change.
    @Test func aDrivingIndexGivesWayWhereAnotherIndexWouldBeWalked() async throws {
        try await TestDatabase.with { database in
            try await Self.makeTable(database, key: 0, index: "(state)")
            try await database.execute(
                "CREATE INDEX driver ON t (id) WHERE todo IS NOT NULL; ANALYZE t")
            let job = Self.job(.update, where: "todo IS NOT NULL AND state = 's7'")
            #expect(try await database.sluice.plan(job).drivingIndex == nil)
            let report = try await database.sluice.run(job)
            #expect(report.exitCode == 0)
            #expect(try await database.histogram() == "0:19980 1:20")
        }
    }

    /// Whoever changes a row while a batch waits for it decides whether it still matches.
    @Test func aRowThatIsChangedMeanwhileIsJudgedAsItIsThen() async throws {
        try await TestDatabase.with { database in
            try await Self.makeTable(database, key: 0, index: "(todo)")
            let other = try await database.connect("the other")
            // No writer yet, or the run would wait for it before it begins.
            _ = try await other.execute(
                script: "BEGIN; SELECT FROM t WHERE id IN (7, 1007) FOR UPDATE")
            let job = Self.job(.update, where: "todo")
            async let report = database.sluice.run(job, options: .with(workers: 1, batch: 2_000))
            try await eventually("a batch waits for the rows") {
                try await database.number(
                    """
                    SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
                    AND datname = current_database() AND application_name LIKE 'sluice %'
                    """) > 0
            }
            _ = try await other.execute(
                script: """
                    UPDATE t SET todo = false WHERE id = 7;
                    UPDATE t SET state = 'seen' WHERE id = 1007;
                    COMMIT
                    """)
            await other.close()
            #expect(try await report.exitCode == 0)
            let changed = try await database.value(
                "SELECT string_agg(n::text, ' ' ORDER BY id) FROM t WHERE id IN (7, 1007, 2007)")
            #expect(changed == "0 1 1")
        }
    }

    @Test(arguments: ["t", "t x"])
    func aStatementThatWouldWalkSuchAnIndexIsRefusedWithTheCure(table: String) async throws {
        let range = table == "t" ? ":range" : ":range(x)"
        try await TestDatabase.with { database in
            try await Self.makeTable(database, key: 0, index: "(todo)")
            let start = "UPDATE \(table) SET n = n + 1 WHERE \(range) AND "
            var job = JobRequest(kind: .statement, table: "t", statement: start + "todo")
            let error = await #expect(throws: SluiceError.self) {
                try await database.sluice.run(job)
            }
            #expect(error?.message.contains("CASE WHEN … THEN true END") == true)
            job.statement = start + "(CASE WHEN todo THEN true END)"
            #expect(try await database.sluice.run(job).exitCode == 0)
            #expect(try await database.histogram() == "0:19980 1:20")
        }
    }

    @Test(arguments: ["", "CREATE UNIQUE INDEX ON places (id);"])
    func aStatementMayJoinASmallTable(index: String) async throws {
        try await TestDatabase.with { database in
            try await Self.makeTable(database, key: 0, index: "(todo)")
            try await database.execute(
                """
                CREATE TABLE places AS SELECT i AS id, 'p' || i AS name
                FROM generate_series(0, 999) i;
                \(index)
                ANALYZE places;
                """)
            let job = JobRequest(
                kind: .statement, table: "t",
                statement: """
                    UPDATE t x SET state = p.name, n = n + 1 FROM places p
                    WHERE p.id = x.id % 1000 AND :range(x)
                    """)
            let report = try await database.sluice.run(
                job, options: .with(workers: 2, batch: 1_000))
            #expect(report.exitCode == 0)
            #expect(try await database.histogram() == "1:\(Self.rows)")
            let wrong = "SELECT count(*) FROM t WHERE state <> 'p' || id % 1000"
            #expect(try await database.number(wrong) == 0)
        }
    }
}
