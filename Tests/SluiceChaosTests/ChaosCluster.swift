import SluiceSandbox
import SluiceTestSupport

/// A cluster of a case's own, for faults that would hit other tests on a shared one.
struct ChaosCluster: Sendable {
    let sandbox: Sandbox
    let database: String

    var dsn: String { sandbox.primary.dsn(database: database) }

    /// Lends one with an empty database.
    static func with<Value: Sendable>(
        _ options: SandboxOptions, _ body: @escaping @Sendable (ChaosCluster) async throws -> Value
    ) async throws -> Value {
        try await Turnstile.shared.pass(alone: false) {
            try await withSandbox(options) { sandbox in
                let database = try await sandbox.primary.createDatabase()
                return try await body(ChaosCluster(sandbox: sandbox, database: database))
            }
        }
    }

    /// Makes a role that owns the table and may not use the connections kept for superusers, and
    /// returns its way in.
    func ordinaryRole() async throws -> String {
        let name = database
        try await ask { database in
            try await database.execute(
                """
                CREATE ROLE app LOGIN; ALTER TABLE t OWNER TO app;
                GRANT CREATE ON DATABASE \(name) TO app;
                """)
        }
        return sandbox.primary.dsn(database: database, user: "app")
    }

    /// Asks over a connection of its own, since faults end those that are open.
    func ask<Value: Sendable>(
        _ body: @escaping @Sendable (TestDatabase) async throws -> Value
    ) async throws -> Value {
        try await TestDatabase.with(dsn: dsn, body)
    }

    /// Makes the table, whose batches take at least so long.
    func prepare(rows: Int, batchSeconds: Double) async throws {
        try await ask { database in
            try await database.makeTable(rows: rows)
            try await database.slowDown(seconds: batchSeconds)
        }
    }

    /// Starts the job that changes a row twice if it is sent twice.
    func start(workers: Int, batch: Int, _ more: [String] = []) throws -> SluiceProcess {
        try IncrementCommand(dsn: dsn).start(workers: workers, batch: batch, more)
    }
}

/// The command line of the job that is not idempotent.
struct IncrementCommand {
    let dsn: String

    func start(workers: Int, batch: Int, _ more: [String] = []) throws -> SluiceProcess {
        try SluiceProcess(
            [
                "run", "--table", "t", "--set", "n = n + 1", "--workers", "\(workers)", "--batch",
                "\(batch)", "--progress", "plain",
            ] + more, dsn: dsn, logLevel: "info")
    }
}

extension TestDatabase {
    /// Starts the job, with its log among the errors.
    func begin(workers: Int = 2, batch: Int, _ more: [String] = []) throws -> SluiceProcess {
        try IncrementCommand(dsn: dsn).start(workers: workers, batch: batch, more)
    }
}
