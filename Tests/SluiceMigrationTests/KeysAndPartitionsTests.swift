import Sluice
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import SluiceMigration

/// Keys that others refer to, and tables with partitions.
@Suite(.timeLimit(.minutes(12))) struct KeysAndPartitionsTests {
    @Test func whatRefersToAKeyAndWhatHasPartitionsIsRefused() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            try await database.execute(
                """
                CREATE TABLE lines (id integer, product bigint REFERENCES products (id))
                PARTITION BY HASH (id);
                CREATE TABLE parts (id bigint, day integer) PARTITION BY RANGE (day);
                CREATE TABLE day_1 PARTITION OF parts FOR VALUES FROM (1) TO (2);
                CREATE TABLE i_1 (n integer);
                """)
            let migrator = try Made.migrator(database)
            for (operation, sentence) in [
                (
                    "change_primary_key: { table: products, column: id, type: numeric }",
                    "lines_product_fkey of public.lines, which has partitions, refers to"
                ),
                (
                    "change_primary_key: { table: products, column: name, type: bigint }",
                    "name is not the primary key"
                ),
                (
                    "add_unique: { table: parts, columns: [id, day] }",
                    "has partitions, on which PostgreSQL cannot build a unique index"
                ),
                (
                    "create_index: { table: parts, name: i, columns: id }",
                    "there is a table or index i_1 already"
                ),
            ] {
                let error = await #expect(throws: MigrationError.self) {
                    try await migrator.start(try Made.file(operation))
                }
                #expect(
                    error?.description.contains(sentence) == true, "\(error?.description ?? "")")
            }
        }
    }

    @Test func keysThatReferToAWiderKeyAreMadeAgain() async throws {
        try await TestDatabase.with { database in
            try await database.execute(Made.products)
            try await database.execute(
                """
                ALTER TABLE narrow ADD COLUMN parent integer REFERENCES narrow;
                UPDATE narrow SET parent = 1 WHERE n < 10;
                CREATE TABLE lines (product integer REFERENCES narrow ON DELETE CASCADE
                DEFERRABLE INITIALLY DEFERRED, other integer);
                """)
            // Not with what comes next: such a key is looked at when its transaction ends.
            try await database.execute(
                "INSERT INTO lines SELECT i, -1 FROM generate_series(1, 400) AS i")
            try await database.execute(
                """
                ALTER TABLE lines ADD CONSTRAINT loose FOREIGN KEY (other) REFERENCES narrow
                NOT VALID;
                """)
            let keys = """
                SELECT string_agg(conname || ' ' || pg_get_constraintdef(oid), ', '
                ORDER BY conname) FROM pg_constraint
                WHERE confrelid = 'narrow'::regclass AND contype = 'f'
                """
            let before = try await database.value(keys)
            let schema = try await Made.schema(database)
            let migrator = try Made.migrator(database)
            let file = try Made.file(
                "change_primary_key: { table: narrow, column: id, type: bigint }")
            try await migrator.start(file)
            try await migrator.rollback("m")
            #expect(try await Made.schema(database) == schema)
            try await migrator.start(file)
            try await migrator.switchReads("m")
            try await migrator.complete("m")
            #expect(try await database.value(keys) == before)
            try await database.execute("DELETE FROM narrow WHERE id = 400")
            #expect(try await database.value("SELECT count(*) FROM lines") == "399")
            await #expect(throws: (any Error).self) {
                try await database.execute("INSERT INTO lines VALUES (100000, NULL)")
            }
        }
    }

    @Test func bothShapesOfATableWithPartitionsSayTheSame() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE products (id bigint, day integer, price numeric(12, 2) NOT NULL,
                PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
                CREATE TABLE day_1 PARTITION OF products FOR VALUES FROM (1) TO (2);
                CREATE TABLE day_2 PARTITION OF products FOR VALUES FROM (2) TO (3);
                INSERT INTO products SELECT i, 1 + i % 2, i FROM generate_series(1, 1000) AS i;
                ANALYZE;
                """)
            let migrator = try Made.migrator(database)
            let before = try await Made.schema(database)
            let file = try Made.file(Made.cents)
            try await migrator.start(file)
            try await migrator.rollback("m")
            #expect(try await Made.schema(database) == before)
            try await migrator.start(file)
            // Through the whole, through a part, from part to part, and into one that is new.
            try await database.execute(
                """
                UPDATE products SET price = 1.5 WHERE id = 1;
                UPDATE day_2 SET price_cents = 77 WHERE id = 3;
                UPDATE products SET day = 2, price = 9 WHERE id = 2;
                CREATE TABLE day_3 PARTITION OF products FOR VALUES FROM (3) TO (4);
                INSERT INTO products (id, day, price_cents) VALUES (9001, 3, 5);
                SET session_replication_role = replica;
                INSERT INTO products (id, day, price) VALUES (9002, 1, 1.25);
                INSERT INTO day_3 (id, day, price) VALUES (9003, 3, 1.75);
                SET session_replication_role = origin;
                """)
            #expect(
                try await database.value(
                    """
                    SELECT string_agg(price || ' ' || price_cents, ', ' ORDER BY id) FROM products
                    WHERE id IN (1, 2, 3, 9001, 9002, 9003)
                    """) == "1.50 150, 9.00 900, 0.77 77, 0.05 5, 1.25 125, 1.75 175")
            try await migrator.switchReads("m")
            try await migrator.complete("m")
            #expect(
                try await database.value(
                    "SELECT count(price_cents) = count(*) FROM products") == "t")
        }
    }

    @Test func anIndexOfATableWithPartitionsIsBuiltForEach() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE parts (id bigint, day integer) PARTITION BY RANGE (day);
                CREATE TABLE day_1 PARTITION OF parts FOR VALUES FROM (1) TO (2);
                CREATE TABLE "Day 2" PARTITION OF parts FOR VALUES FROM (2) TO (3)
                PARTITION BY HASH (id);
                CREATE TABLE day_2_0 PARTITION OF "Day 2" FOR VALUES WITH (MODULUS 2, REMAINDER 0);
                CREATE TABLE day_2_1 PARTITION OF "Day 2" FOR VALUES WITH (MODULUS 2, REMAINDER 1);
                INSERT INTO parts SELECT i, 1 + i % 2 FROM generate_series(1, 1000) AS i; ANALYZE;
                """)
            let migrator = try Made.migrator(database)
            let before = try await Made.schema(database)
            let file = try Made.file(
                "create_index: { table: parts, name: '\"by Day\"', columns: [day, id], "
                    + "unique: true }")
            try await migrator.start(file)
            let valid = """
                SELECT count(*) || ' ' || bool_and(indisvalid) FROM pg_index i
                JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname LIKE 'by Day%'
                """
            #expect(try await database.value(valid) == "5 true")
            try await migrator.rollback("m")
            #expect(try await Made.schema(database) == before)
            try await migrator.start(file)
            try await migrator.switchReads("m")
            try await migrator.complete("m")
            // A new partition gets its own.
            try await database.execute(
                "CREATE TABLE day_3 PARTITION OF parts FOR VALUES FROM (3) TO (4)")
            #expect(
                try await database.value(
                    "SELECT count(*) FROM pg_index WHERE indrelid = 'day_3'::regclass") == "1")
        }
    }

    @Test func aPartitionThatComesMeanwhileIsNotLeftOut() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE parts (id bigint, day integer, n integer) PARTITION BY RANGE (day);
                CREATE TABLE day_1 PARTITION OF parts FOR VALUES FROM (1) TO (2)
                PARTITION BY HASH (id);
                CREATE TABLE day_1_0 PARTITION OF day_1 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
                INSERT INTO parts SELECT i, 1 FROM generate_series(1, 1000) AS i; ANALYZE;
                CREATE TABLE gate (n integer);
                """)
            let before = try await Made.schema(database)
            // Names that begin alike, and are too long to have anything added.
            let long = String(repeating: "orders_by_customer_and_day_", count: 2)
            let migration = try Made.file(
                "create_index: { table: parts, name: \(long)aa, columns: [day, id] }",
                "create_index: { table: parts, name: \(long)ab, columns: [id, day] }")
            let migrator = try Made.migrator(database)
            // Its plan is made while somebody holds the table, and its steps come later.
            let blocker = try await database.connect("a partition's maker")
            _ = try await blocker.query("BEGIN")
            _ = try await blocker.query("LOCK TABLE parts IN SHARE UPDATE EXCLUSIVE MODE")
            try await withThrowingTaskGroup(of: MigrationError?.self) { group in
                group.addTask {
                    do {
                        try await migrator.start(migration)
                        return nil
                    } catch let error as MigrationError {
                        return error
                    }
                }
                try await eventually("the plan is kept") {
                    guard
                        try await database.value("SELECT to_regclass('sluice.migration')") != nil
                    else { return false }
                    return try await database.number("SELECT count(*) FROM sluice.migration") == 1
                }
                _ = try await blocker.query(
                    "CREATE TABLE day_2 PARTITION OF parts FOR VALUES FROM (2) TO (3)")
                _ = try await blocker.query("COMMIT")
                let error = try #require(await group.next() ?? nil)
                #expect(error.description.contains("a partition has come meanwhile"), "\(error)")
            }
            await blocker.close()
            try await migrator.rollback("m")
            try await database.execute("DROP TABLE day_2")
            #expect(try await Made.schema(database) == before)
            try await migrator.start(migration)
            let valid = """
                SELECT count(*) || ' ' || bool_and(indisvalid) FROM pg_index i
                JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname LIKE 'orders%'
                """
            #expect(try await database.value(valid) == "6 true")
            try await migrator.rollback("m")
            #expect(try await Made.schema(database) == before)
        }
    }
}
