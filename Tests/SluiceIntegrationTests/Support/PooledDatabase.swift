import SluicePostgres
import SluiceSandbox
import SluiceTestSupport

/// A database behind a pooler that has fewer sessions than the run has workers.
struct PooledDatabase: Sendable {
    /// Past the pooler, for what the test itself asks.
    let direct: TestDatabase
    /// Through the pooler.
    let dsn: String

    /// Lends one, with a server and a pooler of its own.
    static func with(
        sessions: Int = 3, _ body: @escaping @Sendable (PooledDatabase) async throws -> Void
    ) async throws {
        try await Turnstile.shared.pass(alone: false) {
            try await withSandbox { sandbox in
                let pooler = try await sandbox.startPooler(sessions: sessions)
                let name = try await sandbox.primary.createDatabase()
                let dsn = sandbox.primary.dsn(database: name)
                try await TestDatabase.with(dsn: dsn) { direct in
                    try await body(
                        PooledDatabase(direct: direct, dsn: pooler.dsn(database: name)))
                }
            }
        }
    }

    /// Starts `sluice` through the pooler.
    func start(_ arguments: [String]) throws -> SluiceProcess {
        try SluiceProcess(arguments, dsn: dsn)
    }

    /// Runs a command through the pooler to its end.
    func command(_ arguments: [String]) async throws -> (code: Int32, text: String) {
        try await SluiceProcess.run(arguments, dsn: dsn)
    }

    /// Leaves settings behind in every session of the pooler's, again and again, while the body
    /// runs, as an application does that takes a session for its own.
    func spoiling(
        with settings: [String], sessions: Int = 3, during body: () async throws -> Void
    ) async throws {
        let script = settings.map { "SET \($0);" }.joined()
        let clients = try await Self.clients(sessions, dsn: dsn)
        // At the same time in all of the sessions, so that none is left out.
        for client in clients { _ = try await client.execute(script: "BEGIN") }
        for client in clients { _ = try await client.execute(script: script + "COMMIT") }
        try await withThrowingTaskGroup { group in
            group.addTask {
                // Its own settings end its statements as well.
                while !Task.isCancelled { _ = try? await clients[0].execute(script: script) }
            }
            try await body()
            group.cancelAll()
        }
        for client in clients { await client.close() }
    }

    private static func clients(_ count: Int, dsn: String) async throws -> [PostgresConnection] {
        var clients: [PostgresConnection] = []
        for _ in 0..<count {
            clients.append(try await PostgresConnection.connect(ConnectionParameters(dsn: dsn)))
        }
        return clients
    }
}
