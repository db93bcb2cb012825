import Foundation
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import SluiceMigration

/// Schemas with views of both shapes.
@Suite(.timeLimit(.minutes(12))) struct ShapeSchemasTests {
    private static func file(
        _ name: String, _ schemas: String, _ operations: String...
    )
        throws -> Migration
    {
        try MigrationReader.read(
            "migration: \(name)\nschemas: \(schemas)\noperations:\n"
                + operations.map { "  - \($0)\n" }.joined(), file: "m.yaml")
    }

    @Test func bothShapesHaveASchemaAndTheNextMigrationGoesOnFromThere() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            let role = "reader_\(UInt32.random(in: .min ... .max))"
            try await database.execute(
                "CREATE ROLE \(role); GRANT SELECT, UPDATE, INSERT ON products TO \(role)")
            let migrator = try Made.migrator(database)
            let before = try await Made.schema(database)
            let first = try Self.file("first", "{ old: shop_v1, new: shop_v2 }", Made.cents)
            try await migrator.start(first)
            try await database.execute(
                """
                SET ROLE \(role); SET search_path = shop_v1, public;
                UPDATE products SET price = 7.77 WHERE id = 1;
                INSERT INTO products (id, price) VALUES (9001, 1.5);
                SET search_path = shop_v2, public;
                UPDATE products SET price_cents = 42 WHERE id = 2;
                INSERT INTO products (id, price_cents) VALUES (9002, 99);
                RESET ROLE; RESET search_path
                """)
            #expect(
                try await database.value(
                    """
                    SELECT string_agg(n.price_cents || ' ' || o.price, ', ' ORDER BY o.id)
                    FROM shop_v1.products o JOIN shop_v2.products n USING (id)
                    WHERE id IN (1, 2, 9001, 9002)
                    """) == "777 7.77, 42 0.42, 150 1.50, 99 0.99")
            try await migrator.rollback("first")
            #expect(try await Made.schema(database) == before)

            try await migrator.start(first)
            try await migrator.switchReads("first")
            try await migrator.complete("first")
            #expect(try await database.value("SELECT to_regnamespace('shop_v1')") == nil)
            // What comes next begins where that ended; the view of before goes with its column.
            let between = try await Made.schema(database)
            let second = try Self.file(
                "second", "{ old: shop_v2, new: shop_v3 }",
                "rename_column: { table: products, column: price_cents, to: cents }",
                "add_column: { table: shops, column: city, type: text }")
            try await migrator.start(second)
            try await database.execute(
                """
                SET ROLE \(role); UPDATE shop_v2.products SET price_cents = 5 WHERE id = 3;
                UPDATE shop_v3.products SET cents = 6 WHERE id = 4; RESET ROLE
                """)
            #expect(
                try await database.value(
                    "SELECT count(*) FROM shop_v3.products WHERE cents IN (5, 6)") == "2")
            try await migrator.rollback("second")
            #expect(try await Made.schema(database) == between)
            try await endAndBack(migrator, second, between, database)
            try await database.execute("DROP OWNED BY \(role); DROP ROLE \(role)")
        }
    }

    /// Back from within the end: the old views are made again, with their privileges.
    private func endAndBack(
        _ migrator: Migrator, _ second: Migration, _ between: String, _ database: TestDatabase
    ) async throws {
        try await migrator.start(second)
        try await migrator.switchReads("second")
        try await database.execute("CREATE VIEW late AS SELECT price_cents FROM products")
        let held = await #expect(throws: MigrationError.self) {
            try await migrator.complete("second")
        }
        #expect(held?.description.contains("has come to use price_cents") == true)
        #expect(try await database.value("SELECT to_regclass('shop_v2.products')") == nil)
        try await database.execute("DROP VIEW late")
        try await migrator.rollback("second")
        #expect(try await Made.schema(database) == between)
        try await migrator.start(second)
        try await migrator.switchReads("second")
        try await migrator.complete("second")
        #expect(
            try await database.value(
                "SELECT string_agg(nspname, ' ') FROM pg_namespace WHERE nspname LIKE 'shop%'")
                == "shop_v3")
        #expect(try await database.value("SELECT count(city) FROM shop_v3.shops") == "0")
    }

    @Test func whatViewsCannotShowIsRefused() async throws {
        for (schemas, operation, sentence) in [
            ("{ old: a }", Made.cents, "takes new"),
            ("{ new: a, old: a }", Made.cents, "takes new"),
            ("a", Made.cents, "takes new"), ("{ new: a, odl: b }", Made.cents, "takes new"),
            (
                "{ new: a }", "rename_table: { table: products, to: goods }",
                "makes a view of the old name itself"
            ),
            (
                "{ new: a }",
                "rename_column: { table: products, column: name, to: title, instant: true }",
                "leaves no old shape"
            ),
            ("{ new: a }", "sql: { up: SELECT 1, down: SELECT 1 }", "is not known"),
        ] {
            let error = #expect(throws: MigrationError.self) {
                try Self.file("m", schemas, operation)
            }
            #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
        }
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            try await database.execute(
                """
                CREATE SCHEMA taken; CREATE SCHEMA other; CREATE TABLE other.products (id integer);
                """)
            let migrator = try Made.migrator(database)
            let before = try await Made.schema(database)
            for (schemas, operation, sentence) in [
                ("{ new: taken }", Made.cents, "there is a schema taken already"),
                ("{ new: a, old: other }", Made.cents, "holds products, which is no view"),
                (
                    "{ new: a }", "set_not_null: { table: products, column: name }",
                    "columns that come or go"
                ),
            ] {
                let error = await #expect(throws: MigrationError.self) {
                    try await migrator.start(try Self.file("m", schemas, operation))
                }
                #expect(
                    error?.description.contains(sentence) == true, "\(error?.description ?? "")")
            }
            #expect(try await Made.schema(database) == before)
        }
    }

    @Test func theTablesOwnerMayUseTheViewsThatAnotherRoleMakes() async throws {
        try await TestDatabase.with { database in
            let role = "owner_\(UInt32.random(in: .min ... .max))"
            // A name that could end the text of a function is one like others.
            try await database.execute(
                """
                CREATE ROLE \(role); CREATE TABLE "a$sluice$ b" (id bigint PRIMARY KEY, name text);
                INSERT INTO "a$sluice$ b" VALUES (1, 'x'); ANALYZE;
                ALTER TABLE "a$sluice$ b" OWNER TO \(role); CREATE SCHEMA v1;
                """)
            let migrator = try Made.migrator(database)
            let migration = try Self.file(
                "m", "{ old: v1, new: v2 }",
                "rename_column: { table: '\"a$sluice$ b\"', column: name, to: title }")
            try await migrator.start(migration)
            try await database.execute(
                """
                SET ROLE \(role); UPDATE v2."a$sluice$ b" SET title = 'y';
                UPDATE v1."a$sluice$ b" SET name = name || 'z'; RESET ROLE
                """)
            #expect(try await database.value("SELECT title FROM v2.\"a$sluice$ b\"") == "yz")
            // A schema that was there before stays.
            try await migrator.rollback("m")
            #expect(try await database.value("SELECT to_regnamespace('v1')") == "v1")
            try await database.execute(
                """
                CREATE VIEW v1.other AS SELECT name FROM "a$sluice$ b";
                """)
            for made in ["other", "nested"] {
                let error = await #expect(throws: MigrationError.self) {
                    try await migrator.start(migration)
                }
                #expect(
                    error?.description.contains("the view \(made) of the schema v1 is made of")
                        == true,
                    "\(error?.description ?? "")")
                if made == "nested" { break }
                try await database.execute(
                    """
                    DROP VIEW IF EXISTS v1.nested, v1.other;
                    CREATE VIEW v1.base AS SELECT 1 AS one;
                    CREATE VIEW v1.nested AS SELECT one FROM v1.base;
                    """)
            }
            try await database.execute("DROP OWNED BY \(role) CASCADE; DROP ROLE \(role)")
        }
    }
}
