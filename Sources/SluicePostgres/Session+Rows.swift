internal import CLibpq

extension Session {
    /// Runs one statement and hands its rows on as they arrive.
    ///
    /// Returns how many there were, or what `body` threw.
    func forEachRow(
        _ statement: Statement, _ body: ([String?]) throws -> Void
    ) throws(PostgresError) -> Result<Int, any Error> {
        let prepared = try PreparedParameters(statement)
        try leavePipeline()
        guard prepared.queue(on: connection) else { throw refused() }
        guard PQsetSingleRowMode(connection) == 1 else { throw refused() }
        try flush()
        var count = 0
        var failure: PostgresError?
        var abandoned: (any Error)?
        while let reply = try nextReply() {
            switch reply {
            case .result(let result):
                for row in result.rows where abandoned == nil {
                    do {
                        try body(row)
                        count += 1
                    } catch {
                        abandoned = error
                        end(.abandoned)
                    }
                }
            case .failure(let error): failure = failure ?? error
            case .skipped, .synced: break
            }
        }
        if let abandoned { return .failure(abandoned) }
        if let failure { throw failure }
        return .success(count)
    }
}
