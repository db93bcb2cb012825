import SluicePostgres

/// How SQL of the user's that only looks is run: in a transaction that changes nothing, bounded.
enum ThrottleSQL {
    /// Longest that a throttle or a probe may take, in seconds: past it the answer says more of
    /// the question than of the server.
    static let timeoutSeconds = 5

    /// What begins the transaction; behind a pooler with the role's own settings, as for every
    /// question of Sluice's own.
    static func opening(of connection: PostgresConnection) -> [Statement] {
        let begin = connection.opening.isEmpty ? [Statement(PoolerSQL.begin)] : connection.opening
        return begin + [BatchSettingsSQL.timeout(timeoutSeconds * 1_000)]
    }
}

extension PostgresConnection {
    /// Runs one statement of the user's that only looks.
    ///
    /// The server is given a moment to end it by itself; a connection that it cannot end on is
    /// given up.
    func look(_ sql: String) async throws(PostgresError) -> QueryResult {
        let opening = ThrottleSQL.opening(of: self)
        let answer = try await transact(
            opening: opening, [Statement(sql), Statement("ROLLBACK")],
            timeout: .seconds(ThrottleSQL.timeoutSeconds + 2))
        return answer.results[opening.count]
    }
}
