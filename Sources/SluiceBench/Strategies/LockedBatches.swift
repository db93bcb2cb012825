import SluicePostgres

/// Rows are locked first, then changed by a join with what was locked.
struct LockedBatches: BatchStrategy {
    let name = "locked-cte"
    let rule =
        "1,000 rows at a time above the last key are locked FOR NO KEY UPDATE in a CTE and changed "
        + "by a join with it, on one connection: the batches of pgroll and of reshape"

    private static let batchKeys = 1_000

    func fill(_ target: FillTarget) async throws {
        let job = target.job
        // Names of its own, so that an expression that names a column of the key means the table's.
        let names = job.key.indices.map { "bench_key_\($0)" }
        let same = zip(job.key, names).map { "\($0.name) = \($1)" }
            .joined(separator: " AND ")
        let listed = zip(job.key, names).map { "\($0.name) AS \($1)" }.joined(separator: ", ")
        let texts = names.map { "\($0)::text" }.joined(separator: ", ")
        let descending = names.map { "\($0) DESC" }.joined(separator: ", ")
        try await target.withConnection { connection in
            var last: [String]?
            while true {
                let above = last == nil ? "" : "WHERE (\(job.keyList)) > (\(job.parameters())) "
                // Where only some rows are to be filled the others are walked over all the same.
                let sql = """
                    WITH bench_batch AS (SELECT \(listed) FROM \(job.table) \(above)
                    ORDER BY \(job.keyList) LIMIT \(Self.batchKeys) FOR NO KEY UPDATE),
                    bench_changed AS (UPDATE \(job.table) SET \(job.assignment) FROM bench_batch
                    WHERE \(same) AND \(job.remaining))
                    SELECT \(texts) FROM bench_batch ORDER BY \(descending) LIMIT 1
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
