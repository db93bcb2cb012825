import Foundation
import SluiceSandbox

/// An empty database of a test's own.
struct DatabaseForTests: Sendable {
    let server: Server
    let name: String

    var dsn: String { server.dsn(database: name) }

    /// Lends a database and drops it afterwards.
    static func with<Value: Sendable>(
        setup: String = "", _ body: @Sendable (DatabaseForTests) async throws -> Value
    ) async throws -> Value {
        let server = try await SharedSandbox.server()
        let database = DatabaseForTests(server: server, name: try await server.createDatabase())
        do {
            if !setup.isEmpty { try await database.psql(setup) }
            let value = try await body(database)
            try await server.dropDatabase(database.name)
            return value
        } catch {
            try? await server.dropDatabase(database.name)
            throw error
        }
    }

    @discardableResult
    func psql(_ sql: String) async throws -> String {
        try await server.psql(sql, database: name)
    }

    /// Everything in the database as text, to compare with later.
    func dump() async throws -> String {
        let text = try await server.run("pg_dump", ["--inserts", dsn])
        // Newer versions of pg_dump put a random word into these lines.
        return text.split(separator: "\n")
            .filter { !$0.hasPrefix("\\restrict") && !$0.hasPrefix("\\unrestrict") }
            .joined(separator: "\n")
    }

    /// Runs the program on this database.
    func sluice(_ arguments: [String]) async throws -> SluiceBinary.Outcome {
        try await SluiceBinary.run(arguments + ["--dsn", dsn])
    }

    /// Starts the program on this database.
    func start(_ arguments: [String]) throws -> RunningBinary {
        try SluiceBinary.start(arguments + ["--dsn", dsn])
    }

    /// Asks until `sql` gives `expected`, at most a minute; says whether it did.
    func comes(_ expected: String, from sql: String) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if try await psql(sql) == expected { return true }
        }
        return false
    }
}
