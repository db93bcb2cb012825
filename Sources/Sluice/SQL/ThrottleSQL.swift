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

    /// Prepares a session for ``latencyAsApplication(_:dueAt:)``: it changes nothing, and no
    /// statement of it takes for ever.
    func prepareAsApplication() async throws(PostgresError) {
        guard opening.isEmpty else { return }
        _ = try await execute(
            script: ThrottleSQL.sessionSettings,
            timeout: .seconds(ThrottleSQL.timeoutSeconds + 2))
    }

    /// How long a statement of the user's that only looks takes from when it is due, as one of an
    /// application's: kept by the session, in one round trip, with nothing around it.
    ///
    /// Behind a pooler, where a session is not ours to set, it is run as ``look(_:)`` does it.
    func latencyAsApplication(
        _ sql: String, dueAt due: ContinuousClock.Instant
    ) async throws(PostgresError) -> Duration {
        guard opening.isEmpty else {
            try? await Task.sleep(until: due, tolerance: .zero, clock: .continuous)
            _ = try await look(sql)
            return due.duration(to: .now)
        }
        let timeout = Duration.seconds(ThrottleSQL.timeoutSeconds + 2)
        let latency = try await latencyKept(sql, dueAt: due, timeout: timeout)
        // The next would run within what this one began.
        if isInTransaction { _ = try await query("ROLLBACK", timeout: timeout) }
        return latency
    }
}
