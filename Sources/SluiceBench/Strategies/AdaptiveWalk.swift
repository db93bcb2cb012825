import SluicePostgres

/// Ranges of the key on one connection, sized by how long they took.
struct AdaptiveWalk: BatchStrategy {
    let name: String
    let rule: String
    let first: Int
    /// The size after a batch of `keys` took `seconds`; `past` is what the rule remembers.
    let next: @Sendable (_ keys: Int, _ seconds: Double, _ past: inout Past) -> Int

    /// What a rule remembers of all batches before: sums in which the older ones fade.
    struct Past: Sendable, Equatable {
        var keys = 0.0
        var seconds = 0.0
    }

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

    /// So many as took half a second at the rate so far.
    ///
    /// Keys and seconds are summed up and the rate is one by the other (`WeightedAvgRate`): a chunk
    /// that took long weighs more than a short one.
    static let ptOSC = AdaptiveWalk(
        name: "chunk-time",
        rule: "key ranges on one connection, from 1,000 keys towards chunks of 0.5 s by a weighted "
            + "rate (0.75 for what was): pt-online-schema-change's chunks",
        first: 1_000
    ) { keys, seconds, past in
        past.keys = past.keys * 0.75 + Double(keys)
        past.seconds = past.seconds * 0.75 + seconds
        return Int(past.keys / max(past.seconds, 1e-6) * 0.5)
    }

    func fill(_ target: FillTarget) async throws {
        let job = target.job
        try await target.withConnection { connection in
            var walk = KeyWalk(job, connection)
            var keys = first
            var past = Past()
            while let step = try await walk.next(keys: keys) {
                let began = ContinuousClock.now
                try await KeyWalk.fill(step, job, connection)
                let seconds = began.duration(to: .now) / .seconds(1)
                target.batches.note(seconds: seconds)
                keys = max(1, next(keys, seconds, &past))
            }
        }
    }
}
