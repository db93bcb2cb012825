import SluicePostgres

/// The whole table in one statement.
struct SingleUpdate: BatchStrategy {
    let name = "single"
    let rule = "one UPDATE of the whole table in one transaction"

    func fill(_ target: FillTarget) async throws {
        let job = target.job
        try await target.withConnection { connection in
            _ = try await target.batches.time {
                try await connection.query(
                    "UPDATE \(job.table) SET \(job.assignment) WHERE \(job.remaining)")
            }
        }
    }
}
