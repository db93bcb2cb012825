import Foundation
import Sluice
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import SluiceMigration

/// Migrations whose process is killed, again and again.
@Suite(.timeLimit(.minutes(60))) struct KilledMigrationTests {
    /// A migration, and how to tell that nothing was lost.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let setup: String
        let operations: String
        /// All values of the old shape, as one text.
        let old: String
        /// True at the end.
        let new: String
        /// Some of the schema at the end.
        let parts: [String]
        /// Steps after which a start is given up.
        let givenUpAt: [Int]

        var file: String { "migration: m\noperations:\n" + operations }
    }

    static let cases = [
        Case(
            testDescription: "a type, NOT NULL, an index, a unique constraint",
            setup: """
                CREATE TABLE products (id bigint PRIMARY KEY, price numeric(12, 2) NOT NULL,
                name text);
                INSERT INTO products SELECT i, i * 1.25, 'p' || i
                FROM generate_series(1, 2000) AS i;
                """,
            operations: """
                  - change_type: { table: products, column: price, to: price_cents, type: bigint,
                                   not_null: true, up: (price * 100)::bigint,
                                   down: price_cents / 100.0 }
                  - set_not_null: { table: products, column: name }
                  - create_index: { table: products, name: by_name, columns: [name, id] }
                  - add_unique: { table: products, columns: [name] }
                """,
            old: "SELECT string_agg(ROW(id, price, name)::text, '' ORDER BY id) FROM products",
            new: "SELECT sum(price_cents) = \(125 * 2_000 * 2_001 / 2) FROM products",
            parts: [
                "price_cents bigint NOT NULL", "name text NOT NULL", "INDEX by_name",
                "products_name_key UNIQUE",
            ], givenUpAt: [3, 7]),
        Case(
            testDescription: "all other operations",
            setup: """
                CREATE TABLE a (id integer PRIMARY KEY, n text, old text NOT NULL, x integer);
                INSERT INTO a SELECT i, 'N' || i, 'o' || i, i FROM generate_series(1, 1000) AS i;
                CREATE TABLE k (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n integer);
                INSERT INTO k (n) SELECT i FROM generate_series(1, 1000) AS i;
                CREATE TABLE r (id integer PRIMARY KEY, k integer REFERENCES k, a integer,
                note text);
                INSERT INTO r SELECT i, i, i FROM generate_series(1, 1000) AS i;
                CREATE INDEX useless ON r (note);
                CREATE TABLE t1 (id integer PRIMARY KEY); CREATE TABLE gone (id integer);
                CREATE TABLE parts (id integer, day integer) PARTITION BY RANGE (day);
                CREATE TABLE day_1 PARTITION OF parts FOR VALUES FROM (1) TO (2);
                CREATE TABLE day_2 PARTITION OF parts FOR VALUES FROM (2) TO (3);
                """,
            operations: """
                  - add_column: { table: a, column: slug, type: text, up: lower(n), not_null: true }
                  - rename_column: { table: a, column: x, to: y }
                  - drop_column: { table: a, column: old, down: "''" }
                  - change_primary_key: { table: k, column: id, type: bigint }
                  - add_check: { table: a, name: positive, check: id > 0 }
                  - add_foreign_key: { table: r, columns: a, references: a (id) }
                  - set_default: { table: r, column: note, default: "'x'" }
                  - rename_table: { table: t1, to: t2 }
                  - create_index: { table: parts, name: by_day, columns: [day, id] }
                  - drop_table: { table: gone }
                  - drop_index: { name: useless }
                  - sql: { up: 'ALTER TABLE r ADD COLUMN done integer NOT NULL DEFAULT 0',
                           down: 'ALTER TABLE r DROP COLUMN done', table: r,
                           batches: 'UPDATE r SET done = done + 1 WHERE :range' }
                """,
            old: """
                SELECT (SELECT string_agg(ROW(id, n, old, x)::text, '' ORDER BY id) FROM a)
                || (SELECT string_agg(ROW(id, n)::text, '' ORDER BY id) FROM k)
                || (SELECT string_agg(ROW(id, k, a, note)::text, '' ORDER BY id) FROM r)
                """,
            new: """
                SELECT (SELECT bool_and(slug = lower(n) AND y = id) AND count(*) = 1000 FROM a)
                AND (SELECT bool_and(id = n) AND count(*) = 1000 FROM k)
                AND (SELECT bool_and(done = 1) AND count(*) = 1000 FROM r)
                """,
            parts: [
                "slug text NOT NULL", "positive CHECK", "r_k_fkey FOREIGN KEY",
                "r_a_fkey FOREIGN KEY", "TABLE public.t2", "by_day", "DEFAULT 'x'::text",
            ], givenUpAt: [5, 18]),
    ]

    /// One here; as many as are wanted by hand.
    static let seeds: [UInt64] = {
        let wanted = ProcessInfo.processInfo.environment["SLUICE_MIGRATION_SEEDS"]
        return Array(1...(wanted.flatMap { UInt64($0) } ?? 1))
    }()

    /// Kills of one command at the most.
    private static let killsMax = 12

    @Test(arguments: cases, seeds)
    func whereverItIsKilledItEndsInTheRightSchema(_ one: Case, _ seed: UInt64) async throws {
        try await TestDatabase.with { database in
            try await database.execute(one.setup + "ANALYZE;")
            let path = FileManager.default.temporaryDirectory
                .appending(path: "m-\(UUID().uuidString).yaml")
            try Data(one.file.utf8).write(to: path)
            defer { try? FileManager.default.removeItem(at: path) }
            let before = try await Made.schema(database)
            let values = try await database.value(one.old)
            let start = ["migrate", "start", path.path], back = ["migrate", "rollback", "m"]
            var killer = Killer(database, seed: seed, killsMax: Self.killsMax)
            try await killer.survive(start)
            try await killer.survive(back)
            #expect(try await Made.schema(database) == before)
            #expect(try await database.value(one.old) == values)
            // Back from the middle of a start that nobody carried on.
            for most in one.givenUpAt {
                let begun = try SluiceProcess(start, dsn: database.dsn)
                try await eventually("\(most) steps are done") {
                    try await killer.steps() >= most || !begun.isRunning
                }
                try await begun.kill9()
                try await killer.survive(back)
                #expect(try await Made.schema(database) == before, "\(most)")
                #expect(try await database.value(one.old) == values, "\(most)")
            }
            try await killer.survive(start)
            let migrator = Migrator(try ConnectionParameters(dsn: database.dsn))
            try await migrator.switchReads("m")
            try await killer.survive(["migrate", "complete", "m"])
            #expect(killer.places.count >= 6, "killed at \(killer.places.sorted())")
            #expect(try await database.value(one.new) == "t")
            let after = try await Made.schema(database)
            for part in one.parts { #expect(after.contains(part), "\(part)") }
            #expect(!after.contains("sluice"))
            try note(one, killer)
        }
    }

    /// A line for each case, where figures are wanted.
    private func note(_ one: Case, _ killer: Killer) throws {
        guard let path = ProcessInfo.processInfo.environment["SLUICE_MIGRATION_FIGURES"] else {
            return
        }
        let line =
            "killed \(killer.kills) times, with \(killer.places.sorted()) steps done: "
            + "\(one.testDescription)\n"
        let file = URL(filePath: path)
        let before = (try? Data(contentsOf: file)) ?? Data()
        try (before + Data(line.utf8)).write(to: file)
    }

    /// Numbers that are the same in each run of the tests.
    struct SeededNumbers {
        private var state: UInt64
        init(_ seed: UInt64) { state = seed }
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }
}

/// Runs commands and kills them.
private struct Killer {
    private let database: TestDatabase
    private let killsMax: Int
    private var seed: KilledMigrationTests.SeededNumbers
    /// At how many steps something was killed.
    private(set) var places: Set<Int> = []
    private(set) var kills = 0

    init(_ database: TestDatabase, seed: UInt64, killsMax: Int) {
        self.database = database
        self.killsMax = killsMax
        self.seed = KilledMigrationTests.SeededNumbers(seed)
    }

    /// Runs a command, kills it as soon as the number of steps that are done is another, some
    /// looks later, and runs it again until it ends by itself.
    mutating func survive(_ arguments: [String]) async throws {
        var count = 0
        while true {
            let before = try await steps()
            let process = try SluiceProcess(arguments, dsn: database.dsn)
            // Between two steps, or within the next one.
            let looks = Int(seed.next() % 12)
            var later = 0
            while process.isRunning, later <= looks {
                if try await steps() != before || later > 0 { later += 1 }
            }
            if process.isRunning, count < killsMax {
                try await process.kill9()
                places.insert(try await steps())
                count += 1
                kills += 1
                continue
            }
            let code = try await process.wait()
            #expect(code == 0, "\(process.errors)")
            return
        }
    }

    func steps() async throws -> Int {
        guard try await database.value("SELECT to_regclass('sluice.migration_step')") != nil else {
            return 0
        }
        return try await database.number("SELECT count(*) FROM sluice.migration_step")
    }
}
