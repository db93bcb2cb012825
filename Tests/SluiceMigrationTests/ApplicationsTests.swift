import Foundation
import Sluice
import SluicePostgres
import SluiceTestSupport
import Synchronization
import Testing

@testable import SluiceMigration

/// Applications of the old and the new shape, which write and read all through a migration.
@Suite(.timeLimit(.minutes(30))) struct ApplicationsTests {
    /// A migration, and what applications do meanwhile.
    struct Case: Sendable, CustomTestStringConvertible {
        let operation: String
        /// What an application of the old shape does to the row `$1` with the number `$2`; its
        /// answer is `t` where it reads what it wrote.
        let old: String
        /// The same of the new shape.
        let new: String
        /// True of every row whose new column is there; `nil` where no column is new.
        var agreement: String?
        /// True at the end.
        let ending: String

        var testDescription: String { operation }
    }

    static let cases = [
        Case(
            operation: "add_column: { table: products, column: slug, type: text, not_null: true, "
                + "up: lower(name) }",
            old: "UPDATE products SET name = 'N' || $2::bigint WHERE id = $1 "
                + "RETURNING name = 'N' || $2",
            new: "UPDATE products SET name = 'N' || $2::bigint, slug = 'n' || $2 WHERE id = $1 "
                + "RETURNING name = 'N' || $2 AND slug = 'n' || $2",
            agreement: "slug = lower(name)",
            ending: "SELECT bool_and(slug = lower(name)) FROM products"),
        Case(
            operation: "rename_column: { table: products, column: name, to: title }",
            old: "UPDATE products SET name = 'N' || $2::bigint WHERE id = $1 "
                + "RETURNING name = 'N' || $2",
            new: "UPDATE products SET title = 'N' || $2::bigint WHERE id = $1 "
                + "RETURNING title = 'N' || $2",
            agreement: "title = name", ending: "SELECT count(title) = count(*) FROM products"),
        Case(
            operation: Made.cents,
            old: "UPDATE products SET price = $2::numeric / 100 WHERE id = $1 "
                + "RETURNING price = $2::numeric / 100",
            new: "UPDATE products SET price_cents = $2::bigint WHERE id = $1 "
                + "RETURNING price_cents = $2",
            agreement: "price_cents = price * 100",
            ending: "SELECT count(price_cents) = count(*) FROM products"),
        Case(
            operation: "create_index: { table: products, name: by_name, columns: [name, id] }",
            old: "UPDATE products SET name = 'N' || $2::bigint WHERE id = $1 "
                + "RETURNING name = 'N' || $2",
            new: "UPDATE products SET name = 'N' || $2::bigint WHERE id = $1 "
                + "RETURNING name = 'N' || $2",
            ending: "SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_name'::regclass"),
        Case(
            operation: "drop_column: { table: products, column: shop, down: '7' }",
            old: "UPDATE products SET shop = $2::integer WHERE id = $1 RETURNING shop = $2",
            new: "UPDATE products SET name = 'N' || $2::bigint WHERE id = $1 "
                + "RETURNING name = 'N' || $2",
            ending: "SELECT count(*) = 0 FROM information_schema.columns "
                + "WHERE table_name = 'products' AND column_name = 'shop'"),
        Case(
            operation: "change_primary_key: { table: products, column: id, type: bigint }",
            old: "UPDATE products SET name = 'N' || $2::bigint WHERE id = $1 "
                + "RETURNING name = 'N' || $2",
            new: "UPDATE products SET name = 'N' || $2::bigint WHERE id = $1 "
                + "RETURNING name = 'N' || $2",
            ending: "SELECT format_type(atttypid, -1) = 'bigint' FROM pg_attribute "
                + "WHERE attrelid = 'products'::regclass AND attname = 'id'"),
    ]

    /// Small here; as large as is wanted by hand.
    static let rows =
        ProcessInfo.processInfo.environment["SLUICE_MIGRATION_ROWS"].flatMap { Int($0) } ?? 20_000

    /// Where figures go, a line for each application, if they are wanted.
    private static let figures = ProcessInfo.processInfo.environment["SLUICE_MIGRATION_FIGURES"]

    private func note(_ one: Case, _ name: String, _ log: Application.Log) throws {
        guard let path = Self.figures else { return }
        let line =
            "\(name) shape: \(log.count) statements, the longest \(log.secondsMax) s, "
            + "\(log.problems.count) failed: \(one.operation)\n"
        let file = URL(filePath: path)
        let before = (try? Data(contentsOf: file)) ?? Data()
        try (before + Data(line.utf8)).write(to: file)
    }

    /// Longest that a statement of an application may take because of a migration, in seconds.
    private static let secondsMax = 0.5

    @Test(arguments: cases)
    func neitherFailsNorWaitsAndBothReadWhatTheyWrote(_ one: Case) async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.execute(
                """
                CREATE TABLE products (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                price numeric(12, 2) NOT NULL, name text, shop integer NOT NULL);
                INSERT INTO products (price, name, shop)
                SELECT i * 0.01, 'P' || i, i % 10 FROM generate_series(1, \(Self.rows)) AS i;
                ANALYZE products;
                """)
            let old = Application(dsn: database.dsn, write: one.old, rows: Self.rows, seed: 1)
            let new = Application(dsn: database.dsn, write: one.new, rows: Self.rows, seed: 2)
            let watcher = Watcher(dsn: database.dsn, agreement: one.agreement)
            let migrator = try Made.migrator(database)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await old.run() }
                group.addTask { try await watcher.run() }
                try await eventually("the old one has begun") { old.log.count > 20 }
                try await migrator.start(try Made.file(one.operation))
                try await migrator.switchReads("m")
                group.addTask { try await new.run() }
                try await eventually("both have written") {
                    new.log.count > 200 && watcher.looks > 1
                }
                old.stop()
                try await eventually("the old one has ended") { old.hasEnded }
                watcher.stop()
                try await eventually("nobody looks") { watcher.hasEnded }
                try await migrator.complete("m", isForced: true)
                let count = new.log.count
                try await eventually("the new one goes on") { new.log.count > count + 100 }
                new.stop()
                try await group.waitForAll()
            }
            for (name, application) in [("old", old), ("new", new)] {
                let log = application.log
                #expect(log.problems.isEmpty, "\(name): \(log.problems.prefix(3))")
                #expect(log.secondsMax < Self.secondsMax, "\(name): \(log.secondsMax) s")
                try note(one, name, log)
            }
            #expect(watcher.wrong == 0)
            #expect(try await database.value(one.ending) == "t")
        }
    }
}

/// Writes one row after the other until it is stopped.
private final class Application: Sendable {
    struct Log: Sendable {
        var count = 0
        var secondsMax = 0.0
        var problems: [String] = []
    }

    private struct State: Sendable {
        var log = Log()
        var isStopped = false
        var hasEnded = false
    }

    private let dsn: String
    private let write: String
    private let rows: Int
    private let seed: UInt64
    private let state = Mutex(State())

    init(dsn: String, write: String, rows: Int, seed: UInt64) {
        (self.dsn, self.write, self.rows, self.seed) = (dsn, write, rows, seed)
    }

    var log: Log { state.withLock { $0.log } }
    var hasEnded: Bool { state.withLock { $0.hasEnded } }
    func stop() { state.withLock { $0.isStopped = true } }

    func run() async throws {
        let connection = try await PostgresConnection.connect(try ConnectionParameters(dsn: dsn))
        var numbers = KilledMigrationTests.SeededNumbers(seed)
        while !state.withLock({ $0.isStopped }) {
            let id = 1 + Int(numbers.next()) % rows
            let number = Int(numbers.next() % 100_000)
            let began = ContinuousClock.now
            var problem: String?
            do {
                let answer = try await connection.query(
                    write, [.text("\(id)"), .text("\(number)")]
                ).scalar
                if answer != "t" { problem = "it read \(answer ?? "nothing") of row \(id)" }
            } catch {
                problem = "\(error)"
            }
            let seconds = began.duration(to: .now) / .seconds(1)
            state.withLock { state in
                state.log.count += 1
                state.log.secondsMax = max(state.log.secondsMax, seconds)
                if let problem { state.log.problems.append(problem) }
            }
        }
        await connection.close()
        state.withLock { $0.hasEnded = true }
    }
}

/// Looks again and again whether both columns say the same in every committed row.
private final class Watcher: Sendable {
    private struct State: Sendable {
        var looks = 0
        var wrong = 0
        var isStopped = false
        var hasEnded = false
    }

    private let dsn: String
    private let agreement: String?
    private let state = Mutex(State())

    init(dsn: String, agreement: String?) { (self.dsn, self.agreement) = (dsn, agreement) }

    var looks: Int { state.withLock { $0.looks } }
    var wrong: Int { state.withLock { $0.wrong } }
    var hasEnded: Bool { state.withLock { $0.hasEnded } }
    func stop() { state.withLock { $0.isStopped = true } }

    func run() async throws {
        let connection = try await PostgresConnection.connect(try ConnectionParameters(dsn: dsn))
        while !state.withLock({ $0.isStopped }) {
            var wrong = 0
            if let agreement {
                do {
                    // A row whose new column is empty still has to be filled.
                    let answer = try await connection.query(
                        "SELECT count(*) FROM products WHERE NOT (\(agreement))"
                    ).scalar
                    wrong = answer.flatMap { Int($0) } ?? -1
                } catch {
                    // Before the column is there.
                    guard error.sqlState?.rawValue == "42703" else { throw error }
                }
            }
            state.withLock { state in
                state.looks += 1
                state.wrong += abs(wrong)
            }
        }
        await connection.close()
        state.withLock { $0.hasEnded = true }
    }
}
