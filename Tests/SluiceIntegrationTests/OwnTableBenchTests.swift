import Sluice
import SluicePostgres
import SluiceTestSupport
import Synchronization
import Testing

@testable import SluiceBench

/// `sluice bench` on a sample of a table of one's own.
@Suite(.timeLimit(.minutes(12))) struct OwnTableBenchTests {
    /// A table with what makes a copy hard: a hostile name, a dropped column, a computed one, an
    /// identity, a type and a trigger of its own, a foreign key, a setting of the database.
    static let table = """
        CREATE SCHEMA "Sales"; CREATE TYPE "Sales".mood AS ENUM ('good', 'bad');
        CREATE TABLE customer (id integer PRIMARY KEY);
        INSERT INTO customer SELECT generate_series(1, 100);
        CREATE TABLE audit (id bigserial, number bigint);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO audit (number) VALUES (NEW."Id"); RETURN NEW; END $$;
        CREATE FUNCTION "Sales".times_hundred(numeric) RETURNS bigint IMMUTABLE LANGUAGE sql
        AS 'SELECT ($1 * 100)::bigint';
        CREATE TABLE "Sales"."Or ders" (
        "Id" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        customer integer REFERENCES customer, gone integer, price numeric(12, 2), cents bigint,
        mood "Sales".mood DEFAULT 'good', twice numeric GENERATED ALWAYS AS (price * 2) STORED,
        remark text DEFAULT 'q"\\,{}é' || chr(10));
        ALTER TABLE "Sales"."Or ders" DROP COLUMN gone;
        INSERT INTO "Sales"."Or ders" (customer, price)
        SELECT 1 + i % 100, nullif(i % 7, 0) * 1.37 FROM generate_series(1, 5000) AS i;
        CREATE INDEX ON "Sales"."Or ders" (customer);
        CREATE INDEX ON "Sales"."Or ders" (price) WHERE mood = 'good';
        CREATE TRIGGER noting AFTER UPDATE ON "Sales"."Or ders" FOR EACH ROW
        EXECUTE FUNCTION note();
        ANALYZE;
        """

    func plan(
        _ database: TestDatabase, _ strategies: [any BatchStrategy], rows: Int = 2_000,
        _ change: (inout OwnTable) -> Void = { _ in }
    ) throws -> BenchPlan {
        var own = OwnTable(
            parameters: try ConnectionParameters(dsn: database.dsn), table: "\"Or ders\"",
            column: "cents", expression: "times_hundred(price)")
        change(&own)
        var plan = BenchPlan(strategies: strategies, scenarios: [], rows: [rows], rounds: 1)
        plan.ownTable = own
        return plan
    }

    static var some: [any BatchStrategy] {
        let names = [
            "single", "limit-loop", "offset", "locked-cte", "modulo", "ctid", "fixed-2x5000",
            StrategyList.ours,
        ]
        return StrategyList.all.filter { names.contains($0.name) }
    }

    static let isLeft = "SELECT count(*) FROM pg_database WHERE datname LIKE $1 || '%'"

    @Test func aSampleIsFilledByAllAndTheTableIsNotTouched() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Self.table)
            try await database.alterDatabase("search_path TO \"Sales\", public")
            // Where each version of each row lies, and who wrote it.
            let state = """
                SELECT sum(hashtextextended(ctid::text || xmin::text || xmax::text, 0))
                FROM "Sales"."Or ders"
                """
            try await database.execute("VACUUM (FREEZE) \"Sales\".\"Or ders\"")
            let before = try await database.value(state)
            let made = Names()
            let report = try await Bench(try plan(database, Self.some)) { event in
                made.note(event)
            }.run()
            let section = try #require(report.sections.first)
            #expect(
                section.title == "\"Sales\".\"Or ders\", a sample of about 5000: cents = "
                    + "times_hundred(price)")
            // Of pages that are chosen by chance, in the order in which they lie.
            #expect((1_000...3_000).contains(section.rows), "\(section.rows)")
            // A price that is NULL gives cents that are: such rows are filled from the start.
            #expect(abs(Double(section.rowsDue) / Double(section.rows) - 6.0 / 7) < 0.01)
            for entry in section.entries {
                #expect(entry.problem == nil, "\(entry.strategy): \(entry.problem ?? "")")
                #expect(entry.rounds.first?.updatesPerRow == 1, "\(entry.strategy)")
            }
            #expect(report.notes?.contains("the table's triggers ran in the copy") == true)
            let names = made.all
            #expect(names.count == 2)
            for name in names {
                let left = try await database.connection.query(Self.isLeft, [.text(name)]).scalar
                #expect(left == "0")
            }
            // Only this test has written here: what it said before, and nothing else.
            #expect(try await database.value("SELECT count(*) FROM audit") == "0")
            #expect(
                try await database.value("SELECT count(cents) FROM \"Sales\".\"Or ders\"") == "0")
            #expect(try await database.value("SELECT to_regclass('sluice.run')") == nil)
            #expect(try await database.value(state) == before)
        }
    }

    @Test func partitionsAndKeysOfOnesChoiceAreCopiedToo() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE parts (id bigint NOT NULL, day integer NOT NULL, cents bigint,
                UNIQUE (day, id)) PARTITION BY RANGE (day);
                CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (5);
                CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (5) TO (10);
                INSERT INTO parts SELECT i, i % 10 FROM generate_series(1, 3000) AS i;
                ANALYZE parts;
                """)
            let plan = try plan(database, Self.some, rows: 10_000) { own in
                own.table = "parts"
                own.expression = "id + day"
                own.key = ["day", "id"]
                own.predicate = "day <> 3"
            }
            let report = try await Bench(plan).run()
            let section = try #require(report.sections.first)
            #expect(section.rows == 3_000 && section.rowsDue == 2_700)
            for entry in section.entries {
                let problem = entry.problem ?? ""
                let cannot = ["modulo", "ctid"].contains(entry.strategy)
                #expect(problem.hasPrefix("cannot: ") == cannot, "\(entry.strategy): \(problem)")
                #expect(cannot || problem.isEmpty, "\(entry.strategy): \(problem)")
            }
        }
    }

    /// Says that it has begun, and waits until it is cancelled.
    private struct Endless: BatchStrategy {
        let name = "endless"
        let rule = "never ends"
        let hasBegun: Flag

        func fill(_ target: FillTarget) async throws {
            let connection = try await PostgresConnection.connect(target.parameters)
            hasBegun.set()
            _ = try await connection.query("SELECT pg_sleep(3600)")
        }
    }

    @Test func oneThatIsStoppedLeavesNoDatabase() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Self.table)
            try await database.alterDatabase("search_path TO \"Sales\", public")
            let hasBegun = Flag()
            let made = Names()
            let plan = try plan(database, [Endless(hasBegun: hasBegun)])
            let isCancelled = try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do {
                        _ = try await Bench(plan) { event in
                            made.note(event)
                        }.run()
                        return false
                    } catch {
                        return error is CancellationError
                    }
                }
                try await eventually("it has begun", within: .seconds(60)) { hasBegun.isSet }
                group.cancelAll()
                return try await group.next()
            }
            #expect(isCancelled == true)
            for name in made.all {
                let left = try await database.connection.query(Self.isLeft, [.text(name)]).scalar
                #expect(left == "0", "\(name)")
            }
        }
    }

    @Test func aRoleThatMakesDatabasesAndReadsTheTableIsEnough() async throws {
        try await TestDatabase.with { database in
            let name = try await database.value("SELECT current_database()") ?? ""
            let role = "bench_\(name)"
            try await database.execute(
                """
                CREATE SCHEMA shop; CREATE SCHEMA hidden;
                CREATE TABLE hidden.secret (id integer PRIMARY KEY);
                CREATE TABLE shop."Oth er" (id integer PRIMARY KEY);
                CREATE VIEW shop.both AS SELECT id FROM hidden.secret UNION SELECT id FROM
                shop."Oth er";
                CREATE TABLE shop.orders (id bigint PRIMARY KEY, price numeric, cents bigint,
                other integer REFERENCES shop."Oth er");
                INSERT INTO shop.orders SELECT i, i * 1.5 FROM generate_series(1, 2000) AS i;
                CREATE INDEX ON shop.orders (price); ANALYZE shop.orders;
                CREATE ROLE "\(role)" LOGIN CREATEDB;
                GRANT USAGE ON SCHEMA shop TO "\(role)";
                GRANT SELECT ON shop.orders TO "\(role)";
                """)
            let names = [StrategyList.reference, StrategyList.ours]
            let made = Names()
            let plan = try plan(database, StrategyList.all.filter { names.contains($0.name) }) {
                own in
                own.parameters = own.parameters.setting("user", to: role)
                own.table = "shop.orders"
                own.expression = "price * 100"
            }
            let report = try await Bench(plan) { event in
                made.note(event)
            }.run()
            let section = try #require(report.sections.first)
            #expect(section.entries.map(\.strategy) == names)
            for entry in section.entries {
                #expect(entry.problem == nil, "\(entry.strategy): \(entry.problem ?? "")")
                #expect(entry.rounds.count == 1, "\(entry.strategy)")
            }
            #expect(report.notes?.contains { $0.contains("this role may not read") } == true)
            #expect(made.all.count == 2)
            for name in made.all {
                let left = try await database.connection.query(Self.isLeft, [.text(name)]).scalar
                #expect(left == "0", "\(name)")
            }
            try await database.execute("DROP OWNED BY \"\(role)\"; DROP ROLE \"\(role)\"")
        }
    }

    @Test func aPartitionThatCannotBeReadIsNamed() async throws {
        try await TestDatabase.with { database in
            let name = try await database.value("SELECT current_database()") ?? ""
            let role = "bench_\(name)"
            try await database.execute(
                """
                CREATE TABLE parts (id bigint PRIMARY KEY, cents bigint) PARTITION BY RANGE (id);
                CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (5);
                INSERT INTO parts VALUES (1); ANALYZE parts;
                CREATE ROLE "\(role)" LOGIN CREATEDB; GRANT SELECT ON parts TO "\(role)";
                """)
            let plan = try plan(database, StrategyList.all.filter { $0.name == "single" }) { own in
                own.parameters = own.parameters.setting("user", to: role)
                own.table = "parts"
                own.expression = "id"
            }
            let error = await #expect(throws: BenchError.self) { _ = try await Bench(plan).run() }
            #expect(error?.description.contains("GRANT SELECT ON public.parts_1") == true)
            try await database.execute("DROP OWNED BY \"\(role)\"; DROP ROLE \"\(role)\"")
        }
    }

    /// Fills by one UPDATE, and says in which tablespace that was.
    private struct Looking: BatchStrategy {
        let name = "looking"
        let rule = "looks where its database lies"
        let seen: Names

        func fill(_ target: FillTarget) async throws {
            try await target.parameters.withSession { connection in
                let place = try await connection.query(
                    """
                    SELECT t.spcname FROM pg_database d JOIN pg_tablespace t
                    ON t.oid = d.dattablespace WHERE d.datname = current_database()
                    """
                ).scalar
                seen.add(place ?? "")
                _ = try await connection.query("UPDATE t SET n = 7")
            }
        }
    }

    @Test func copiesLieInTheDatabasesTablespaceWhereTheRoleMay() async throws {
        try await TestDatabase.with { database in
            // A tablespace without a folder of its own is of PostgreSQL 15 and newer.
            guard database.connection.serverVersion >= 150_000 else { return }
            let name = try await database.value("SELECT current_database()") ?? ""
            let (place, elsewhere, role) = ("place_\(name)", "elsewhere_\(name)", "bench_\(name)")
            // One by one: none of them may be part of a transaction.
            for statement in [
                "SET allow_in_place_tablespaces = on", "CREATE TABLESPACE \(place) LOCATION ''",
                "CREATE DATABASE \(elsewhere) TEMPLATE template0 TABLESPACE \(place)",
                "CREATE ROLE \(role) LOGIN CREATEDB",
            ] { try await database.execute(statement) }
            let parameters = try ConnectionParameters(dsn: database.dsn)
                .setting("dbname", to: elsewhere)
            try await parameters.withSession { session in
                _ = try await session.execute(
                    script: """
                        CREATE TABLE t (id bigint PRIMARY KEY, n integer);
                        INSERT INTO t SELECT generate_series(1, 100); ANALYZE t;
                        GRANT SELECT ON t TO \(role);
                        """)
            }
            let seen = Names()
            let plan = try plan(database, [Looking(seen: seen)]) { own in
                own.parameters = parameters.setting("user", to: role)
                own.table = "t"
                own.column = "n"
                own.expression = "7"
            }
            for may in [false, true] {
                if may {
                    try await database.execute("GRANT CREATE ON TABLESPACE \(place) TO \(role)")
                }
                let report = try await Bench(plan).run()
                let problem = try #require(report.sections.first?.entries.first).problem
                #expect(problem == nil)
                let isSaid = report.notes?.contains { $0.contains("lie in another tablespace") }
                #expect(isSaid == !may)
            }
            #expect(seen.all == ["pg_default", place])
            for statement in [
                "DROP DATABASE \(elsewhere) WITH (FORCE)", "DROP TABLESPACE \(place)",
                "DROP ROLE \(role)",
            ] { try await database.execute(statement) }
        }
    }

    @Test func aLedgerOthersDatabasesAndAHostileSettingAreNoObstacle() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 500, extra: ", s text, more integer")
            try await database.execute(
                """
                ALTER TABLE t DROP CONSTRAINT t_pkey;
                ALTER TABLE t ADD PRIMARY KEY (id) INCLUDE (more);
                """)
            // A run of before, whose ledger has no place in the copy.
            _ = try await database.sluice.run(increment, options: RunOptions())
            try await database.alterDatabase("statement_timeout TO '1ms'")
            let plan = try plan(database, Self.some) { own in
                own.table = "t"
                own.column = "more"
                own.expression = "id - 250"
            }
            let notes = Notes()
            // Another benchmark is under way, and says so.
            try await database.execute("SET statement_timeout = 0")
            let report = try await Bench(plan) { event in
                notes.note(event)
            }.run()
            for entry in try #require(report.sections.first).entries {
                #expect(entry.problem == nil, "\(entry.strategy): \(entry.problem ?? "")")
            }
            #expect(notes.all.contains { $0.contains("in the database's tablespace") })
        }
    }

    @Test func aBenchmarkThatIsUnderWayIsNotCalledLeftBehind() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Self.table)
            try await database.alterDatabase("search_path TO \"Sales\", public")
            let orphan = "sluice_bench_77_template"
            _ = try await database.execute("CREATE DATABASE \(orphan)")
            let hasBegun = Flag()
            let made = Names()
            let first = try plan(database, [Endless(hasBegun: hasBegun)])
            let second = try plan(database, StrategyList.all.filter { $0.name == "single" })
            let notes = Notes()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try? await Bench(first) { made.note($0) }.run() }
                try await eventually("it has begun", within: .seconds(60)) { hasBegun.isSet }
                _ = try await Bench(second) { notes.note($0) }.run()
                group.cancelAll()
            }
            let said = notes.all.joined(separator: " ")
            #expect(said.contains("\(orphan) was left behind"))
            for name in made.all { #expect(!said.contains(name), "\(name)") }
            try await database.execute("DROP DATABASE \(orphan)")
        }
    }

    @Test func strangersDoNotGetIntoTheCopies() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Self.table)
            try await database.alterDatabase("search_path TO \"Sales\", public")
            let isOpen = Flag()
            let seen = Names()
            let plan = try plan(database, [Endless(hasBegun: isOpen)])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try? await Bench(plan) { seen.note($0) }.run() }
                try await eventually("it has begun", within: .seconds(60)) { isOpen.isSet }
                for name in seen.all {
                    let may = try await database.connection.query(
                        "SELECT has_database_privilege('pg_monitor', $1, 'CONNECT')", [.text(name)])
                    #expect(may.scalar == "f", "\(name)")
                }
                group.cancelAll()
            }
        }
    }

    @Test func whatCannotBeDoneIsSaidAndNothingIsLeft() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (id bigint PRIMARY KEY, n integer, more json);
                INSERT INTO t SELECT i, i / 2 FROM generate_series(1, 100) AS i;
                CREATE TABLE keyless (id bigint, n integer); CREATE VIEW v AS SELECT * FROM t;
                """)
            let cases: [(String, (inout OwnTable) -> Void)] = [
                ("there is no table nope", { $0.table = "nope" }),
                ("public.v is no table", { $0.table = "v" }),
                ("public.t has no column nope", { $0.column = "nope" }),
                ("name unique columns with --key", { $0.table = "keyless" }),
                ("no column other", { $0.key = ["other"] }),
                ("gives something else each time", { $0.expression = "(random() * 1e9)::int" }),
                ("no row of the sample of 100 is left", { $0.predicate = "id > 100" }),
                ("no row of the sample of 100 is left", { $0.expression = "id / 2" }),
                ("column \"nope\" does not exist", { $0.expression = "nope" }),
                ("(n) is no key of public.t", { $0.key = ["n"] }),
                ("values of the type json cannot be compared", { $0.column = "more" }),
                (
                    "reads \"public\".\"keyless\", which is empty",
                    { $0.expression = "(SELECT max(n) FROM keyless)" }
                ),
            ]
            let made = Names()
            for (sentence, change) in cases {
                let plan = try plan(database, Self.some) { own in
                    own.table = "t"
                    own.column = "n"
                    own.expression = "id + 1"
                    change(&own)
                }
                do {
                    _ = try await Bench(plan) { event in
                        made.note(event)
                    }.run()
                    Issue.record("not refused: \(sentence)")
                } catch {
                    #expect("\(error)".contains(sentence), "\(error)")
                }
            }
            for name in made.all {
                let left = try await database.connection.query(Self.isLeft, [.text(name)]).scalar
                #expect(left == "0", "\(name)")
            }
        }
    }
}

/// Something that has happened or not.
private final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
}

/// The databases that benchmarks said they make.
final class Names: Sendable {
    private let names = Mutex<[String]>([])
    var all: [String] { names.withLock { $0 } }
    func add(_ name: String) { names.withLock { $0.append(name) } }
    func note(_ event: BenchEvent) {
        if case .creating(let made) = event { names.withLock { $0 += made } }
    }
}

/// What benchmarks said beside.
private final class Notes: Sendable {
    private let notes = Mutex<[String]>([])
    var all: [String] { notes.withLock { $0 } }
    func note(_ event: BenchEvent) {
        if case .note(let note) = event { notes.withLock { $0.append(note) } }
    }
}
