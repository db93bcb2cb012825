import SluicePostgres

/// Ranges of the key of one size, one after the other.
struct KeyRanges: BatchStrategy {
    let name = "ranges-100"
    let rule =
        "key ranges of 100 rows, each bound found by OFFSET, on one connection: the sub-batches of "
        + "GitLab's batched migrations and of online_migrations, without their pauses"

    private static let batchKeys = 100

    func fill(_ target: FillTarget) async throws {
        let job = target.job
        try await target.withConnection { connection in
            var walk = KeyWalk(job, connection)
            while let step = try await walk.next(keys: Self.batchKeys) {
                try await target.batches.time { try await KeyWalk.fill(step, job, connection) }
            }
        }
    }
}
