import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Synchronization
import Testing

@testable import SluiceMigration

/// Clients of the old and the new shape at once.
@Suite(.timeLimit(.minutes(12))) struct TwoShapesTests {
    /// A client that writes and reads until it is told to stop.
    private struct Client: Sendable {
        let dsn: String
        let seed: UInt64
        let write: String
        let rows: Int

        /// What it met: the longest it waited, in seconds, and what failed.
        struct Outcome: Sendable {
            var secondsMax = 0.0
            var count = 0
            var problems: [String] = []
        }

        func run(until isOver: @Sendable () -> Bool) async throws -> Outcome {
            let connection = try await PostgresConnection.connect(
                try ConnectionParameters(dsn: dsn))
            var numbers = KilledMigrationTests.SeededNumbers(seed)
            var outcome = Outcome()
            while !isOver() {
                let id = 1 + Int(numbers.next()) % rows
                let cents = Int(numbers.next() % 100_000)
                let began = ContinuousClock.now
                do {
                    _ = try await connection.query(
                        write, [.text("\(id)"), .text("\(cents)")])
                } catch {
                    outcome.problems.append("\(error)")
                }
                outcome.secondsMax = max(
                    outcome.secondsMax, began.duration(to: .now) / .seconds(1))
                outcome.count += 1
            }
            await connection.close()
            return outcome
        }
    }

    @Test func clientsOfBothShapesWriteAtOnceAndNeitherFailsNorWaits() async throws {
        try await TestDatabase.with(alone: true) { database in
            let rows = 20_000
            try await database.execute(
                """
                CREATE TABLE products (id bigint PRIMARY KEY, price numeric(12, 2) NOT NULL);
                INSERT INTO products SELECT i, i * 0.01 FROM generate_series(1, \(rows)) AS i;
                ANALYZE;
                """)
            let old = Client(
                dsn: database.dsn, seed: 1,
                write: "UPDATE products SET price = $2::numeric / 100 WHERE id = $1", rows: rows)
            let new = Client(
                dsn: database.dsn, seed: 2,
                write: "UPDATE products SET price_cents = $2::bigint WHERE id = $1", rows: rows)
            let migrator = try Made.migrator(database)
            let migration = try Made.file(Made.cents)
            let differs = """
                SELECT count(*) FROM products
                WHERE price_cents IS NOT NULL AND price_cents <> price * 100
                """
            let isOver = Mark(), oldIsOver = Mark()
            let outcomes = try await withThrowingTaskGroup(of: Client.Outcome?.self) { group in
                group.addTask { try await old.run { oldIsOver.isSet } }
                group.addTask {
                    try await migrator.start(migration)
                    #expect(try await database.value(differs) == "0")
                    try await migrator.switchReads("m")
                    return nil
                }
                var outcomes: [Client.Outcome] = []
                while let ended = try await group.next() {
                    if let ended {
                        outcomes.append(ended)
                        // The old shape is gone: the new one alone meets the end.
                        guard outcomes.count == 1 else { continue }
                        group.addTask {
                            #expect(try await database.value(differs) == "0")
                            try await migrator.complete("m")
                            isOver.set()
                            return nil
                        }
                    } else if !oldIsOver.isSet {
                        group.addTask { try await new.run { isOver.isSet } }
                        // Both for a while: the new one's first hundred writes.
                        try await eventually("both have written") {
                            try await database.number(
                                "SELECT n_tup_upd FROM pg_stat_user_tables "
                                    + "WHERE relname = 'products'") > rows + 200
                        }
                        oldIsOver.set()
                    }
                }
                return outcomes
            }
            #expect(outcomes.count == 2)
            for outcome in outcomes {
                #expect(outcome.problems.isEmpty, "\(outcome.problems.prefix(3))")
                #expect(outcome.secondsMax < 0.5, "\(outcome.secondsMax)")
                #expect(outcome.count > 50)
            }
        }
    }

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

/// Something that has happened or not.
private final class Mark: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
}
