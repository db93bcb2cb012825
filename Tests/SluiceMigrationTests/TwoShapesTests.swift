import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import SluiceMigration

/// Clients of the old and the new shape at once.
@Suite(.timeLimit(.minutes(12))) struct TwoShapesTests {
    @Test func bothShapesSayTheSameWhoeverWrites() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            let migrator = try Made.migrator(database)
            try await migrator.start(try Made.file(Made.cents))
            try await database.execute(
                """
                INSERT INTO products (id, price) VALUES (9001, 12.34);
                INSERT INTO products (id, price_cents) VALUES (9002, 777);
                UPDATE products SET price = 5.55 WHERE id = 1;
                UPDATE products SET price_cents = 42 WHERE id = 2;
                UPDATE products SET name = 'other' WHERE id = 2;
                INSERT INTO products (id, price) VALUES (3, 8.88)
                ON CONFLICT (id) DO UPDATE SET price = excluded.price;
                """)
            let rows = try await database.value(
                """
                SELECT string_agg(id || ' ' || price || ' ' || price_cents, ', ' ORDER BY id)
                FROM products WHERE id IN (1, 2, 3, 9001, 9002)
                """)
            #expect(
                rows == "1 5.55 555, 2 0.42 42, 3 8.88 888, 9001 12.34 1234, 9002 7.77 777")
            let wrong = "SELECT count(*) FROM products WHERE price_cents <> price * 100"
            #expect(try await database.value(wrong) == "0")
            // As changes from elsewhere are applied.
            try await database.execute(
                """
                SET session_replication_role = replica;
                INSERT INTO products (id, price) VALUES (9003, 1.23);
                SET session_replication_role = origin;
                """)
            #expect(
                try await database.value("SELECT price_cents FROM products WHERE id = 9003")
                    == "123")
        }
    }

    @Test func whatItIsComputedFromIsFollowedWhicheverColumnThatIs() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            let migrator = try Made.migrator(database)
            try await migrator.start(
                try Made.file(
                    "add_column: { table: products, column: slug, type: text, default: \"'none'\", "
                        + "up: \"lower(name) || shop\" }"))
            try await database.execute(
                """
                UPDATE products SET name = 'ABC' WHERE id = 1;
                UPDATE products SET shop = 77 WHERE id = 1;
                UPDATE products SET slug = 'mine' WHERE id = 2;
                UPDATE products SET price = 3 WHERE id = 2;
                INSERT INTO products (id, price, name, shop) VALUES (9001, 1, 'N', 5);
                """)
            #expect(
                try await database.value(
                    "SELECT string_agg(slug, ' ' ORDER BY id) FROM products "
                        + "WHERE id IN (1, 2, 9001)"
                )
                    == "abc77 mine n5")
        }
    }

    @Test func valuesThatArriveTogetherAndAgreeAreLeftAsTheyAre() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE products (id bigint PRIMARY KEY, price numeric(12, 3));
                INSERT INTO products VALUES (1, 1.005); ANALYZE;
                """)
            let migrator = try Made.migrator(database)
            try await migrator.start(
                try Made.file(Made.cents.replacing("not_null: true, ", with: "")))
            // As a publisher's own backfill arrives at a subscriber.
            try await database.execute(
                """
                INSERT INTO products VALUES (2, 12.345, 1235);
                INSERT INTO products (id, price) VALUES (3, 12.345);
                UPDATE products SET price_cents = 1235 WHERE id = 3;
                """)
            #expect(
                try await database.value(
                    "SELECT count(*) FROM products WHERE price = 12.345 AND price_cents = 1235")
                    == "2")
        }
    }

    @Test func aRunThatFillsAnotherColumnIsAClientLikeOthers() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            let migrator = try Made.migrator(database)
            try await migrator.start(try Made.file(Made.cents))
            let job = JobRequest(
                table: "products",
                assignments: [Assignment(column: "price", expression: "price + 1")])
            var options = RunOptions()
            options.confirmed = true
            _ = try await database.sluice.run(job, options: options)
            #expect(
                try await database.value(
                    "SELECT count(*) FROM products WHERE price_cents <> price * 100") == "0")
            #expect(
                try await database.value("SELECT price FROM products WHERE id = 4") == "6.00")
        }
    }

    @Test func aClientOfTheOldShapeDoesNotFailForWhatTheNewOneCannotSay() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            let migrator = try Made.migrator(database)
            try await migrator.start(
                try Made.file(
                    "change_type: { table: products, column: name, to: number, type: integer, "
                        + "up: \"substr(name, 2)::integer\", down: \"'p' || number\" }"))
            try await database.execute(
                """
                UPDATE products SET name = 'none' WHERE id = 1;
                INSERT INTO products (id, price, name) VALUES (9001, 1, 'nobody');
                UPDATE products SET name = 'p77' WHERE id = 2;
                """)
            #expect(
                try await database.value(
                    """
                    SELECT string_agg(name || ' ' || coalesce(number::text, '-'), ', ' ORDER BY id)
                    FROM products WHERE id IN (1, 2, 9001)
                    """) == "none -, p77 77, nobody -")
            // Who knows the new shape gives them a value, though the old one says none.
            try await database.execute("UPDATE products SET number = 5 WHERE id IN (1, 9001)")
            #expect(
                try await database.value("SELECT count(*) FROM products WHERE name = 'p5'") == "3")
            // Nothing is caught where nothing can fail: that is what a trigger costs most.
            let other = try Made.file(
                "rename_column: { table: products, column: shop, to: store }", name: "n")
            try await migrator.start(other)
            #expect(
                try await database.value(
                    """
                    SELECT string_agg((prosrc LIKE '%EXCEPTION%')::text, ' ' ORDER BY proname)
                    FROM pg_proc WHERE proname LIKE 'sluice\\_%'
                    """) == "true false")
        }
    }

    @Test func aClientOfTheNewShapeMayWriteNull() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            let migrator = try Made.migrator(database)
            try await migrator.start(
                try Made.file(
                    "rename_column: { table: products, column: name, to: title }",
                    "add_column: { table: products, column: slug, type: text, up: lower(name) }"))
            try await database.execute(
                """
                UPDATE products SET title = NULL WHERE id = 1;
                UPDATE products SET slug = NULL WHERE id = 2;
                UPDATE products SET name = NULL WHERE id = 3;
                """)
            #expect(
                try await database.value(
                    """
                    SELECT string_agg(coalesce(name, '-') || coalesce(title, '-')
                    || coalesce(slug, '-'), ' ' ORDER BY id) FROM products WHERE id < 4
                    """) == "--- p2p2- ---")
        }
    }

    @Test func valuesThatAreThereAreNotWrittenOver() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            try await database.execute("UPDATE products SET shop = NULL WHERE id = 5")
            let migrator = try Made.migrator(database)
            try await migrator.start(
                try Made.file(
                    "set_not_null: { table: products, column: shop, up: length(name) }",
                    "drop_column: { table: products, column: price, down: length(name) }"))
            // The columns that the expressions name change, and their values stay.
            try await database.execute(
                """
                UPDATE products SET name = 'something longer' WHERE id IN (1, 5);
                UPDATE products SET shop = NULL WHERE id = 2;
                INSERT INTO products (id, name) VALUES (9001, 'four');
                """)
            #expect(
                try await database.value(
                    """
                    SELECT string_agg(shop || ' ' || price, ', ' ORDER BY id) FROM products
                    WHERE id IN (1, 2, 5, 9001)
                    """) == "2 1.25, 2 2.50, 2 6.25, 4 4.00")
        }
    }

    @Test func theBackfillOnlyComputesTheNewFromTheOld() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE products (id bigint PRIMARY KEY, price numeric(12, 3));
                INSERT INTO products SELECT i, 12.345 FROM generate_series(1, 1000) AS i; ANALYZE;
                """)
            let migrator = try Made.migrator(database)
            // 12.345 becomes 1235 (rounded), and back that would be 12.35.
            try await migrator.start(try Made.file(Made.cents))
            #expect(
                try await database.value(
                    "SELECT count(*) FROM products WHERE price = 12.345 AND price_cents = 1235")
                    == "1000")
        }
    }
}
