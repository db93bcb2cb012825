import Foundation
import Sluice
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import SluiceMigration

/// Migrations whose process is killed, again and again.
@Suite(.timeLimit(.minutes(12))) struct KilledMigrationTests {
    private static let setup = """
        CREATE TABLE products (id bigint PRIMARY KEY, price numeric(12, 2) NOT NULL, name text);
        INSERT INTO products SELECT i, i * 1.25, 'p' || i FROM generate_series(1, 2000) AS i;
        ANALYZE;
        """
    private static let file = """
        migration: m
        operations:
          - change_type: { table: products, column: price, to: price_cents, type: bigint,
                           not_null: true, up: (price * 100)::bigint, down: price_cents / 100.0 }
          - set_not_null: { table: products, column: name }
          - create_index: { table: products, name: by_name, columns: [name, id] }
          - add_unique: { table: products, columns: [name] }
        """

    /// Runs a command, kills it as soon as the number of steps that are done is another, some
    /// looks later, and runs it again until it ends by itself.
    ///
    /// - Returns: At how many steps it was killed.
    private func survive(
        _ arguments: [String], _ database: TestDatabase, seed: inout SeededNumbers
    ) async throws -> Set<Int> {
        var kills: Set<Int> = []
        var count = 0
        while true {
            let before = try await steps(database)
            let process = try SluiceProcess(arguments, dsn: database.dsn)
            // Between two steps, or within the next one.
            let looks = Int(seed.next() % 12)
            var later = 0
            while process.isRunning, later <= looks {
                if try await steps(database) != before || later > 0 { later += 1 }
            }
            if process.isRunning, count < 12 {
                try await process.kill9()
                kills.insert(try await steps(database))
                count += 1
                continue
            }
            let code = try await process.wait()
            #expect(code == 0, "\(process.errors)")
            return kills
        }
    }

    private func steps(_ database: TestDatabase) async throws -> Int {
        guard try await database.value("SELECT to_regclass('sluice.migration_step')") != nil else {
            return 0
        }
        return try await database.number("SELECT count(*) FROM sluice.migration_step")
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

    @Test(arguments: [1] as [UInt64])
    func whereverItIsKilledItEndsInTheRightSchema(_ seed: UInt64) async throws {
        try await TestDatabase.with { database in
            try await database.execute(Self.setup)
            let path = FileManager.default.temporaryDirectory
                .appending(path: "m-\(UUID().uuidString).yaml")
            try Data(Self.file.utf8).write(to: path)
            defer { try? FileManager.default.removeItem(at: path) }
            let before = try await Made.schema(database)
            var numbers = SeededNumbers(seed)
            var kills: Set<Int> = []
            kills.formUnion(
                try await survive(["migrate", "start", path.path], database, seed: &numbers))
            kills.formUnion(
                try await survive(["migrate", "rollback", "m"], database, seed: &numbers))
            #expect(try await Made.schema(database) == before)
            // Back from the middle of a start that nobody carried on.
            for most in [3, 7] {
                let start = try SluiceProcess(
                    ["migrate", "start", path.path], dsn: database.dsn)
                try await eventually("\(most) steps are done") {
                    try await steps(database) >= most || !start.isRunning
                }
                try await start.kill9()
                kills.formUnion(
                    try await survive(["migrate", "rollback", "m"], database, seed: &numbers))
                #expect(try await Made.schema(database) == before, "\(most)")
            }
            kills.formUnion(
                try await survive(["migrate", "start", path.path], database, seed: &numbers))
            let migrator = Migrator(try ConnectionParameters(dsn: database.dsn))
            try await migrator.switchReads("m")
            kills.formUnion(
                try await survive(["migrate", "complete", "m"], database, seed: &numbers))
            #expect(kills.count >= 6, "killed at \(kills.sorted())")
            #expect(
                try await database.value(
                    "SELECT sum(price_cents) FROM products") == "\(125 * 2_000 * 2_001 / 2)")
            let after = try await Made.schema(database)
            for part in [
                "price_cents bigint NOT NULL", "name text NOT NULL", "INDEX by_name",
                "products_name_key UNIQUE",
            ] { #expect(after.contains(part), "\(part)") }
            #expect(!after.contains("sluice") && !after.contains("price numeric"))
        }
    }
}
