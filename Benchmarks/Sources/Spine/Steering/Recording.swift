/// A stretch of a recording: what happens as it begins, and how long it lasts.
struct Scene: Sendable {
    let name: String
    let seconds: Double
    let act: @Sendable () async throws -> Void

    init(
        _ name: String, seconds: Double, act: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.name = name
        self.seconds = seconds
        self.act = act
    }
}

/// Records a cluster while an application and a backfill work on it.
struct Recording {
    let cluster: SteeringCluster
    var foreground: ForegroundLoad?
    var backfill: Backfill?

    /// Plays the scenes one after the other and returns what was seen.
    ///
    /// - Throws: `BenchError` when the table was done before the last scene was over.
    func play(_ scenes: [Scene]) async throws -> LagSeries {
        let sampler = LagSampler(cluster, run: backfill?.name ?? "")
        let backfill = backfill
        let foreground = foreground
        let spans = try await withThrowingTaskGroup(
            of: [String: ClosedRange<Double>]?.self
        ) { group in
            group.addTask {
                try await sampler.watch()
                return nil
            }
            if let foreground {
                group.addTask {
                    try await foreground.run()
                    return nil
                }
            }
            if let backfill {
                group.addTask {
                    try await backfill.run()
                    return nil
                }
            }
            group.addTask { try await Self.play(scenes, sampler, backfill) }
            while let ended = try await group.next() {
                guard let spans = ended else { continue }
                group.cancelAll()
                return spans
            }
            return [:]
        }
        return LagSeries(
            samples: sampler.samples, spans: spans, epochSeconds: sampler.epochSeconds)
    }

    private static func play(
        _ scenes: [Scene], _ sampler: LagSampler, _ backfill: Backfill?
    ) async throws -> [String: ClosedRange<Double>] {
        var spans: [String: ClosedRange<Double>] = [:]
        for scene in scenes {
            try await scene.act()
            let began = sampler.nowSeconds
            try await Task.sleep(for: .seconds(scene.seconds))
            spans[scene.name] = began...sampler.nowSeconds
            if let backfill, backfill.measured?.exitCode == 0 {
                throw BenchError(
                    "\(backfill.table) was done before \(scene.name) was over: it needs more rows")
            }
        }
        try await backfill?.pause()
        return spans
    }
}
