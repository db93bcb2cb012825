import SluicePostgres

/// Pages of the table by OFFSET.
struct OffsetPages: BatchStrategy {
    let name = "offset"
    let rule =
        "pages of 1,000 keys by LIMIT and OFFSET, on one connection: each page reads all before it"

    private static let batchKeys = 1_000

    func fill(_ target: FillTarget) async throws {
        let job = target.job
        try await target.withConnection { connection in
            var offset = 0
            while true {
                let sql = """
                    WITH bench_page AS MATERIALIZED (SELECT \(job.keyList) FROM \(job.table)
                    ORDER BY \(job.keyList) LIMIT \(Self.batchKeys) OFFSET \(offset)),
                    bench_changed AS (UPDATE \(job.table) SET \(job.assignment)
                    WHERE (\(job.keyList)) IN (SELECT \(job.keyList) FROM bench_page)
                    AND \(job.remaining)) SELECT count(*) FROM bench_page
                    """
                let seen = try await target.batches.time {
                    try await connection.query(sql).scalar
                }
                guard seen.flatMap({ Int($0) }) ?? 0 > 0 else { return }
                offset += Self.batchKeys
            }
        }
    }
}
