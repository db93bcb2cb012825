import SluicePostgres

/// How SQL of the user's that only looks is run: in a transaction that changes nothing, bounded.
enum ThrottleSQL {
    /// Longest that a throttle or a probe may take, in seconds: past it the answer says more of
    /// the question than of the server.
    static let timeoutSeconds = 5

    /// The same for every statement of a session of our own, so that none needs more than itself.
    static let sessionSettings = [
        "SET default_transaction_read_only = on",
        "SET statement_timeout = \(timeoutSeconds * 1_000)",
    ]

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

    /// Runs a statement of the user's that only looks as an application runs its own: kept by the
    /// session, in one round trip, with nothing around it.
    ///
    /// In a session that `ThrottleSQL.sessionSettings` were made for; behind a pooler, where a
    /// session is not ours to set, as ``look(_:)``.
    func lookAsApplication(_ sql: String) async throws(PostgresError) {
        guard opening.isEmpty else {
            _ = try await look(sql)
            return
        }
        _ = try await queryKept(sql, timeout: .seconds(ThrottleSQL.timeoutSeconds + 2))
    }
}
