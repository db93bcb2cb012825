import Foundation
import Sluice
import SluiceCore
import SluicePostgres
import SluiceSandbox
import SluiceTestSupport
import Synchronization
import Testing

@testable import SluiceMigration

/// Migrations on a real server.
@Suite(.timeLimit(.minutes(12))) struct MigratorTests {
    // MARK: - Each operation

    static let operations: [(String, String)] = [
        (Made.cents, "SELECT sum(price_cents) = 562687500 AND count(*) = 3000 FROM products"),
        (
            "rename_column: { table: products, column: name, to: title }",
            "SELECT count(title) = 3000 FROM products"
        ),
        (
            "rename_column: { table: products, column: name, to: title, instant: true }",
            "SELECT count(title) = 3000 FROM products"
        ),
        (
            "add_column: { table: products, column: note, type: text }",
            "SELECT count(note) = 0 FROM products"
        ),
        (
            "add_column: { table: products, column: stars, type: integer, default: 5, "
                + "not_null: true }", "SELECT sum(stars) = 15000 FROM products"
        ),
        (
            "add_column: { table: products, column: slug, type: text, up: lower(name), "
                + "not_null: true }", "SELECT bool_and(slug = lower(name)) FROM products"
        ),
        (
            "drop_column: { table: products, column: name }",
            "SELECT count(*) = 3 FROM information_schema.columns WHERE table_name = 'products'"
        ),
        (
            "drop_column: { table: products, column: price, down: '0' }",
            "SELECT count(*) = 3 FROM information_schema.columns WHERE table_name = 'products'"
        ),
        (
            "create_index: { table: products, name: by_shop, columns: [shop, id], unique: true }",
            "SELECT indisvalid AND indisunique FROM pg_index WHERE indexrelid = 'by_shop'::regclass"
        ),
        (
            "set_not_null: { table: products, column: name }",
            "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'products'::regclass "
                + "AND attname = 'name'"
        ),
        (
            "set_not_null: { table: products, column: shop, up: '1' }",
            "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'products'::regclass "
                + "AND attname = 'shop'"
        ),
        (
            "add_check: { table: products, name: positive, check: price > 0 }",
            "SELECT convalidated FROM pg_constraint WHERE conname = 'positive'"
        ),
        (
            "add_foreign_key: { table: products, columns: shop, references: shops (id) }",
            "SELECT convalidated FROM pg_constraint WHERE conname = 'products_shop_fkey'"
        ),
        (
            "add_unique: { table: products, columns: [name] }",
            "SELECT contype = 'u' FROM pg_constraint WHERE conname = 'products_name_key'"
        ),
        (
            "set_default: { table: products, column: name, default: \"'x'\" }",
            "SELECT pg_get_expr(adbin, adrelid) LIKE '''x''%' FROM pg_attrdef "
                + "WHERE adrelid = 'products'::regclass"
        ),
        (
            "rename_table: { table: products, to: goods }",
            "SELECT count(*) = 3000 AND to_regclass('products') IS NULL FROM goods"
        ),
        ("drop_table: { table: shops }", "SELECT to_regclass('shops') IS NULL"),
        (
            "change_primary_key: { table: narrow, column: id, type: bigint }",
            "SELECT format_type(atttypid, -1) = 'bigint' AND attnotnull AND (SELECT contype = 'p' "
                + "FROM pg_constraint WHERE conname = 'narrow_pkey') FROM pg_attribute "
                + "WHERE attrelid = 'narrow'::regclass AND attname = 'id'"
        ),
        (
            "change_primary_key: { table: counted, column: id, type: bigint }",
            "SELECT format_type(atttypid, -1) = 'bigint' "
                + "AND pg_get_serial_sequence('counted', 'id') IS NOT NULL FROM pg_attribute "
                + "WHERE attrelid = 'counted'::regclass AND attname = 'id'"
        ),
        (
            "sql: { up: 'CREATE TABLE extra (id int)', down: 'DROP TABLE extra' }",
            "SELECT to_regclass('extra') IS NOT NULL"
        ),
    ]

    @Test(arguments: operations)
    func anOperationGoesToItsEndAndBack(_ operation: String, _ isThere: String) async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            let before = try await Made.schema(database)
            let migration = try Made.file(operation)
            let migrator = try Made.migrator(database)
            // Back from the middle.
            try await migrator.start(migration)
            try await migrator.rollback("m")
            #expect(try await Made.schema(database) == before)
            #expect(try await database.value("SELECT count(*) FROM products") == "3000")
            // To the end, through every phase.
            try await migrator.start(migration)
            try await migrator.switchReads("m")
            try await migrator.complete("m")
            #expect(try await database.value(isThere) == "t", "\(operation)")
            let statuses = try await migrator.status()
            #expect(statuses.map(\.state) == ["completed"])
            // Nothing that was for the way only is left.
            let left = try await database.value(
                """
                SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE '~sluice%')
                + (SELECT count(*) FROM pg_proc WHERE proname LIKE 'sluice\\_%')
                + (SELECT count(*) FROM pg_constraint WHERE conname LIKE 'sluice\\_%')
                """)
            #expect(left == "0")
        }
    }

    @Test(arguments: ["narrow", "counted"])
    func aWiderKeyGoesOnWhereTheOldOneWas(_ table: String) async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            let migrator = try Made.migrator(database)
            try await migrator.start(
                try Made.file("change_primary_key: { table: \(table), column: id, type: bigint }"))
            try await database.execute("INSERT INTO \(table) (n) VALUES (501)")
            try await migrator.switchReads("m")
            try await migrator.complete("m")
            try await database.execute("INSERT INTO \(table) (n) VALUES (502)")
            #expect(
                try await database.value("SELECT count(*) FROM \(table) WHERE id = n") == "502")
            #expect(
                try await database.value(
                    "SELECT pg_sequence_last_value("
                        + "pg_get_serial_sequence('\(table)', 'id')::regclass)"
                ) == "502")
            let sequence = try await database.value(
                """
                SELECT format_type(seqtypid, -1) FROM pg_sequence WHERE seqrelid =
                pg_get_serial_sequence('\(table)', 'id')::regclass
                """)
            #expect(sequence == "bigint")
        }
    }

    @Test func valuesThatDoNotComeBackAreRefusedAndNothingStays() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            let before = try await Made.schema(database)
            let migrator = try Made.migrator(database)
            let error = await #expect(throws: MigrationError.self) {
                try await migrator.start(
                    try Made.file(
                        "change_type: { table: products, column: price, to: p, type: bigint, "
                            + "up: price::bigint, down: p + 1 }"))
            }
            #expect(error?.description.contains("up(down(up(x))) is not up(x)") == true)
            try await migrator.rollback("m")
            #expect(try await Made.schema(database) == before)
        }
    }

    // MARK: - Names, files, people

    @Test func aFileThatChangedAndAStateThatDoesNotFitAreRefused() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            let migrator = try Made.migrator(database)
            let add = "add_column: { table: products, column: note, type: text }"
            let refusals: [(String, () async throws -> Void)] = [
                ("there is no migration called m", { try await migrator.switchReads("m") }),
                ("there is no migration called m", { try await migrator.rollback("m") }),
            ]
            for (sentence, action) in refusals {
                let error = await #expect(throws: MigrationError.self) { try await action() }
                #expect(error?.description.contains(sentence) == true)
            }
            try await migrator.start(try Made.file(add))
            let more: [(String, () async throws -> Void)] = [
                (
                    "m has changed since it was begun",
                    { try await migrator.start(try Made.file(add + " # other")) }
                ),
                (
                    "m is started: this needs it to be switched or completing",
                    { try await migrator.complete("m") }
                ),
                (
                    "products has a column note already",
                    { try await migrator.start(try Made.file(add, name: "n")) }
                ),
                (
                    "there is no table nowhere",
                    {
                        try await migrator.start(
                            try Made.file("drop_table: { table: nowhere }", name: "n"))
                    }
                ),
                (
                    "has no column nope",
                    {
                        try await migrator.start(
                            try Made.file(
                                "set_not_null: { table: products, column: nope }", name: "n"))
                    }
                ),
            ]
            for (sentence, action) in more {
                let error = await #expect(throws: MigrationError.self) { try await action() }
                #expect(error?.description.contains(sentence) == true, "\(sentence)")
                #expect(error?.kind == .refused)
            }
            try await migrator.switchReads("m")
            try await migrator.complete("m")
            let late = await #expect(throws: MigrationError.self) {
                try await migrator.rollback("m")
            }
            #expect(late?.description.contains("m is completed") == true)
        }
    }

    @Test func whatStillUsesTheOldShapeHoldsTheEndBack() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            let migrator = try Made.migrator(database)
            try await database.execute(
                """
                CREATE VIEW dear AS SELECT id FROM products WHERE price > 100;
                CREATE INDEX by_price ON products (price);
                """)
            let used = await #expect(throws: MigrationError.self) {
                try await migrator.start(try Made.file(Made.cents))
            }
            #expect(used?.description.contains("view dear") == true)
            #expect(used?.description.contains("index by_price") == true)
            try await database.execute("DROP VIEW dear; DROP INDEX by_price")
            try await migrator.start(try Made.file(Made.cents))
            try await migrator.switchReads("m")
            try await database.execute(
                """
                CREATE FUNCTION dearest() RETURNS numeric LANGUAGE plpgsql AS
                $$ BEGIN RETURN (SELECT max(price) FROM products); END $$
                """)
            let named = await #expect(throws: MigrationError.self) {
                try await migrator.complete("m")
            }
            #expect(named?.description.contains("is named by dearest()") == true)
            try await migrator.complete("m", isForced: true)
        }
    }

    @Test func behindItsEndThereIsNoWayBack() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            let migrator = try Made.migrator(database)
            try await migrator.start(try Made.file(Made.cents))
            try await migrator.switchReads("m")
            try await migrator.complete("m")
            // As if it had been killed behind its last step, and as if a rollback had begun since.
            for state in ["completing", "rolling back"] {
                try await database.execute("UPDATE sluice.migration SET state = '\(state)'")
                let error = await #expect(throws: MigrationError.self) {
                    try await migrator.rollback("m")
                }
                #expect(error?.description.contains("m is past its end") == true)
            }
            #expect(try await database.value("SELECT count(price_cents) FROM products") == "3000")
            try await migrator.complete("m")
            #expect(try await migrator.status().map(\.state) == ["completed"])
        }
    }

    @Test func twoPeopleAtOnceAreOne() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            let migration = try Made.file(Made.cents)
            let migrators = [try Made.migrator(database), try Made.migrator(database)]
            let outcomes = await withTaskGroup(of: String?.self) { group in
                for migrator in migrators {
                    group.addTask {
                        do {
                            try await migrator.start(migration)
                            return nil
                        } catch { return "\(error)" }
                    }
                }
                var outcomes: [String?] = []
                for await outcome in group { outcomes.append(outcome) }
                return outcomes
            }
            #expect(outcomes.count { $0 == nil } == 1, "\(outcomes)")
            #expect(
                try await database.value("SELECT count(*) FROM products WHERE price_cents IS NULL")
                    == "0")
        }
    }

    @Test func aLockIsTriedForAndNobodyWaitsBehindIt() async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.execute(Made.products)
            let blocker = try await database.connect("a report")
            _ = try await blocker.query("BEGIN")
            _ = try await blocker.query("SELECT count(*) FROM products")
            let waits = Said()
            let parameters = try ConnectionParameters(dsn: database.dsn)
            let migration = try Made.file(
                "add_column: { table: products, column: note, type: text }")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await Migrator(parameters) { waits.note($0) }.start(migration)
                }
                try await eventually("it has had to wait") { waits.count >= 2 }
                // Readers that come meanwhile are behind it for its 200 ms at the most.
                var longest = Duration.zero
                while waits.count < 5 {
                    let began = ContinuousClock.now
                    #expect(try await database.value("SELECT count(*) FROM products") == "3000")
                    longest = max(longest, began.duration(to: .now))
                }
                #expect(longest < .milliseconds(500), "\(longest)")
                _ = try await blocker.query("COMMIT")
                try await group.waitForAll()
            }
            await blocker.close()
            #expect(waits.text.contains("a report"))
            #expect(try await database.value("SELECT count(note) FROM products") == "0")
        }
    }

    @Test func aPlanSaysWhatItsBackfillsCostAndChangesNothing() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            try await database.execute(
                """
                CREATE TABLE indexed (id integer PRIMARY KEY, n integer);
                CREATE INDEX ON indexed ((n + 1));
                INSERT INTO indexed SELECT i, i FROM generate_series(1, 100) AS i;
                CREATE TABLE parts (id integer, day integer, n integer, PRIMARY KEY (id, day))
                PARTITION BY RANGE (day);
                CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
                INSERT INTO parts SELECT i, i % 10, i FROM generate_series(1, 400) AS i;
                CREATE TABLE "wei rd" (id integer PRIMARY KEY, "new" integer);
                ANALYZE;
                """)
            let before = try await Made.schema(database)
            let operation =
                "change_type: { table: %, column: n, to: m, type: bigint, up: n, down: m }"
            func forecasts(_ operations: String...) async throws -> [Int?] {
                let plan = try await Made.migrator(database).plan(
                    try MigrationReader.read(
                        "migration: m\noperations:\n"
                            + operations.map { "  - \($0)\n" }.joined(), file: "m.yaml"))
                return plan.compactMap { step -> Int?? in
                    guard case .backfill(let backfill) = step.action else { return nil }
                    return .some(backfill.forecast?.rows)
                }
            }
            func on(_ table: String) -> String { operation.replacing("%", with: table) }
            #expect(try await forecasts(Made.cents) == [3_000])
            #expect(try await forecasts(on("counted"), on("parts")) == [500, 400])
            // No column is in no index: nothing to reckon with, and the plan is there.
            #expect(
                try await forecasts(
                    "add_column: { table: indexed, column: m, type: bigint, up: id }") == [nil])
            #expect(
                try await forecasts(
                    #"""
                    change_type: { table: '"wei rd"', column: '"new"', to: m, type: bigint,
                    up: '"new"', down: m }
                    """#)
                    == [0])
            // A column that is there is reckoned with itself, and with the rows that lack a value.
            try await database.execute(
                "UPDATE products SET shop = NULL WHERE id % 10 = 0; ANALYZE products")
            let some = try await forecasts("set_not_null: { table: products, column: shop, up: 1 }")
            #expect(some.count == 1 && (150...600).contains(some[0] ?? 0), "\(some)")
            #expect(try await Made.schema(database) == before)
            // What is kept of a migration that was begun has no figures of another day.
            try await Made.migrator(database).start(try Made.file(Made.cents))
            let plan = try await database.value("SELECT plan::text FROM sluice.migration")
            #expect(plan?.contains("forecast") == false)
            let asked = try await database.value("SELECT throttle::text FROM sluice.run")
            #expect(asked?.contains("\"batch_seconds_max\": 0.1") == true, "\(asked ?? "")")
            #expect(StepRunner.options(carriesOn: true).limits.isEmpty, "what was tuned stays")
        }
    }

    @Test func statementsOfOnesOwnComeFromFilesAndInBatches() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "m-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            func write(_ name: String, _ text: String) throws {
                try Data(text.utf8).write(to: folder.appending(path: name))
            }
            try write("up.sql", "ALTER TABLE products ADD COLUMN n integer NOT NULL DEFAULT 0;")
            try write("down.sql", "ALTER TABLE products DROP COLUMN n;")
            try write(
                "m.yaml",
                """
                migration: m
                operations:
                  - sql: { up_file: up.sql, down_file: down.sql, table: products,
                           batches: 'UPDATE products SET n = n + 1 WHERE :range' }
                """)
            let path = folder.appending(path: "m.yaml").path
            let migrator = try Made.migrator(database)
            let before = try await Made.schema(database)
            try await migrator.start(try MigrationReader.read(path: path))
            #expect(try await database.value("SELECT sum(n) FROM products") == "3000")
            // Begun again it is done already.
            try await migrator.start(try MigrationReader.read(path: path))
            try await migrator.rollback("m")
            #expect(try await Made.schema(database) == before)
            try await migrator.start(try MigrationReader.read(path: path))
            #expect(try await database.value("SELECT sum(n) FROM products") == "3000")
            // What its files say may not change either.
            try write("down.sql", "SELECT 1;")
            let error = await #expect(throws: MigrationError.self) {
                try await migrator.start(try MigrationReader.read(path: path))
            }
            #expect(error?.description.contains("has changed since it was begun") == true)
        }
    }

    @Test func statementsThatEndTheirTransactionAreSaidToHave() async throws {
        try await TestDatabase.with { database in
            let migrator = try Made.migrator(database)
            let error = await #expect(throws: MigrationError.self) {
                try await migrator.start(
                    try Made.file(
                        "sql: { up: 'CREATE TABLE a (); COMMIT; BEGIN', down: 'SELECT 1' }"))
            }
            #expect(error?.description.contains("end their transaction") == true)
            #expect(try await migrator.status().map(\.stepsDone) == [0])
        }
    }

    @Test func rowsThatCannotBeFilledAreSetAsideAndNotLost() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            try await database.execute("UPDATE products SET name = 'x' WHERE id = 7")
            let migrator = try Made.migrator(database)
            let migration = try Made.file(
                "add_column: { table: products, column: number, type: integer, "
                    + "up: \"substr(name, 2)::integer\" }")
            // '' is no integer.
            let error = await #expect(throws: MigrationError.self) {
                try await migrator.start(migration)
            }
            let said = error?.description ?? ""
            #expect(said.contains("sluice quarantine"))
            #expect(
                try await database.value("SELECT count(number) FROM products") == "2999")
            let again = await #expect(throws: MigrationError.self) {
                try await migrator.start(migration)
            }
            #expect(again?.description.contains("set aside") == true)
            try await database.execute("UPDATE products SET name = 'p7' WHERE id = 7")
            #expect(try await database.value("SELECT number FROM products WHERE id = 7") == "7")
            let job = String(said.split(separator: "'")[1])
            let retried = try await SluiceProcess.run(
                ["quarantine", job, "retry"], dsn: database.dsn)
            #expect(retried.code == 0, "\(retried.text)")
            try await migrator.start(migration)
            try await migrator.rollback("m")
        }
    }
}

/// What a migration said that it waits for.
private final class Said: Sendable {
    private let lines = Mutex<[String]>([])
    var count: Int { lines.withLock { $0.count } }
    var text: String { lines.withLock { $0.joined(separator: "\n") } }
    func note(_ event: MigrationEvent) {
        if case .waits(let what, _) = event { lines.withLock { $0.append(what) } }
    }
}
