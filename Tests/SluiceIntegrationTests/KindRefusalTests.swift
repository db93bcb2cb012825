import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// What a job of a kind beside update is refused for, and what is said before it begins.
@Suite(.timeLimit(.minutes(12))) struct KindRefusalTests {
    private static let tables = """
        CREATE TABLE u (id bigint PRIMARY KEY, n integer);
        CREATE TABLE strict (id bigint, why text NOT NULL);
        CREATE TABLE loose (id bigint, n integer);
        CREATE TABLE other (a integer, b integer);
        CREATE TABLE wrong (id date);
        CREATE VIEW v AS SELECT * FROM u;
        CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
        CREATE FOREIGN TABLE f (id bigint) SERVER s;
        CREATE TABLE p (id bigint PRIMARY KEY, n integer) PARTITION BY RANGE (id);
        CREATE TABLE p1 PARTITION OF p DEFAULT;
        CREATE SEQUENCE q;
        """

    private static func copy(
        _ target: String, _ set: [String: String] = [:], from table: String = "t",
        kind: JobKind = .copy, policy: ConflictPolicy? = nil
    ) -> JobRequest {
        JobRequest(
            kind: kind, table: table,
            assignments: set.map { Assignment(column: $0.key, expression: $0.value) },
            predicate: "true", target: target, onConflict: policy)
    }

    private static func statement(_ sql: String) -> JobRequest {
        JobRequest(kind: .statement, table: "t", statement: sql)
    }

    static let refused: [(JobRequest, String)] = [
        (copy("nowhere"), "CREATE TABLE nowhere (LIKE public.t"), (copy("no where"), "--into"),
        (copy("v"), "is a view"), (copy("f"), "foreign table"), (copy("q"), "is not a table"),
        (copy("t"), "the very rows"), (copy("p", from: "p1"), "the very rows"),
        (copy("pg_catalog.pg_class"), "system table"), (copy("other"), "nothing to copy"),
        (copy("strict"), "needs a value for why"), (copy("wrong"), "type"),
        (copy("loose", policy: .update), "--on-conflict update"),
        (copy("u", ["z": "1"]), "no column z"),
        (copy("u", kind: .move, policy: .nothing), "not copy"),
        (copy("u", ["n": "max(n)", "id": "1"]), "aggregate"),
        (copy("u", ["n": "generate_series(1, 2)"]), "set-returning"),
        (copy("u", ["n": "row_number() OVER ()"]), "window"),
        (copy("u", ["n": "1) FROM t; DROP TABLE t; --"]), "--set n"),
        (copy("u", ["n": "1), (2"]), "--set n"), (copy("u", ["n": "zz"], kind: .move), "zz"),
        (JobRequest(kind: .delete, table: "t"), "--yes"),
        (JobRequest(kind: .move, table: "t", target: "u"), "--yes"),
        (JobRequest(kind: .delete, table: "t", predicate: "true) OR (true"), "--where"),
        (statement("DELETE FROM t WHERE id > 5"), ":range"),
        (statement("DELETE FROM t WHERE :range RETURNING id"), "RETURNING"),
        (statement("DELETE FROM t WHERE :range RETURNING 1), x AS (DELETE FROM u"), "RETURNING"),
        (statement("DELETE FROM t WHERE :range AND false), x AS (DELETE FROM u"), "parenthesis"),
        (statement("DELETE FROM t WHERE :range; DROP TABLE u"), "more than one"),
        (statement("DELETE FROM t WHERE :range AND id = $1"), "$1"),
        (statement("DELETE FROM t USING u WHERE t.id = u.id AND :range"), ":range(alias)"),
        (statement("DELETE FROM t WHERE :range AND zz"), "zz"),
        (statement("INSERT INTO u SELECT id, n FROM t WHERE :range OR n = 1"), "scan"),
        (statement("UPDATE sluice_fence SET n = 1 WHERE :range"), "sluice_fence"),
        (statement("WITH x AS (DELETE FROM u RETURNING 1) DELETE FROM t WHERE :range"), "WITH"),
    ]

    /// On one database, since nothing of it may be changed.
    @Test func whatCannotBeDoneExactlyIsRefused() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 100)
            try await database.execute(Self.tables)
            for (job, words) in Self.refused {
                let error = await #expect(throws: SluiceError.self, "\(job)") {
                    _ = try await database.sluice.run(job)
                }
                #expect(error?.kind == .refused)
                #expect(error?.message.contains(words) == true, "\(job): \(error?.message ?? "")")
                #expect(error?.message.contains("\n") == false)
            }
            #expect(try await database.histogram() == "0:100")
            #expect(try await database.value("SELECT to_regnamespace('sluice')") == nil)
        }
    }

    @Test func aConfirmedJobMayEmptyItsTable() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 100)
            var options = RunOptions.with(workers: 1, batch: 10)
            let job = JobRequest(kind: .delete, table: "t")
            #expect(try await database.sluice.plan(job).refusals.contains { $0.contains("--yes") })
            options.confirmed = true
            #expect(try await database.sluice.plan(job, options: options).refusals.isEmpty)
            #expect(try await database.sluice.run(job, options: options).exitCode == 0)
            #expect(try await database.histogram() == "")
        }
    }

    @Test func missingPrivilegesAreNamedByKind() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 10)
            let role = "kinds_\(UInt32.random(in: 0 ... .max))"
            try await database.execute(
                """
                CREATE TABLE u (id bigint PRIMARY KEY, n integer);
                CREATE ROLE \(role) LOGIN; GRANT SELECT ON t TO \(role);
                """)
            let parameters = try ConnectionParameters(dsn: database.dsn)
            let sluice = Sluice(parameters.setting("user", to: role))
            var silent = JobRequest(kind: .delete, table: "t", predicate: "true")
            silent.disablesTriggers = true
            for (job, words) in [
                (Self.copy("u"), "GRANT INSERT"), (silent, "may not silence triggers"),
                (JobRequest(kind: .delete, table: "t", predicate: "true"), "GRANT SELECT, DELETE"),
            ] {
                let error = await #expect(throws: SluiceError.self) {
                    _ = try await sluice.run(job)
                }
                #expect(error?.kind == .refused)
                #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
            }
            try await database.execute("DROP OWNED BY \(role); DROP ROLE \(role)")
        }
    }

    // MARK: Warnings

    @Test func whatADeleteSetsOffIsSaid() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 10)
            try await database.execute(
                """
                CREATE TABLE gone (id bigint REFERENCES t ON DELETE CASCADE);
                CREATE TABLE nulled (a int, id bigint REFERENCES t ON DELETE SET NULL);
                CREATE INDEX ON nulled (id, a);
                CREATE TABLE kept (a int, id bigint REFERENCES t); CREATE INDEX ON kept (a, id);
                CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RETURN OLD; END $$;
                CREATE TRIGGER "on Delete" AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION noop();
                CREATE TRIGGER on_update AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION noop();
                CREATE TRIGGER per_statement AFTER DELETE ON t EXECUTE FUNCTION noop();
                """)
            let plan = try await database.sluice.plan(
                JobRequest(kind: .delete, table: "t", predicate: "id = 1"))
            let text = plan.warnings.joined(separator: "\n")
            for words in [
                "deletes the rows of gone that refer to it (ON DELETE CASCADE), by gone_id_fkey",
                "scans all of gone", "empties columns of nulled", "scans all of kept",
                "a row that kept still refers to cannot be deleted", "by kept_id_fkey",
                "fire for every row deleted from public.t: \"on Delete\"",
            ] {
                #expect(text.contains(words), "\(words) in \(text)")
            }
            for words in ["scans all of nulled", "on_update", "per_statement"] {
                #expect(!text.contains(words), "\(words) in \(text)")
            }
            #expect(plan.refusals.isEmpty)
            #expect(plan.kind == .delete)
        }
    }

    // MARK: The first lower bound

    /// A key's type, its first value, and whether a lower one is known.
    static let firstKeys: [(type: String, values: [String], isKnown: Bool)] = [
        ("bigint", ["1", "5"], true), ("integer", ["-2147483647", "0"], true),
        ("integer", ["-2147483648", "0"], false), ("smallint", ["-32768", "7"], false),
        ("bigint", ["-9223372036854775808", "1"], false), ("text", ["a", "b"], true),
        ("text", ["", "b"], false), ("varchar(5)", ["a", "b"], true),
        ("date", ["0044-03-15 BC", "2000-01-01"], true),
        ("date", ["-infinity", "2000-01-01"], false),
        ("timestamptz", ["2000-01-01", "infinity"], true), ("bytea", ["\\\\x00", "\\\\x01"], true),
        ("numeric(9, 2)", ["-5.5", "NaN"], true), ("float8", ["-Infinity", "1"], false),
        (
            "uuid",
            ["00000000-0000-0000-0000-000000000001", "f0000000-0000-0000-0000-000000000000"], true
        ),
        ("inet", ["10.0.0.1", "10.0.0.2"], false),
    ]

    @Test(arguments: firstKeys.indices)
    func theFirstRowIsAboveTheLowerBoundOrTheJobIsRefused(index: Int) async throws {
        let (type, values, isKnown) = Self.firstKeys[index]
        try await TestDatabase.with { database in
            let rows = values.map { "(E'\($0)')" }.joined(separator: ", ")
            try await database.execute(
                """
                CREATE TABLE t (k \(type) PRIMARY KEY, n integer NOT NULL DEFAULT 0);
                INSERT INTO t (k) VALUES \(rows);
                """)
            let bounds = "UPDATE t SET n = n + 1 WHERE k > :lower AND k <= :upper"
            if isKnown {
                let report = try await database.sluice.run(Self.statement(bounds))
                #expect(report.exitCode == 0)
            } else {
                let error = await #expect(throws: SluiceError.self) {
                    _ = try await database.sluice.run(Self.statement(bounds))
                }
                #expect(error?.kind == .refused)
                #expect(error?.message.contains("use :range") == true, "\(error?.message ?? "")")
                let range = Self.statement("UPDATE t SET n = n + 1 WHERE :range")
                #expect(try await database.sluice.run(range).exitCode == 0)
            }
            #expect(try await database.histogram() == "1:2")
        }
    }

    @Test(arguments: [("'x'", true), ("''", false)])
    func aCompositeFirstKeyIsLoweredWhereItCanBe(first: String, isKnown: Bool) async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (a integer, b text, n integer NOT NULL DEFAULT 0,
                PRIMARY KEY (a, b));
                INSERT INTO t VALUES (-2147483648, \(first)), (-2147483648, 'y'), (3, '');
                """)
            let job = Self.statement(
                "UPDATE t SET n = n + 1 WHERE (a, b) > :lower AND (a, b) <= :upper")
            if isKnown {
                let report = try await database.sluice.run(
                    job, options: .with(workers: 1, batch: 1))
                #expect(report.exitCode == 0)
            } else {
                await #expect(throws: SluiceError.self) { _ = try await database.sluice.run(job) }
            }
            #expect(try await database.histogram() == (isKnown ? "1:3" : "0:3"))
        }
    }

    @Test func aBackslashOfUnclearMeaningIsRefused() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 10)
            try await database.alterDatabase("standard_conforming_strings = off")
            for (sql, isFine) in [
                ("UPDATE t SET n = 1 WHERE :range AND '\\'' :upper' <> 'a'", false),
                ("UPDATE t SET n = 1 WHERE :range AND ' :upper' <> 'a'", true),
            ] {
                let job = Self.statement(sql)
                if isFine {
                    #expect(try await database.sluice.run(job).exitCode == 0)
                } else {
                    let error = await #expect(throws: SluiceError.self) {
                        _ = try await database.sluice.run(job)
                    }
                    #expect(error?.message.contains("standard_conforming_strings") == true)
                }
            }
            #expect(try await database.histogram() == "1:10")
        }
    }

    @Test func aStatementIsNotDoneTwiceUnasked() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 100)
            let job = Self.statement("UPDATE t SET n = n + 1 WHERE :range")
            #expect(try await database.sluice.run(job).status.job == "t.statement")
            let again = try await database.sluice.run(job)
            #expect(!again.didWork)
            var options = RunOptions()
            options.fresh = true
            let error = await #expect(throws: SluiceError.self) {
                _ = try await database.sluice.run(job, options: options)
            }
            #expect(error?.message.contains("--yes") == true)
            #expect(try await database.histogram() == "1:100")
            options.confirmed = true
            #expect(try await database.sluice.run(job, options: options).exitCode == 0)
            #expect(try await database.histogram() == "2:100")
        }
    }

    @Test func anotherKindUnderTheSameNameIsAnotherJob() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 100)
            try await database.execute(
                "CREATE TABLE u (id bigint, n integer); CREATE TABLE w (LIKE u)")
            var job = Self.copy("u")
            job.name = "j"
            #expect(try await database.sluice.run(job).exitCode == 0)
            try await database.execute("UPDATE sluice.run SET state = 'paused'")
            for (other, word) in [
                (Self.copy("w"), "into"), (Self.copy("u", ["n": "1"]), "set"),
                (Self.copy("u", kind: .move), "kind"),
                (Self.copy("u", policy: .nothing), "on_conflict"),
            ] {
                var other = other
                other.name = "j"
                let error = await #expect(throws: SluiceError.self) {
                    _ = try await database.sluice.run(other)
                }
                #expect(error?.kind == .refused)
                #expect(error?.message.contains("differs from it in: \(word)") == true)
            }
        }
    }
}
