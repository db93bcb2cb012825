import SluicePostgres

/// The loop that most migrations are written as.
struct LimitLoop: BatchStrategy {
    let name = "limit-loop"
    let rule =
        "UPDATE of the next 1,000 keys above the last one that are still empty, RETURNING them, on "
        + "one connection: the loop that migration guides show"

    private static let batchKeys = 1_000

    func fill(_ target: FillTarget) async throws {
        let job = target.job
        try await target.withConnection { connection in
            var last: [String]?
            while true {
                let above = last == nil ? "" : "(\(job.keyList)) > (\(job.parameters())) AND "
                let sql = """
                    WITH bench_changed AS (UPDATE \(job.table) SET \(job.assignment)
                    WHERE (\(job.keyList)) IN (SELECT \(job.keyList) FROM \(job.table)
                    WHERE \(above)\(job.remaining) ORDER BY \(job.keyList) \
                    LIMIT \(Self.batchKeys)) RETURNING \(job.keyList))
                    SELECT \(job.keyTexts) FROM bench_changed ORDER BY \(job.descending) LIMIT 1
                    """
                let parameters = (last ?? []).map { Parameter.text($0) }
                let end = try await target.batches.time {
                    try await connection.query(sql, parameters).rows.first
                }
                guard let end else { return }
                last = end.compactMap { $0 }
            }
        }
    }
}
