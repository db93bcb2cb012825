import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// What a copy and a move make of what is already in their target, and of who interferes.
@Suite(.timeLimit(.minutes(12))) struct CopyTests {
    private static func with(
        _ target: String, rows: Int = 500,
        _ body: @escaping @Sendable (TestDatabase) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: rows)
            try await database.execute(target)
            try await body(database)
        }
    }

    private static let filled = """
        CREATE TABLE u (id bigint PRIMARY KEY, n integer, kept text DEFAULT 'new');
        INSERT INTO u SELECT i, -1, 'old' FROM generate_series(1, 500, 5) i;
        """

    private static func groups(_ database: TestDatabase) async throws -> String? {
        try await database.value(
            """
            SELECT string_agg(n || kept || ':' || c, ' ' ORDER BY n, kept)
            FROM (SELECT n, kept, count(*) AS c FROM u GROUP BY n, kept) g
            """)
    }

    @Test(arguments: [ConflictPolicy.error, .nothing, .update])
    func aCopyDoesAsThePolicySaysWithRowsThatAreThere(policy: ConflictPolicy) async throws {
        try await Self.with(Self.filled) { database in
            let report = try await database.sluice.run(
                JobRequest(kind: .copy, table: "t", target: "u", onConflict: policy),
                options: .with(workers: 2, batch: 50))
            switch policy {
            case .error:
                #expect(report.exitCode == 4)
                let list = try await database.sluice.quarantine("1")
                #expect(list.count == 100)
                #expect(list.allSatisfy { $0.message.contains("u_pkey") })
                #expect(report.status.rowsChanged == 400)
                #expect(try await database.number("SELECT count(*) FROM u WHERE n = -1") == 100)
            case .nothing:
                #expect(report.status.rowsChanged == 400)
                #expect(try await Self.groups(database) == "-1old:100 0new:400")
            case .update:
                #expect(report.status.rowsChanged == 500)
                #expect(try await Self.groups(database) == "0new:400 0old:100")
            }
        }
    }

    @Test(arguments: [ConflictPolicy.error, .update])
    func aMoveDeletesOnlyWhatArrived(policy: ConflictPolicy) async throws {
        try await Self.with(Self.filled) { database in
            let report = try await database.sluice.run(
                JobRequest(
                    kind: .move, table: "t", predicate: "true", target: "u", onConflict: policy),
                options: .with(workers: 2, batch: 50))
            let left = try await database.number("SELECT count(*) FROM t")
            if policy == .error {
                #expect(report.exitCode == 4)
                #expect(left == 100)
                #expect(report.status.rowsQuarantined == 100)
            } else {
                #expect(report.exitCode == 0)
                #expect(left == 0)
                #expect(try await Self.groups(database) == "0new:400 0old:100")
            }
        }
    }

    @Test func aMoveWhoseTargetSwallowsRowsLosesNoneAndSaysSo() async throws {
        let target = """
            CREATE TABLE u (id bigint, n integer);
            CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RETURN CASE WHEN NEW.id % 100 = 42 THEN NULL ELSE NEW END; END $$;
            CREATE TRIGGER swallow BEFORE INSERT ON u FOR EACH ROW EXECUTE FUNCTION swallow();
            """
        try await Self.with(target) { database in
            let job = JobRequest(kind: .move, table: "t", predicate: "id > 0", target: "u")
            let report = try await database.sluice.run(job, options: .with(workers: 1, batch: 10))
            #expect(report.exitCode == 4)
            let sentence = "only 0 of 1 rows deleted from public.t arrived in public.u"
            let list = try await database.sluice.quarantine("1")
            #expect(list.map(\.key) == [["42"], ["142"], ["242"], ["342"], ["442"]])
            #expect(list.allSatisfy { $0.message.contains(sentence) }, "\(list)")
            let all = try await database.value(
                """
                SELECT count(DISTINCT id) || ' ' || count(*) || ' '
                || bool_and(of_t = (id % 100 = 42))
                FROM (SELECT id, true FROM t UNION ALL SELECT id, false FROM u) a (id, of_t)
                """)
            #expect(all == "500 500 true")
            try await database.execute("DROP FUNCTION swallow() CASCADE")
            #expect(try await database.sluice.retryQuarantined("1").rowsChanged == 5)
            #expect(try await database.number("SELECT count(DISTINCT id) FROM u") == 500)
            #expect(try await database.number("SELECT count(*) FROM t") == 0)
        }
    }

    @Test(arguments: [JobKind.copy, .move])
    func generatedIdentityDefaultAndLiteralColumnsAreFilledRight(kind: JobKind) async throws {
        let target = """
            ALTER TABLE t ADD g integer GENERATED ALWAYS AS (n + 1) STORED,
            ADD s bigint GENERATED ALWAYS AS IDENTITY;
            CREATE TABLE u (s bigint GENERATED ALWAYS AS IDENTITY, id bigint NOT NULL,
            g integer, twice bigint GENERATED ALWAYS AS (id * 2) STORED, d date, m integer,
            w varchar(9) NOT NULL DEFAULT 'new') PARTITION BY HASH (id);
            CREATE TABLE u0 PARTITION OF u FOR VALUES WITH (MODULUS 2, REMAINDER 0);
            CREATE TABLE u1 PARTITION OF u FOR VALUES WITH (MODULUS 2, REMAINDER 1);
            """
        try await Self.with(target) { database in
            let job = JobRequest(
                kind: kind, table: "t",
                assignments: [
                    Assignment(column: "d", expression: "'2001-02-03'"),
                    Assignment(column: "m", expression: "NULL"),
                ], predicate: "true", target: "public.u")
            let report = try await database.sluice.run(job, options: .with(workers: 2, batch: 50))
            #expect(report.exitCode == 0, "\(report.message)")
            let filled = try await database.value(
                """
                SELECT count(*) || ' ' || count(DISTINCT s) || ' ' || bool_and(s BETWEEN 1 AND 500
                AND g = 1 AND twice = id * 2 AND d = '2001-02-03' AND m IS NULL AND w = 'new')
                FROM u
                """)
            #expect(filled == "500 500 true")
        }
    }

    @Test func aTargetThatIsReplacedInMidRunIsNotFilled() async throws {
        try await Self.with("CREATE TABLE u (id bigint, n integer)", rows: 20_000) { database in
            try await database.hold("INSERT", on: "u")
            let process = try database.start([
                "run", "--table", "t", "--into", "u", "--batch", "50", "--workers", "2",
                "--progress", "plain",
            ])
            try await database.waitForProgress(keys: 200)
            try await database.execute(
                "BEGIN; ALTER TABLE u RENAME TO old; CREATE TABLE u (LIKE old); COMMIT")
            #expect(try await process.wait(within: .seconds(20)) == 1)
            #expect(process.errors.contains("public.u"), "\(process.errors)")
            #expect(try await database.number("SELECT count(*) FROM u") == 0)
            let scanned = try await database.keysScanned()
            #expect(try await database.number("SELECT count(*) FROM old") == scanned)
        }
    }

    @Test func rowsThatAreWrittenMeanwhileAreMovedAsTheyAreThen() async throws {
        try await Self.with("CREATE TABLE u (id bigint, n integer)", rows: 100) { database in
            let writer = try await database.connect("writer")
            _ = try await writer.execute(script: "BEGIN; UPDATE t SET n = 7 WHERE id = 60")
            let process = try database.start([
                "run", "--kind", "move", "--table", "t", "--into", "u", "--where", "id > 0",
                "--progress", "plain", "--batch", "10",
            ])
            try await eventually("the run waits") { process.output.contains("writer") }
            _ = try await writer.execute(script: "COMMIT")
            #expect(try await process.wait() == 0)
            #expect(try await database.number("SELECT n FROM u WHERE id = 60") == 7)
            await writer.close()
        }
    }

    @Test func silencedTriggersDoNotFireAndTheLedgerRemembers() async throws {
        let target = """
            CREATE TABLE u (id bigint, n integer);
            CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE 'it fired'; END $$;
            CREATE TRIGGER break BEFORE INSERT ON u FOR EACH ROW EXECUTE FUNCTION break();
            CREATE TRIGGER break BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION break();
            """
        try await Self.with(target) { database in
            var job = JobRequest(kind: .move, table: "t", predicate: "true", target: "u")
            let loud = try await database.sluice.run(job)
            #expect(loud.exitCode == 1)
            #expect(loud.message.contains("it fired"))
            job.disablesTriggers = true
            var options = RunOptions.with(workers: 2, batch: 50)
            options.fresh = true
            let plan = try await database.sluice.plan(job, options: options)
            #expect(plan.warnings.contains { $0.contains("foreign keys") })
            #expect(!plan.warnings.contains { $0.contains("break") })
            #expect(try await database.sluice.run(job, options: options).exitCode == 0)
            #expect(try await database.number("SELECT count(*) FROM u") == 500)
            #expect(
                try await database.value(
                    "SELECT detail ->> 'disablesTriggers' FROM sluice.run WHERE id = 2") == "true")
        }
    }
}
