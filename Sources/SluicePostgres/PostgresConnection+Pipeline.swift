/// Batches: statements that travel together and end in one sync.
extension PostgresConnection {
    /// Queues all statements and one sync, and writes them in one flush.
    ///
    /// May be called again before the results are received. A batch is not a transaction
    /// unless its statements make one; the statements after an error are not run.
    public nonisolated func send(
        _ statements: [Statement], timeout: Duration? = nil
    ) async throws(PostgresError) {
        try await perform(timeout: timeout) { session throws(PostgresError) in
            try session.send(statements)
        }
    }

    /// Waits for the results of the oldest batch that was sent.
    ///
    /// An error of the server is part of the result. Throws when the session is over.
    public nonisolated func receive(
        timeout: Duration? = nil
    ) async throws(PostgresError) -> PipelineResult {
        try await perform(timeout: timeout) { session throws(PostgresError) in
            try session.receive()
        }
    }

    /// Sends one batch and waits for its results.
    ///
    /// With earlier batches outstanding it is a usage error: their results come first.
    public nonisolated func sendAndReceive(
        _ statements: [Statement], timeout: Duration? = nil
    ) async throws(PostgresError) -> PipelineResult {
        try await perform(timeout: timeout) { session throws(PostgresError) in
            try session.requireNothingOutstanding()
            try session.send(statements)
            return try session.receive()
        }
    }

    /// Sends one batch that begins a transaction, and waits for its results.
    ///
    /// Throws the first error and leaves the session idle. An opening that was cancelled by a
    /// timeout, which behind a pooler may be another client's, is sent again.
    @discardableResult
    public nonisolated func transact(
        opening: [Statement], _ statements: [Statement] = [], timeout: Duration? = nil
    ) async throws(PostgresError) -> PipelineResult {
        try await perform(timeout: timeout) { session throws(PostgresError) in
            try session.transact(opening: opening, statements)
        }
    }

    /// Makes the session idle again after an error inside a batch.
    ///
    /// Reads whatever is outstanding without believing it, and rolls back if a transaction
    /// is open.
    public nonisolated func recover(timeout: Duration? = nil) async throws(PostgresError) {
        try await perform(timeout: timeout) { session throws(PostgresError) in
            try session.recover()
        }
    }
}
