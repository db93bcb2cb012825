import SluicePostgres

/// Ranges of the key on one connection, sized by how long they took.
struct AdaptiveWalk: BatchStrategy {
    let name: String
    let rule: String
    let first: Int
    /// The size after a batch of `keys` took `seconds`; `rate` is what the rule remembers.
    private let next: @Sendable (_ keys: Int, _ seconds: Double, _ rate: inout Double?) -> Int

    /// From 10,000, to a target of 180 s, at most doubled each time.
    static let graphNode = AdaptiveWalk(
        name: "serial-adaptive",
        rule: "key ranges on one connection, from 10,000 keys towards batches of 180 s, at most "
            + "doubled each time: graph-node's batcher",
        first: 10_000
    ) { keys, seconds, _ in
        let wanted = Double(keys) * 180 / max(seconds, 1e-6)
        return Int(min(wanted, Double(keys) * 2).rounded())
    }

    /// So many as took half a second at the rate so far, the newest a quarter of it.
    static let ptOSC = AdaptiveWalk(
        name: "chunk-time",
        rule: "key ranges on one connection, from 1,000 keys towards chunks of 0.5 s by a weighted "
            + "rate (0.75 for what was): pt-online-schema-change's chunks",
        first: 1_000
    ) { keys, seconds, rate in
        let now = Double(keys) / max(seconds, 1e-6)
        let mean = rate.map { 0.75 * $0 + 0.25 * now } ?? now
        rate = mean
        return Int((mean * 0.5).rounded())
    }

    func fill(_ target: FillTarget) async throws {
        let job = target.job
        try await target.withConnection { connection in
            var walk = KeyWalk(job, connection)
            var keys = first
            var rate: Double?
            while let step = try await walk.next(keys: keys) {
                let began = ContinuousClock.now
                try await KeyWalk.fill(step, job, connection)
                let seconds = began.duration(to: .now) / .seconds(1)
                target.batches.note(seconds: seconds)
                keys = max(1, next(keys, seconds, &rate))
            }
        }
    }
}
