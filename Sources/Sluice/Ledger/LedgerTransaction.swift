import SluicePostgres

extension PostgresConnection {
    /// Bound on anything that touches only the ledger: it waits for a lock on one row at most.
    static var ledgerTimeout: Duration { .seconds(60) }

    /// Runs one statement on the ledger in a transaction of its own that says how it is to be run:
    /// a role may default to another isolation level, or to read-only.
    ///
    /// What need not survive a crash of the server (`durable: false`) does not wait for the disk.
    func transact(
        _ sql: String, _ parameters: [Parameter] = [], durable: Bool = true
    ) async throws(PostgresError) -> QueryResult {
        var statements = [Statement(BatchSettingsSQL.begin)]
        if !durable { statements.append(Statement("SET LOCAL synchronous_commit = off")) }
        statements.append(Statement(sql, parameters))
        statements.append(Statement(BatchSettingsSQL.commit))
        let answer = try await sendAndReceive(statements, timeout: Self.ledgerTimeout)
        if let error = answer.error {
            try await recover(timeout: Self.ledgerTimeout)
            throw error
        }
        return answer.results[statements.count - 2]
    }
}
