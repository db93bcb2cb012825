import SluicePostgres
import SluiceTestSupport
import Testing

@testable import SluiceBench

/// What a benchmark of a table of one's own does not do to the server that others use.
extension OwnTableBenchTests {
    /// Fills the copy, and then drops the template, as an administrator might.
    private struct Saboteur: BatchStrategy {
        let name = "saboteur"
        let rule = "fills its copy and drops the template"

        func fill(_ target: FillTarget) async throws {
            let copy = target.parameters["dbname"] ?? ""
            try await target.parameters.withSession { connection in
                _ = try await connection.query(
                    "UPDATE \(target.job.table) SET \(target.job.assignment) "
                        + "WHERE \(target.job.remaining)")
                let template = copy.replacing("_copy", with: "_template")
                _ = try await connection.query("DROP DATABASE \(template) WITH (FORCE)")
            }
        }
    }

    /// What an hour has found is not thrown away with the round that fails.
    @Test func whatWasFoundIsKeptWhereALaterRoundFails() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Self.table)
            try await database.alterDatabase("search_path TO \"Sales\", public")
            let single = StrategyList.all.filter { $0.name == StrategyList.reference }
            let report = try await Bench(try plan(database, single + [Saboteur()] + single)).run()
            let entries = try #require(report.sections.first).entries
            #expect(entries.map(\.rounds.count) == [1, 1, 0])
            #expect(report.problem?.contains("ended early") == true)
            #expect(report.hasFailures)
        }
    }

    /// Of a table that others inherit from, one whose statistics know of few of its rows, and one
    /// with a partition that nobody counted, no sample is made, and nothing is left.
    @Test func tablesWhoseSizeIsNotKnownAreRefused() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (id bigint PRIMARY KEY, n integer);
                INSERT INTO t SELECT i, i FROM generate_series(1, 30000) AS i; ANALYZE t;
                UPDATE pg_class SET reltuples = 5 WHERE relname = 't';
                CREATE TABLE parent (id bigint PRIMARY KEY, n integer);
                CREATE TABLE child () INHERITS (parent); ANALYZE parent;
                CREATE TABLE parts (id bigint PRIMARY KEY, n integer, more text)
                PARTITION BY RANGE (id);
                CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
                CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (1000000)
                WITH (autovacuum_enabled = off);
                INSERT INTO parts
                SELECT i, 1, repeat('x', 1900) FROM generate_series(0, 40000) AS i;
                ANALYZE parts_1;
                """)
            let made = Names()
            for (sentence, table) in [
                ("has far more rows than its statistics say", "t"),
                ("other tables inherit from public.parent", "parent"),
                ("nobody knows how many rows public.parts has", "parts"),
            ] {
                let plan = try plan(database, Self.some) { own in
                    own.table = table
                    own.column = "n"
                    own.expression = "id + 1"
                }
                let error = await #expect(throws: BenchError.self) {
                    _ = try await Bench(plan) { made.note($0) }.run()
                }
                #expect(error?.description.contains(sentence) == true, "\(table)")
            }
            for name in made.all {
                let left = try await database.connection.query(Self.isLeft, [.text(name)]).scalar
                #expect(left == "0", "\(name)")
            }
        }
    }

    /// Rows are reckoned by the pages that there are now, and indexes are those of the partitions.
    @Test func aTableThatHasGrownSinceItWasCountedIsReckonedByItsPages() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE parts (id bigint PRIMARY KEY, n integer) PARTITION BY RANGE (id);
                CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000000)
                WITH (autovacuum_enabled = off);
                INSERT INTO parts SELECT i, 1 FROM generate_series(1, 5000) AS i; ANALYZE parts;
                INSERT INTO parts SELECT i, 1 FROM generate_series(5001, 20000) AS i;
                """)
            let row = try await database.connection.query(
                OwnTableSQL.table, [.text("parts")]
            ).rows.first
            let rows = Int(row?[2] ?? "") ?? 0
            #expect(rows > 19_000 && rows < 21_000, "\(rows)")
            #expect((Int(row?[7] ?? "") ?? 0) > 300_000)
        }
    }

    /// Whoever waits for the table, and everybody behind, does not wait for a sample.
    @Test func aSamplesCopyMakesWay() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (id bigint PRIMARY KEY, n integer);
                INSERT INTO t SELECT i, i FROM generate_series(1, 200000) AS i; ANALYZE t;
                CREATE SCHEMA other; CREATE TABLE other.t (id bigint, n integer);
                """)
            let (source, target) = (try await database.connect(), try await database.connect())
            _ = try await target.execute(script: "SET search_path = other")
            // A row at a time: it takes seconds.
            let sample = SampleCopy(
                table: "t", columns: ["id", "n"], rowsTotal: 200_000, rowsWanted: 200_000,
                bytes: 200_000 << 30, askedEvery: .milliseconds(10))
            @Sendable func complaint() async -> String {
                do {
                    return "none: \(try await sample.run(from: source, to: target)) rows"
                } catch {
                    return "\(error)"
                }
            }
            async let copied = complaint()
            try await eventually("the sample is being copied") {
                try await database.number(
                    "SELECT count(*) FROM pg_locks WHERE relation = 'public.t'::regclass") > 0
            }
            try await database.execute("SET lock_timeout = '20s'; TRUNCATE public.t")
            let said = await copied
            #expect(said.contains("the benchmark made way"), "\(said)")
            await source.close()
            await target.close()
        }
    }

    /// A slot that nobody reads is named, and keeps no more log than it may.
    @Test func logThatIsKeptForNobodyHasAnEnd() async throws {
        try await TestDatabase.with(alone: true) { database in
            let none = try await LogKeepers(connection: database.connection).warnings()
            #expect(none.isEmpty)
            let slot = "bench_\(Int.random(in: 1...1_000_000_000))"
            try await database.execute(
                "SELECT pg_create_physical_replication_slot('\(slot)', true)")
            do {
                let said = try await LogKeepers(connection: database.connection).warnings()
                #expect(said.first?.contains(slot) == true)
                try await LogKeepers(connection: database.connection).requireRoom()
                try await database.execute("CREATE TABLE t AS SELECT generate_series(1, 1000)")
                var narrow = LogKeepers(connection: database.connection)
                narrow.keptBytesMost = 1
                let keeper = narrow
                let error = await #expect(throws: BenchError.self) {
                    try await keeper.requireRoom()
                }
                #expect(error?.description.contains("the replication slot \(slot)") == true)
            } catch {
                Issue.record(error)
            }
            try await database.execute("SELECT pg_drop_replication_slot('\(slot)')")
        }
    }

    /// A pooler may lead elsewhere: to the very database that has the table.
    @Test func anotherDatabaseThanAskedForIsRefused() async throws {
        try await TestDatabase.with { database in
            let parameters = try ConnectionParameters(dsn: database.dsn)
            let name = try await database.value("SELECT current_database()") ?? ""
            try await BenchDatabases.requireReached(parameters, named: name)
            let error = await #expect(throws: BenchError.self) {
                try await BenchDatabases.requireReached(parameters, named: "sluice_bench_1_copy")
            }
            #expect(error?.description.contains("name the server itself") == true)
        }
    }
}
