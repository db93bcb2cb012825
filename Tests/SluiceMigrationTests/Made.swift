import SluicePostgres
import SluiceSandbox
import SluiceTestSupport

@testable import SluiceMigration

/// What the tests of migrations begin with.
enum Made {
    static let products = """
        CREATE TABLE products (id bigint PRIMARY KEY, price numeric(12, 2) NOT NULL, name text,
        shop integer);
        CREATE TABLE shops (id integer PRIMARY KEY);
        CREATE TABLE narrow (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n integer);
        INSERT INTO narrow (n) SELECT i FROM generate_series(1, 500) AS i;
        CREATE TABLE counted (id serial PRIMARY KEY, n integer);
        INSERT INTO counted (n) SELECT i FROM generate_series(1, 500) AS i;
        INSERT INTO shops SELECT generate_series(1, 10);
        INSERT INTO products SELECT i, i * 1.25, 'p' || i, 1 + i % 10
        FROM generate_series(1, 3000) AS i;
        ANALYZE;
        """

    /// A file with one operation.
    static func file(_ operations: String..., name: String = "m") throws -> Migration {
        try MigrationReader.read(
            "migration: \(name)\noperations:\n" + operations.map { "  - \($0)\n" }.joined(),
            file: "m.yaml")
    }

    static let cents = """
        change_type: { table: products, column: price, to: price_cents, type: bigint, \
        not_null: true, up: (price * 100)::bigint, down: price_cents / 100.0 }
        """

    static func migrator(_ database: TestDatabase) throws -> Migrator {
        Migrator(try ConnectionParameters(dsn: database.dsn))
    }

    /// The schema as `pg_dump` has it, without the ledger.
    static func schema(_ database: TestDatabase) async throws -> String {
        let server = try await SharedSandbox.server()
        return try await server.run(
            "pg_dump", ["--schema-only", "--exclude-schema=sluice", database.dsn]
        ).split(separator: "\n").filter {
            !$0.hasPrefix("\\restrict") && !$0.hasPrefix("\\unrestrict")
        }.joined(separator: "\n")
    }
}
