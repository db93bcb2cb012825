import SluicePostgres
import SluiceSandbox
import SluiceTestSupport
import Testing

/// The statements of `sluice doctor --grants` are enough, and none of them is too many.
@Suite(.timeLimit(.minutes(12))) struct GrantTests {
    /// A server whose defaults give nobody anything: a table and a partitioned one of another role,
    /// in schemas of that role, and a role that may log in.
    private static let setup = #"""
        REVOKE ALL ON DATABASE "Shop" FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC;
        CREATE ROLE keeper; CREATE ROLE "My ""app""" LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB;
        CREATE SCHEMA stock AUTHORIZATION keeper; CREATE SCHEMA "Old stock" AUTHORIZATION keeper;
        SET ROLE keeper;
        CREATE TABLE stock.t (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0);
        INSERT INTO stock.t SELECT generate_series(1, 20000);
        CREATE TABLE stock."Parts" (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0)
        PARTITION BY RANGE (id);
        CREATE TABLE stock.new PARTITION OF stock."Parts" FOR VALUES FROM (1000) TO (MAXVALUE);
        CREATE TABLE "Old stock"."1" PARTITION OF stock."Parts"
        FOR VALUES FROM (MINVALUE) TO (1000);
        INSERT INTO stock."Parts" SELECT generate_series(1, 2000);
        ANALYZE stock.t; ANALYZE stock."Parts";
        CREATE FUNCTION stock.slow() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(0.1); RETURN NULL; END $$;
        CREATE TRIGGER slow BEFORE UPDATE ON stock.t FOR EACH STATEMENT
        EXECUTE FUNCTION stock.slow();
        """#
    private static let role = "My \"app\""

    /// A primary with a replica: its lag has to be seen, too.
    private static func with(
        settings: [String: String] = [:],
        _ body: (_ database: TestDatabase, _ dsn: String) async throws -> Void
    ) async throws {
        try await withSandbox(SandboxOptions(replicas: 1, settings: settings)) { sandbox in
            let server = sandbox.primary
            let name = try await server.createDatabase("Shop")
            try await server.psql(setup, database: name)
            let admin = try await PostgresConnection.connect(
                try ConnectionParameters(dsn: server.dsn(database: name)))
            let dsn = server.dsn(database: name)
            try await body(
                TestDatabase(dsn: dsn, connection: admin),
                server.dsn(database: name, user: role))
            await admin.close()
        }
    }

    private static func printed(_ database: TestDatabase, _ table: String) async throws -> String {
        let outcome = try await database.command(
            ["doctor", "--grants", "--table", table, "--role", role])
        try #require(outcome.code == 0, "\(outcome.text)")
        return outcome.text
    }

    private static let job = ["--table", "stock.t", "--set", "n = n + 1"]

    @Test func aRoleWithNothingElseDoesEverythingWithARun() async throws {
        try await Self.with { database, dsn in
            #expect(try await SluiceProcess.run(["plan"] + Self.job, dsn: dsn).code == 69)
            try await database.execute(try await Self.printed(database, "stock.t"))
            let doctor = try await SluiceProcess.run(["doctor"], dsn: dsn)
            #expect(doctor.code == 0 && doctor.text.contains("can be watched"), "\(doctor.text)")
            let plan = try await SluiceProcess.run(["plan"] + Self.job, dsn: dsn)
            #expect(plan.code == 0, "\(plan.text)")

            let small = ["--workers", "2", "--batch", "50", "--progress", "plain"]
            let run = try SluiceProcess(["run"] + Self.job + small, dsn: dsn)
            try await eventually("batches commit") {
                guard run.isRunning else { throw ConditionNotMet(description: run.errors) }
                return try await database.keysScanned() > 0
            }
            for arguments in [["tune", "t.n", "--workers", "3"], ["status"], ["pause", "t.n"]] {
                let outcome = try await SluiceProcess.run(arguments, dsn: dsn)
                #expect(outcome.code == 0, "\(outcome.text)")
            }
            #expect(try await run.wait() == 3)
            try await database.execute("DROP FUNCTION stock.slow() CASCADE")
            let resumed = try await SluiceProcess.run(["resume", "t.n"], dsn: dsn)
            #expect(resumed.code == 0, "\(resumed.text)")
            #expect(
                try await database.value("SELECT min(n) || ' ' || max(n) FROM stock.t") == "1 1")
        }
    }

    @Test func noStatementCanBeLeftOut() async throws {
        try await Self.with { database, dsn in
            let statements = try await Self.printed(database, "stock.t")
                .split(separator: "\n").filter { !$0.hasPrefix("--") }
            #expect(statements.count == 5)
            let role = Identifier(Self.role).quoted
            // The empty one at last: with all of them the run succeeds.
            for omitted in statements + [""] {
                try await database.execute(
                    "DROP SCHEMA IF EXISTS sluice CASCADE; DROP OWNED BY \(role);"
                        + "REVOKE pg_read_all_stats FROM \(role);"
                        + statements.filter { $0 != omitted }.joined(separator: "\n"))
                #expect(try await database.value("SELECT max(n) FROM stock.t") == "0")
                let run = ["run"] + Self.job + ["--batch", "20000", "--progress", "plain"]
                let outcome = try await SluiceProcess.run(run, dsn: dsn)
                #expect((outcome.code == 0) == omitted.isEmpty, "\(omitted): \(outcome.text)")
            }
        }
    }

    @Test func whereTheLogIsArchivedTheRoleSeesWhatWaits() async throws {
        try await Self.with(settings: ["archive_mode": "on"]) { database, dsn in
            let script = try await Self.printed(database, "stock.t")
            let less = script.replacing("GRANT pg_monitor", with: "GRANT pg_read_all_stats")
            #expect(script != less)
            try await database.execute(less)
            let cure = "GRANT pg_monitor TO \(Identifier(Self.role).quoted)"
            let run = ["run"] + Self.job + ["--batch", "20000", "--progress", "plain"]
            let blind = try await SluiceProcess.run(run, dsn: dsn)
            #expect(blind.code == 0 && blind.text.contains(cure), "\(blind.text)")
            let warned = try await SluiceProcess.run(["doctor"], dsn: dsn)
            #expect(warned.code == 0 && warned.text.contains("holds no batch back"))
            #expect(warned.text.contains(cure), "\(warned.text)")

            try await database.execute(try await Self.printed(database, "stock.t"))
            let seeing = try await SluiceProcess.run(run + ["--fresh", "--yes"], dsn: dsn)
            #expect(seeing.code == 0 && !seeing.text.contains(cure), "\(seeing.text)")
            let content = try await SluiceProcess.run(["doctor"], dsn: dsn)
            #expect(content.text.contains("what waits for it can be watched"), "\(content.text)")
        }
    }

    @Test func partitionsInOtherSchemasAreGrantedAsWell() async throws {
        try await Self.with { database, dsn in
            try await database.execute(try await Self.printed(database, "stock.\"Parts\""))
            let job = ["--table", "stock.\"Parts\"", "--set", "n = n + 1", "--progress", "plain"]
            let outcome = try await SluiceProcess.run(["run"] + job, dsn: dsn)
            #expect(outcome.code == 0, "\(outcome.text)")
            #expect(
                try await database.value("SELECT min(n) || ' ' || max(n) FROM stock.\"Parts\"")
                    == "1 1")
        }
    }

    @Test func theScriptFollowsWhatIsThere() async throws {
        try await Self.with { database, dsn in
            // The name alone is enough where it is the only one, on the search path or not.
            let first = try await Self.printed(database, "t")
            #expect(first.contains("ON TABLE \"stock\".\"t\" TO \"My \"\"app\"\"\";"))
            try await database.execute(first)
            let run = try await SluiceProcess.run(
                ["run"] + Self.job + ["--batch", "20000"], dsn: dsn)
            #expect(run.code == 0, "\(run.text)")

            // A second role shares the ledger that the first one's run made.
            try await database.execute("CREATE ROLE other LOGIN")
            let second = try await database.command(
                ["doctor", "--grants", "--table", "stock.t", "--role", "other"])
            try await database.execute(second.text)
            let other = dsn.replacing("My%20%22app%22", with: "other")
            let again = try await SluiceProcess.run(
                ["run", "--table", "stock.t", "--set", "n = 7", "--name", "second", "--yes"],
                dsn: other)
            #expect(again.code == 0, "\(again.text)")

            let unknown = try await database.command(["doctor", "--grants", "--role", "new-one"])
            #expect(unknown.text.contains("CREATE ROLE \"new-one\" LOGIN"))
            let missing = try await database.command(["doctor", "--grants", "--table", "x.t"])
            #expect(missing.code == 64 && missing.text.contains("no table x.t"))
            #expect(try await database.command(["doctor", "--table", "stock.t"]).code == 64)
        }
    }
}
