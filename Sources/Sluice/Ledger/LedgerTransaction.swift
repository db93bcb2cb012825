import SluicePostgres

extension PostgresConnection {
    /// Bound on anything that touches only the ledger, above the server's own.
    static var ledgerTimeout: Duration { .seconds(90) }

    /// Runs one statement on the ledger in a transaction of its own that says how it is to be run:
    /// a role may default to another isolation level, or to read-only.
    ///
    /// What need not survive a crash of the server (`durable: false`) does not wait for the disk.
    func transact(
        _ sql: String, _ parameters: [Parameter] = [], durable: Bool = true
    ) async throws(PostgresError) -> QueryResult {
        let statements = [
            Statement(BatchSettingsSQL.begin), BatchSettingsSQL.ledger(durable: durable),
            Statement(sql, parameters), Statement(BatchSettingsSQL.commit),
        ]
        let answer = try await sendAndReceive(statements, timeout: Self.ledgerTimeout)
        if let error = answer.error {
            try await recover(timeout: Self.ledgerTimeout)
            throw error
        }
        return answer.results[2]
    }
}
