import SluicePostgres

/// The loop that most migrations are written as: one connection, read the next keys, change them.
struct SelectThenUpdate: BackfillCase {
    static let batchKeys = 1_000

    var subject: String { "select then update" }

    func change(_ copy: FreshCopy) async throws -> [String: Double] {
        let connection = try await PostgresConnection.connect(ConnectionParameters(dsn: copy.dsn))
        let (column, expression) = AccountsTable.assignment
        var last = "0"
        while true {
            let found = try await connection.query(
                "SELECT id FROM accounts WHERE id > $1 ORDER BY id LIMIT \(Self.batchKeys)",
                [.text(last)]
            ).rows.compactMap { $0[0] }
            guard let end = found.last else { break }
            _ = try await connection.query(
                "UPDATE accounts SET \(column) = \(expression) WHERE id = ANY ($1::bigint[])",
                [.text("{\(found.joined(separator: ","))}")])
            last = end
        }
        await connection.close()
        return [:]
    }
}
