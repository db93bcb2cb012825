import SluicePostgres

/// Chunks of one size for all connections, by the slowest tenth of the last ones.
struct SpiritChunks: BatchStrategy {
    let name = "spirit"
    let rule =
        "chunks over 4 connections, from 1,000 rows towards 5 s by the 90th percentile of the last "
        + "ten, at most half as large again, a tenth of it after one five times too slow: "
        + "Spirit's, without its limit of 16 MiB a chunk"

    private static let workers = 4
    private static let targetSeconds = 5.0

    /// The size that is common to all.
    struct Size {
        var keys = 1_000
        var recent: [Double] = []

        mutating func note(seconds: Double) {
            if seconds > 5 * SpiritChunks.targetSeconds {
                keys = max(10, keys / 10)
                recent = []
                return
            }
            recent.append(seconds)
            guard recent.count > 10 else { return }
            let p90 = recent.sorted()[recent.count * 9 / 10]
            let wanted = Double(keys) * SpiritChunks.targetSeconds / max(p90, 1e-6)
            keys = Int(min(100_000, max(10, min(wanted, Double(keys) * 1.5))))
            recent = []
        }
    }

    func fill(_ target: FillTarget) async throws {
        let job = target.job
        let size = Shared(Size())
        try await target.withConnection { bounds in
            let queue = StepQueue(job, bounds)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<Self.workers {
                    group.addTask {
                        try await target.withConnection { connection in
                            while let step = try await queue.next(keys: size.read { $0.keys }) {
                                let began = ContinuousClock.now
                                try await KeyWalk.fill(step, job, connection)
                                let seconds = began.duration(to: .now) / .seconds(1)
                                target.batches.note(seconds: seconds)
                                size.change { $0.note(seconds: seconds) }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
