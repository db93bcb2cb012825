import SluiceSandbox

/// What the slowest replica can replay under a fault, in bytes of log a second.
///
/// Measured by itself: replay waits while a run without a lag limit writes a backlog, then it
/// works it off with nothing beside it but the application.
struct ReplayCapacity {
    let cluster: SteeringCluster
    let plan: BenchPlan
    let fault: Fault
    let foreground: ForegroundLoad?
    let round: Int

    /// Enough for what is measured at a full core's speed of replay.
    private static let backlogSeconds = 25.0
    private static let settleSeconds = 1.0
    private static let measuredSeconds = 20.0
    /// Fifty turns of the brake.
    private static let measuredSecondsMin = 5.0
    /// With less before it a replica may wait for what is not there yet.
    private static let backlogBytesMin = 2e6

    func bytesPerSecond() async throws -> Double {
        try await cluster.makeTable("backlog", rows: plan.steeringRows / 3)
        for replica in cluster.replicas { try await replica.psql("SELECT pg_wal_replay_pause()") }
        let writer = Backfill(
            cluster, sluicePath: plan.sluicePath, table: "backlog", name: "backlog \(round)",
            limits: ["--max-lag", "off"])
        _ = try await Recording(cluster: cluster, backfill: writer)
            .play([Scene("write", seconds: Self.backlogSeconds)])
        let end = FaultSwitch(fault, cluster)
        let series = try await Recording(cluster: cluster, foreground: foreground).play([
            Scene("settle", seconds: Self.settleSeconds) {
                try await end.begin()
                for replica in cluster.replicas {
                    try await replica.psql("SELECT pg_wal_replay_resume()")
                }
            },
            Scene("measure", seconds: Self.measuredSeconds),
        ])
        try await end.end()
        guard let span = series.spans["measure"] else { return 0 }
        try await cluster.caughtUp()
        return try slowest(series, span)
    }

    /// The least rate of those that had something to replay for long enough.
    private func slowest(_ series: LagSeries, _ span: ClosedRange<Double>) throws -> Double {
        let inside = series.samples.filter { span.contains($0.seconds) }
        let rates = cluster.replicas.indices.compactMap { replica -> Double? in
            let busy = inside.compactMap { sample -> (seconds: Double, bytes: Double)? in
                guard let bytes = sample.replicas[replica].replayedBytes,
                    sample.writtenBytes - bytes > Self.backlogBytesMin
                else { return nil }
                return (sample.seconds, bytes)
            }
            guard let first = busy.first, let last = busy.last,
                last.seconds - first.seconds >= Self.measuredSecondsMin
            else { return nil }
            return (last.bytes - first.bytes) / (last.seconds - first.seconds)
        }
        guard let least = rates.min() else {
            throw BenchError("the backlog was replayed before its rate was measured")
        }
        return least
    }
}
