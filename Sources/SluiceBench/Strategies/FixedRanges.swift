import SluicePostgres

/// Key ranges of a fixed size over a fixed number of connections, and nothing else.
struct FixedRanges: BatchStrategy {
    let workers: Int
    let batchKeys: Int

    var name: String { "fixed-\(workers)x\(batchKeys)" }
    var rule: String {
        "key ranges of \(batchKeys) rows over \(workers) connections, commits not waited for; "
            + "no ledger, nothing to resume"
    }

    /// What people would try: more connections, larger batches.
    static let grid = [
        FixedRanges(workers: 1, batchKeys: 1_000), FixedRanges(workers: 2, batchKeys: 5_000),
        FixedRanges(workers: 2, batchKeys: 20_000), FixedRanges(workers: 4, batchKeys: 5_000),
        FixedRanges(workers: 8, batchKeys: 2_000),
    ]

    func fill(_ target: FillTarget) async throws {
        let job = target.job
        try await target.withConnection { bounds in
            let queue = StepQueue(job, bounds)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<workers {
                    group.addTask {
                        try await target.withConnection { connection in
                            _ = try await connection.query("SET synchronous_commit = off")
                            while let step = try await queue.next(keys: batchKeys) {
                                try await target.batches.time {
                                    try await KeyWalk.fill(step, job, connection)
                                }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
