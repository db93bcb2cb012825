import SluicePostgres

/// Ranges of the table's pages.
struct PageRanges: BatchStrategy {
    let name = "ctid"
    let rule =
        "ranges of 100 pages by ctid over 2 connections, with a predicate for the rows that are "
        + "left: the partitions of pgcopydb and of PeerDB, put to an UPDATE"

    private static let workers = 2
    private static let batchPages = 100

    func obstacle(to job: FillJob) -> String? {
        job.isPartitioned ? "the table has partitions, each with pages of its own" : nil
    }

    func fill(_ target: FillTarget) async throws {
        let job = target.job
        let pages = try await target.withConnection { connection in
            try await connection.query(
                "SELECT pg_relation_size($1::regclass) / current_setting('block_size')::int",
                [.text(job.table)]
            ).scalar.flatMap { Int($0) } ?? 0
        }
        let next = Shared(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.workers {
                group.addTask {
                    try await target.withConnection { connection in
                        while true {
                            let first = next.change { value in
                                defer { value += Self.batchPages }
                                return value
                            }
                            guard first < pages else { return }
                            let end = min(first + Self.batchPages, pages)
                            try await target.batches.time {
                                _ = try await connection.query(
                                    """
                                    UPDATE \(job.table) SET \(job.assignment)
                                    WHERE ctid >= '(\(first),0)' AND ctid < '(\(end),0)'
                                    AND \(job.remaining)
                                    """)
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
