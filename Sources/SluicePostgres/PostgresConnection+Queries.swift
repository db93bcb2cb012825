extension PostgresConnection {
    /// Runs one statement and returns its whole result in memory.
    ///
    /// Always the extended protocol: the server refuses a second statement.
    public nonisolated func query(
        _ sql: String, _ parameters: [Parameter] = [], timeout: Duration? = nil
    ) async throws(PostgresError) -> QueryResult {
        try await query(Statement(sql, parameters), timeout: timeout)
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
        guard opening.isEmpty else { return try await query(sql, parameters, timeout: timeout) }
        return try await perform(timeout: timeout) { session throws(PostgresError) in
            try session.queryKept(sql, parameters)
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
