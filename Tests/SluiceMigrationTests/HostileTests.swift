import Sluice
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import SluiceMigration

/// What a database may hold that a migration has to get along with, or to refuse in time.
@Suite(.timeLimit(.minutes(12))) struct HostileTests {
    @Test func aViewOfTheOldNameHasThePrivilegesOfItsTable() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            let role = "reader_\(UInt32.random(in: .min ... .max))"
            try await database.execute(
                """
                CREATE ROLE \(role); GRANT SELECT, UPDATE ON products TO \(role);
                GRANT INSERT (id) ON products TO \(role)
                """)
            let migrator = try Made.migrator(database)
            try await migrator.start(try Made.file("rename_table: { table: products, to: goods }"))
            try await database.execute(
                """
                SET ROLE \(role); SELECT count(*) FROM products;
                UPDATE products SET name = 'new' WHERE id = 1; RESET ROLE
                """)
            #expect(try await database.value("SELECT name FROM goods WHERE id = 1") == "new")
            try await migrator.rollback("m")
            try await database.execute("DROP OWNED BY \(role); DROP ROLE \(role)")
        }
    }

    @Test func whatCouldNeverEndIsRefusedWhileThereIsAWayBack() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            try await database.execute(
                """
                UPDATE products SET shop = NULL WHERE id = 5;
                CREATE TABLE lines (product bigint REFERENCES products (id));
                ALTER TABLE products ADD COLUMN twice numeric
                GENERATED ALWAYS AS (price * 2) STORED;
                """)
            let migrator = try Made.migrator(database)
            let before = try await Made.schema(database)
            let late = [
                (
                    "change_type: { table: products, column: shop, to: store, type: bigint, "
                        + "not_null: true, up: shop, down: store }",
                    "store is NULL in some rows, and could never be NOT NULL"
                ),
                (
                    "add_column: { table: products, column: a, type: text, up: nowhere(name) }",
                    "nowhere"
                ),
            ]
            for (operation, sentence) in late {
                let error = await #expect(throws: MigrationError.self) {
                    try await migrator.start(try Made.file(operation))
                }
                let said = error?.description ?? ""
                #expect(said.contains(sentence), "\(said)")
                try await migrator.rollback("m")
                #expect(try await Made.schema(database) == before, "\(operation)")
            }
            for (operation, sentence) in [
                ("drop_table: { table: products }", "constraint lines_product_fkey of lines"),
                ("drop_index: { name: products_pkey }", "of a constraint"),
                (
                    "change_primary_key: { table: narrow, column: id, type: numeric }",
                    "which cannot count in numeric"
                ),
                (
                    "add_column: { table: products, column: a, type: numeric, up: twice }",
                    "twice of products is computed".replacing("products", with: "public.products")
                ),
            ] {
                let error = await #expect(throws: MigrationError.self) {
                    try await migrator.start(try Made.file(operation, name: "n"))
                }
                #expect(
                    error?.description.contains(sentence) == true, "\(error?.description ?? "")")
            }
            #expect(try await Made.schema(database) == before)
        }
    }

    @Test func namesThatNeedQuotesAreNoObstacle() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE SCHEMA "My Shop";
                CREATE TABLE "My Shop"."Or.der ""s" ("Id" bigint PRIMARY KEY,
                "unit ""price" numeric(12, 2) NOT NULL, "begin" text);
                COMMENT ON COLUMN "My Shop"."Or.der ""s".begin IS 'where it''s from';
                INSERT INTO "My Shop"."Or.der ""s" SELECT i, i * 1.5, 'x'
                FROM generate_series(1, 500) AS i; ANALYZE;
                """)
            let migrator = try Made.migrator(database)
            let before = try await Made.schema(database)
            let migration = try Made.file(
                "change_type: { table: '\"My Shop\".\"Or.der \"\"s\"', "
                    + "column: '\"unit \"\"price\"', to: '\"unit cents\"', type: bigint, "
                    + "not_null: true, up: '(\"unit \"\"price\" * 100)::bigint', "
                    + "down: '\"unit cents\" / 100.0' }",
                "rename_column: { table: '\"My Shop\".\"Or.der \"\"s\"', "
                    + "column: '\"begin\"', to: loop }")
            try await migrator.start(migration)
            try await migrator.rollback("m")
            #expect(try await Made.schema(database) == before)
            try await migrator.start(migration)
            try await database.execute(
                """
                UPDATE "My Shop"."Or.der ""s" SET "unit cents" = 77, loop = 'y' WHERE "Id" = 3
                """)
            #expect(
                try await database.value(
                    """
                    SELECT "unit ""price" || ' ' || "begin" FROM "My Shop"."Or.der ""s"
                    WHERE "Id" = 3
                    """) == "0.77 y")
            try await migrator.switchReads("m")
            try await migrator.complete("m")
            #expect(
                try await database.value(
                    """
                    SELECT col_description(attrelid, attnum) FROM pg_attribute
                    WHERE attrelid = '"My Shop"."Or.der ""s"'::regclass AND attname = 'loop'
                    """) == "where it's from")
            #expect(
                try await database.value(
                    "SELECT sum(\"unit cents\") FROM \"My Shop\".\"Or.der \"\"s\"")
                    == "\(150 * 500 * 501 / 2 - 450 + 77)")
        }
    }
}
