internal import CLibpq

extension Session {
    /// Runs statements that the session parses once, and plans once after a few times: all in one
    /// round trip, and in one transaction.
    ///
    /// Where somebody made the session forget one (`DISCARD ALL`), or a column of a result has
    /// another type now, they are parsed again.
    func queryKept(_ statements: [Statement]) throws(PostgresError) -> [QueryResult] {
        guard statements.allSatisfy({ keptNames[$0.sql] != nil }) else {
            return try sendKept(statements)
        }
        do throws(PostgresError) {
            return try sendKept(statements)
        } catch {
            let isOld =
                error.sqlState == .invalidStatementName || error.sqlState == .featureNotSupported
            guard isOld, !isInTransaction else { throw error }
            for statement in statements { keptNames[statement.sql] = nil }
            return try sendKept(statements)
        }
    }

    private func sendKept(_ statements: [Statement]) throws(PostgresError) -> [QueryResult] {
        try requireNothingOutstanding()
        var kept: [Statement] = []
        for statement in statements {
            kept.append(.prepared(try name(of: statement.sql), statement.parameters))
        }
        try send(kept)
        let answer = try receive()
        if let error = answer.error { throw error }
        return answer.results
    }

    private func name(of sql: String) throws(PostgresError) -> String {
        if let name = keptNames[sql] { return name }
        // A new name each time: whether the old one is really free is not ours to know.
        keptCount += 1
        let name = "kept \(keptCount)"
        _ = try query(.prepare(name, sql))
        keptNames[sql] = name
        return name
    }
}
