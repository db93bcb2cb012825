import SluicePostgres

/// The whole table in one statement: what one would write without thinking of anybody else.
struct SingleUpdate: BackfillCase {
    var subject: String { "single update" }

    func change(_ copy: FreshCopy) async throws -> [String: Double] {
        let connection = try await PostgresConnection.connect(ConnectionParameters(dsn: copy.dsn))
        let (column, expression) = AccountsTable.assignment
        _ = try await connection.query("UPDATE accounts SET \(column) = \(expression)")
        await connection.close()
        return [:]
    }
}
