internal import CLibpq

/// One answer of the server, copied out of libpq.
enum Reply {
    case result(QueryResult)
    case failure(PostgresError)
    /// A statement after a failed one in the same batch.
    case skipped
    /// The end of a batch.
    case synced
}

extension Session {
    /// Runs one statement.
    func query(_ statement: Statement) throws(PostgresError) -> QueryResult {
        let prepared = try PreparedParameters(statement)
        try leavePipeline()
        guard prepared.queue(on: connection) else { throw refused() }
        try flush()
        guard let result = try collect().last else {
            return QueryResult(commandTag: "")
        }
        return result
    }

    /// The same, in a transaction that these statements begin unless one is open.
    func query(
        _ statement: Statement, opening: [Statement]
    ) throws(PostgresError) -> QueryResult {
        try leavePipeline()
        if opening.isEmpty || isInTransaction { return try query(statement) }
        let answer = try transact(opening: opening, [statement, Statement("COMMIT")])
        return answer.results[opening.count]
    }

    /// Runs a script with the simple protocol.
    func execute(script: String) throws(PostgresError) -> [QueryResult] {
        try PreparedParameters.check(script)
        try leavePipeline()
        guard PQsendQuery(connection, script) == 1 else { throw refused() }
        try flush()
        return try collect()
    }

    /// Parses a statement and asks what it takes and returns.
    ///
    /// In one batch, for poolers: between two syncs the server may be another one.
    func describe(_ sql: String) throws(PostgresError) -> StatementDescription {
        try PreparedParameters.check(sql)
        try requireNothingOutstanding()
        try enterPipeline()
        guard PQsendPrepare(connection, "", sql, 0, nil) == 1,
            PQsendDescribePrepared(connection, "") == 1,
            PQpipelineSync(connection) == 1
        else { throw refused() }
        try flush()
        var description = StatementDescription(parameterTypeOIDs: [], columns: [])
        var failure: PostgresError?
        var isSynced = false
        while !isSynced {
            guard let result = try nextResult() else { continue }
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_PIPELINE_SYNC: isSynced = true
            case PGRES_FATAL_ERROR:
                let error = serverError(result)
                guard error.kind == .server else { throw error }
                failure = failure ?? error
            case PGRES_COMMAND_OK:
                let types = (0..<PQnparams(result)).map { PQparamtype(result, $0) }
                let columns = (0..<PQnfields(result)).map { column in
                    StatementDescription.Column(
                        name: PQfname(result, column).map { String(cString: $0) } ?? "",
                        typeOID: PQftype(result, column))
                }
                description = StatementDescription(
                    parameterTypeOIDs: types, columns: columns)
            default: break
            }
        }
        if let failure { throw failure }
        return description
    }

    /// Writes what libpq has buffered, reading meanwhile: a server that is blocked on its
    /// own output reads nothing.
    func flush() throws(PostgresError) {
        // On failure (-1) the reading that follows reports why, with the server's last word.
        while PQflush(connection) == 1 {
            let readiness = try wait(read: true, write: true)
            if readiness.contains(.readable), PQconsumeInput(connection) == 0 { return }
        }
    }

    /// The next result of libpq, which the caller clears; nil ends a statement.
    func nextResult() throws(PostgresError) -> OpaquePointer? {
        while PQisBusy(connection) == 1 {
            _ = try wait()
            // After a failure PQgetResult does not block and says what happened.
            if PQconsumeInput(connection) == 0 { break }
        }
        let result = PQgetResult(connection)
        if result == nil, PQstatus(connection) == CONNECTION_BAD { throw lost() }
        return result
    }

    /// The next answer; nil ends a statement.
    ///
    /// Throws only when the session cannot go on.
    func nextReply() throws(PostgresError) -> Reply? {
        guard let result = try nextResult() else { return nil }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY, PGRES_SINGLE_TUPLE:
            return .result(QueryResult(result: result, notices: notices.take()))
        case PGRES_PIPELINE_SYNC: return .synced
        case PGRES_PIPELINE_ABORTED: return .skipped
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            isBroken = true
            throw PostgresError(
                kind: .usage,
                message: "COPY to or from the client is not supported; the connection is closed")
        default:
            let error = serverError(result)
            guard error.kind == .server else { throw error }
            return .failure(error)
        }
    }

    /// Reads to the end of a query outside pipeline mode; throws its first error.
    private func collect() throws(PostgresError) -> [QueryResult] {
        var results: [QueryResult] = []
        var failure: PostgresError?
        while let reply = try nextReply() {
            switch reply {
            case .result(let result): results.append(result)
            case .failure(let error): failure = failure ?? error
            case .skipped, .synced: break
            }
        }
        if let failure { throw failure }
        return results
    }

    /// An error result: the server's, or libpq's own when the connection is gone.
    func serverError(_ result: OpaquePointer) -> PostgresError {
        let diagnostics = Diagnostics(result: result)
        let isLost =
            diagnostics.sqlState == nil || diagnostics.endsSession
            || PQstatus(connection) == CONNECTION_BAD
        if isLost { isBroken = true }
        let message =
            diagnostics.message
            ?? PQresultErrorMessage(result).map { String(cString: $0).onOneLine } ?? ""
        return PostgresError(
            kind: isLost ? .connectionLost : .server,
            message: isLost ? "the connection was lost: " + message : message,
            diagnostics: diagnostics.sqlState == nil ? nil : diagnostics)
    }

    /// libpq took nothing: a caller's mistake on a living connection.
    func refused() -> PostgresError {
        guard PQstatus(connection) == CONNECTION_OK else { return lost() }
        // Part of a batch may be in the buffer.
        isBroken = true
        return PostgresError(
            kind: .usage, message: String(cString: PQerrorMessage(connection)).onOneLine)
    }

    func requireNothingOutstanding() throws(PostgresError) {
        guard outstandingBatches == 0 else {
            throw PostgresError(
                kind: .usage,
                message: "\(outstandingBatches) sent batches are still unread;"
                    + " receive them or recover first")
        }
    }

    func enterPipeline() throws(PostgresError) {
        guard PQpipelineStatus(connection) == PQ_PIPELINE_OFF else { return }
        guard PQenterPipelineMode(connection) == 1 else { throw refused() }
    }

    func leavePipeline() throws(PostgresError) {
        try requireNothingOutstanding()
        guard PQpipelineStatus(connection) != PQ_PIPELINE_OFF else { return }
        guard PQexitPipelineMode(connection) == 1 else { throw refused() }
    }
}
