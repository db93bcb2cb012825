import SluicePostgres

/// How SQL of the user's that only looks is run: in a transaction that changes nothing, bounded.
enum ThrottleSQL {
    /// Longest that a throttle or a probe may take, in seconds: past it the answer says more of
    /// the question than of the server.
    static let timeoutSeconds = 5

    /// The same for the next statement of a session of our own, so that it needs nothing around it.
    ///
    /// Before each, not once: SQL of the user's can set both for those that follow.
    static let sessionSettings =
        "SET default_transaction_read_only = on; SET statement_timeout = \(timeoutSeconds * 1_000)"

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

    /// How long a statement of the user's that only looks takes as one of an application's: kept
    /// by the session, in one round trip, with nothing around it.
    ///
    /// Behind a pooler, where a session is not ours to set, it is timed as ``look(_:)`` runs it.
    func latencyAsApplication(_ sql: String) async throws(PostgresError) -> Duration {
        let timeout = Duration.seconds(ThrottleSQL.timeoutSeconds + 2)
        if opening.isEmpty {
            // One that the user's SQL began is not bound by what is set here.
            if isInTransaction { _ = try await query("ROLLBACK", timeout: timeout) }
            _ = try await execute(script: ThrottleSQL.sessionSettings, timeout: timeout)
        }
        let start = ContinuousClock.now
        if opening.isEmpty {
            _ = try await queryKept(sql, timeout: timeout)
        } else {
            _ = try await look(sql)
        }
        return start.duration(to: .now)
    }
}
