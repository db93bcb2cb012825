extension PostgresConnection {
    /// Runs one statement and returns its whole result in memory.
    ///
    /// Always the extended protocol: the server refuses a second statement.
    public nonisolated func query(
        _ sql: String, _ parameters: [Parameter] = [], timeout: Duration? = nil
    ) async throws(PostgresError) -> QueryResult {
        try await query(Statement(sql, parameters), timeout: timeout)
    }

    /// Runs one statement though the task is cancelled: to put back or remove what a cancelled
    /// operation made.
    ///
    /// Only the timeout ends it.
    public nonisolated func queryToTheEnd(
        _ sql: String, timeout: Duration
    ) async throws(PostgresError) -> QueryResult {
        let statement = Statement(sql)
        return try await performToTheEnd(timeout: timeout) { session throws(PostgresError) in
            try session.query(statement, opening: [])
        }
    }

    /// Runs one statement and returns its whole result in memory.
    public nonisolated func query(
        _ statement: Statement, timeout: Duration? = nil
    ) async throws(PostgresError) -> QueryResult {
        let opening = opening
        return try await perform(timeout: timeout) { session throws(PostgresError) in
            try session.query(statement, opening: opening)
        }
    }

    /// Runs one statement that the session keeps parsed, and after a few times planned.
    ///
    /// For what is asked over and over: catalog views take longer to plan than to read. It is kept
    /// until the session ends, so its SQL must be one of a few. Where queries have an opening, as
    /// behind poolers, nothing is kept.
    public nonisolated func queryKept(
        _ sql: String, _ parameters: [Parameter] = [], timeout: Duration? = nil
    ) async throws(PostgresError) -> QueryResult {
        try await queryKept([Statement(sql, parameters)], timeout: timeout)[0]
    }

    /// Runs several such statements in one round trip and one transaction, and returns a result for
    /// each.
    ///
    /// Throws the first error; nothing that follows it was run then.
    public nonisolated func queryKept(
        _ statements: [Statement], timeout: Duration? = nil
    ) async throws(PostgresError) -> [QueryResult] {
        let opening = opening
        return try await perform(timeout: timeout) { session throws(PostgresError) in
            guard !opening.isEmpty, !session.isInTransaction else {
                return try session.queryKept(statements)
            }
            let answer = try session.transact(
                opening: opening, statements + [Statement("COMMIT")])
            return Array(answer.results[opening.count...].dropLast())
        }
    }

    /// Runs one statement that the session keeps, once it is due, and returns how long it took from
    /// then on.
    ///
    /// As an application's users count: what a busy host needs until it has the statement sent is
    /// in it, and nothing of what this process does elsewhere, since waiting and running both
    /// happen on the connection's thread. It is due a part of a millisecond sooner than asked,
    /// since nothing shorter is waited for; one whose time has passed is run at once.
    public nonisolated func latencyKept(
        _ sql: String, dueAt due: ContinuousClock.Instant, timeout: Duration? = nil
    ) async throws(PostgresError) -> Duration {
        let wait = max(.zero, ContinuousClock.now.duration(to: due))
        return try await perform(timeout: timeout.map { $0 + wait }) {
            session throws(PostgresError) in
            let began = try session.rest(until: due)
            _ = try session.queryKept([Statement(sql)])
            return began.duration(to: .now)
        }
    }

    /// What begins a transaction for each query that finds none open, which then is committed; none
    /// by default.
    ///
    /// For poolers: what was set before, outside a transaction, reached another session.
    public nonisolated var opening: [Statement] {
        get { status.opening }
        set { status.opening = newValue }
    }

    /// Runs several statements with the simple protocol.
    ///
    /// They are one transaction, unless the script has its own. Returns one result for
    /// each; throws the first error.
    public nonisolated func execute(
        script: String, timeout: Duration? = nil
    ) async throws(PostgresError) -> [QueryResult] {
        try await perform(timeout: timeout) { session throws(PostgresError) in
            try session.execute(script: script)
        }
    }

    /// Lets the server parse a statement without running it.
    public nonisolated func describe(
        _ sql: String, timeout: Duration? = nil
    ) async throws(PostgresError) -> StatementDescription {
        try await perform(timeout: timeout) { session throws(PostgresError) in
            try session.describe(sql)
        }
    }

    /// Runs one statement and hands over its rows as they arrive, without keeping them.
    ///
    /// `body` runs on the connection's thread. What it throws is thrown on; the statement
    /// is then cancelled and the connection closed. Returns the number of rows.
    @discardableResult
    public nonisolated func forEachRow(
        _ sql: String, _ parameters: [Parameter] = [], timeout: Duration? = nil,
        _ body: @escaping @Sendable ([String?]) throws -> Void
    ) async throws -> Int {
        let statement = Statement(sql, parameters)
        let outcome = try await perform(timeout: timeout) { session throws(PostgresError) in
            try session.forEachRow(statement, body)
        }
        return try outcome.get()
    }
}
