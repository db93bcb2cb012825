import SluicePostgres

extension PostgresConnection {
    /// Bound on anything that touches only the ledger, above the server's own.
    static var ledgerTimeout: Duration { .seconds(90) }

    /// Begins a transaction on the ledger, all at once: in between, a timeout that a pooler's
    /// previous client left behind could end it.
    func beginOnLedger() async throws(PostgresError) {
        try await transact(
            opening: BatchSettingsSQL.ledger(durable: true), timeout: Self.ledgerTimeout)
    }

    /// Runs one statement on the ledger in a transaction of its own that says how it is to be run:
    /// a role may default to another isolation level, or to read-only.
    ///
    /// What need not survive a crash of the server (`durable: false`) does not wait for the disk.
    func transact(
        _ sql: String, _ parameters: [Parameter] = [], durable: Bool = true
    ) async throws(PostgresError) -> QueryResult {
        try await transact([Statement(sql, parameters)], durable: durable)[0]
    }

    /// Runs several statements on the ledger in one such transaction and one exchange, and returns
    /// a result for each.
    func transact(
        _ statements: [Statement], durable: Bool = true
    ) async throws(PostgresError) -> [QueryResult] {
        let opening = BatchSettingsSQL.ledger(durable: durable)
        let answer = try await transact(
            opening: opening, statements + [Statement(BatchSettingsSQL.commit)],
            timeout: Self.ledgerTimeout)
        return Array(answer.results[opening.count...].prefix(statements.count))
    }
}
