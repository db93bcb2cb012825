import Synchronization

/// Names of databases that are to be dropped when somebody comes by.
final class AbandonedDatabases: Sendable {
    private let names = Mutex<[String]>([])

    func add(_ name: String) { names.withLock { $0.append(name) } }

    func takeAll() -> [String] {
        names.withLock { names in
            defer { names = [] }
            return names
        }
    }
}

extension Server {
    private static let counter = Atomic<Int>(0)

    /// Makes an empty database and returns its name.
    ///
    /// - Parameter name: The name; nil makes up one that this server does not have.
    public func createDatabase(_ name: String? = nil) async throws -> String {
        let number = Self.counter.add(1, ordering: .relaxed).newValue
        let chosen = name ?? "sluice_test_\(number)"
        for leftover in abandonedDatabases.takeAll() { try? await dropDatabase(leftover) }
        try await psql("CREATE DATABASE \(Self.quoted(chosen)) TEMPLATE template0")
        return chosen
    }

    /// Drops a database, and the sessions in it, if it exists.
    public func dropDatabase(_ name: String) async throws {
        do {
            try await psql("DROP DATABASE IF EXISTS \(Self.quoted(name)) WITH (FORCE)")
        } catch is CancellationError {
            abandonedDatabases.add(name)
            throw CancellationError()
        }
    }

    /// Lends an empty database of its own to the body and drops it afterwards.
    ///
    /// If the task is cancelled, the database goes with the next one that is made here, or with
    /// the sandbox: a cancelled task cannot run programs. One that cannot be dropped, because of
    /// a prepared transaction in it, goes with the sandbox and is no error.
    ///
    /// - Parameter body: What to do with the database's URI (``dsn(database:user:overTCP:)``).
    public func withDatabase<R>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (String) async throws -> R
    ) async throws -> R {
        let name = try await createDatabase()
        let result: R
        do {
            result = try await body(dsn(database: name))
        } catch {
            try? await dropDatabase(name)
            throw error
        }
        try? await dropDatabase(name)
        return result
    }

    /// An identifier as SQL writes it.
    static func quoted(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }
}
