import SluicePostgres

/// Each connection takes the keys whose remainder is its number.
struct ModuloShards: BatchStrategy {
    let name = "modulo"
    let rule =
        "4 connections, each with the keys of its remainder, 1,000 at a time: job-iteration's "
        + "parallel iteration, where each walks over the whole key"

    private static let shards = 4
    private static let batchKeys = 1_000

    func obstacle(to job: FillJob) -> String? {
        let integers = ["smallint", "integer", "bigint"]
        return job.key.count == 1 && integers.contains(job.key[0].type)
            ? nil : "the key is no integer"
    }

    func fill(_ target: FillTarget) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for shard in 0..<Self.shards { group.addTask { try await fill(shard, target) } }
            try await group.waitForAll()
        }
    }

    private func fill(_ shard: Int, _ target: FillTarget) async throws {
        let job = target.job
        let key = job.key[0].name
        try await target.withConnection { connection in
            var last: String?
            while true {
                let above = last == nil ? "" : "AND \(key) > \(job.parameters())"
                let sql = """
                    WITH bench_page AS MATERIALIZED (SELECT \(key) FROM \(job.table)
                    WHERE abs(\(key) % \(Self.shards)) = \(shard) \(above) ORDER BY \(key)
                    LIMIT \(Self.batchKeys)), bench_changed AS (UPDATE \(job.table)
                    SET \(job.assignment) WHERE \(key) IN (SELECT \(key) FROM bench_page)
                    AND \(job.remaining)) SELECT max(\(key))::text FROM bench_page
                    """
                let parameters = last.map { [Parameter.text($0)] } ?? []
                let end = try await target.batches.time {
                    try await connection.query(sql, parameters).scalar
                }
                guard let end else { return }
                last = end
            }
        }
    }
}
