import SluicePostgres

/// A transaction that looks at an old state of the database while a table is filled: as long as it
/// lasts, nothing that it might see can be pruned, and lanes gain nothing.
enum HeldSnapshot: String, Sendable {
    /// Taken before the first row is changed.
    case fromTheStart = "from the start"
    /// Taken once half of the rows are.
    case fromTheMiddle = "from the middle"

    /// How often it is looked at how far the run is: a run takes seconds.
    private static let pollSeconds = 0.02

    /// Runs the body beside the transaction, which ends with it.
    func hold(_ copy: FreshCopy, _ body: @escaping @Sendable () async throws -> Void) async throws {
        let connection = try await PostgresConnection.connect(ConnectionParameters(dsn: copy.dsn))
        switch self {
        case .fromTheStart:
            try await Self.take(connection)
            try await body()
        case .fromTheMiddle:
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await Self.waitForHalf(copy.rows, connection)
                    try await Self.take(connection)
                }
                group.addTask(operation: body)
                try await group.waitForAll()
            }
        }
        await connection.close()
    }

    private static func take(_ connection: PostgresConnection) async throws {
        _ = try await connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ")
        _ = try await connection.query("SELECT count(*) FROM products WHERE id = 1")
    }

    private static func waitForHalf(_ rows: Int, _ connection: PostgresConnection) async throws {
        while true {
            try await Task.sleep(for: .seconds(pollSeconds))
            let known = try await connection.query("SELECT to_regclass('sluice.range')")
            guard known.rows[0][0] != nil else { continue }
            let done = try await connection.query("SELECT sum(rows_changed) FROM sluice.range")
            if let sum = done.rows[0][0].flatMap(Int.init), sum >= rows / 2 { return }
        }
    }
}
