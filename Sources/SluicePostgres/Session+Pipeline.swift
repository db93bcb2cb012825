internal import CLibpq

extension Session {
    /// Queues all statements and one sync, and writes them.
    func send(_ statements: [Statement]) throws(PostgresError) {
        guard !statements.isEmpty else {
            throw PostgresError(kind: .usage, message: "a batch needs at least one statement")
        }
        // All are checked before the first is queued: nothing goes out by halves.
        var prepared: [PreparedParameters] = []
        for statement in statements { prepared.append(try PreparedParameters(statement)) }
        try enterPipeline()
        for statement in prepared {
            guard statement.queue(on: connection) else { throw refused() }
        }
        guard PQpipelineSync(connection) == 1 else { throw refused() }
        outstandingBatches += 1
        try flush()
    }

    /// Reads to the next sync.
    func receive() throws(PostgresError) -> PipelineResult {
        guard outstandingBatches > 0 else {
            throw PostgresError(kind: .usage, message: "nothing was sent that could be received")
        }
        var results: [QueryResult] = []
        var failure: PostgresError?
        var failedStatement: Int?
        var statement = 0
        while true {
            switch try nextReply() {
            case nil: statement += 1
            case .result(let result): results.append(result)
            case .skipped: break
            case .failure(let error):
                if failure == nil {
                    failure = error
                    failedStatement = statement
                }
            case .synced:
                outstandingBatches -= 1
                return PipelineResult(
                    results: results, error: failure, failedStatement: failedStatement)
            }
        }
    }

    /// How often a transaction is begun before its opening's cancel is believed.
    private static let openingsMax = 5

    /// Sends a transaction and leaves the session idle if it fails.
    ///
    /// What cancels the opening is a timeout that a pooler's previous client left behind and that
    /// the opening had not replaced yet: nothing has happened, so it is sent again.
    func transact(
        opening: [Statement], _ statements: [Statement]
    ) throws(PostgresError) -> PipelineResult {
        var attempts = 0
        while true {
            attempts += 1
            try requireNothingOutstanding()
            try send(opening + statements)
            let answer = try receive()
            guard let error = answer.error else { return answer }
            try recover()
            let isOpening = (answer.failedStatement ?? opening.count) < opening.count
            guard isOpening, error.sqlState == .queryCanceled, attempts < Self.openingsMax,
                ending == nil
            else { throw error }
        }
    }

    /// Reads everything outstanding, believes none of it, and ends the transaction.
    func recover() throws(PostgresError) {
        try discardOutstanding()
        try leavePipeline()
        if isInTransaction { _ = try query(Statement("ROLLBACK")) }
    }

    /// Reads to the last outstanding sync.
    func discardOutstanding() throws(PostgresError) {
        while outstandingBatches > 0 { _ = try receive() }
    }
}
