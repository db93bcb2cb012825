extension Session {
    /// Runs a statement that the session parses once, and plans once after a few times.
    ///
    /// Where somebody made the session forget it (`DISCARD ALL`), or a column of its result has
    /// another type now, it is parsed again.
    func queryKept(
        _ sql: String, _ parameters: [Parameter]
    ) throws(PostgresError) -> QueryResult {
        if let name = keptNames[sql] {
            do throws(PostgresError) {
                return try query(.prepared(name, parameters))
            } catch {
                let isOld =
                    error.sqlState == .invalidStatementName
                    || error.sqlState == .featureNotSupported
                guard isOld, !isInTransaction else { throw error }
            }
        }
        // A new name each time: whether the old one is really free is not ours to know.
        keptCount += 1
        let name = "kept \(keptCount)"
        keptNames[sql] = nil
        _ = try query(.prepare(name, sql))
        keptNames[sql] = name
        return try query(.prepared(name, parameters))
    }
}
