import SluiceSandbox

/// What the slowest replica can replay under a fault, in bytes of log a second.
///
/// Replay waits while a run without a lag limit writes a backlog, then it works it off: with
/// nothing beside it but the application, or beside a run at a given rate as well, which tells
/// whether whoever writes takes from whoever replays.
struct ReplayCapacity {
    let cluster: SteeringCluster
    let plan: BenchPlan
    let fault: Fault
    let foreground: ForegroundLoad?
    let round: Int

    /// Rows a second of a run beside it; none without.
    var besideRowsPerSecond: Double?

    /// Enough for what is measured at a full core's speed of replay.
    private static let backlogSeconds = 25.0
    private static let settleSeconds = 1.0
    private static let measuredSeconds = 20.0
    /// Fifty turns of the brake.
    private static let measuredSecondsMin = 5.0
    /// With less before it a replica may wait for what is not there yet.
    private static let backlogBytesMin = 2e6
    /// Rows of the run beside it, in seconds of its rate: it must not be done before.
    private static let besideSeconds = 60.0

    func bytesPerSecond() async throws -> Double {
        // As large as the one of the run: nothing else than the backlog is to differ.
        try await cluster.makeTable("backlog", rows: plan.steeringRows)
        // Before replay waits: a table is made once the replicas have caught up.
        let beside = try await beside()
        for replica in cluster.replicas { try await replica.psql("SELECT pg_wal_replay_pause()") }
        let writer = Backfill(
            cluster, sluicePath: plan.sluicePath, table: "backlog",
            name: "backlog \(round)" + (beside == nil ? "" : " beside"),
            limits: ["--max-lag", "off"])
        _ = try await Recording(cluster: cluster, backfill: writer)
            .play([Scene("write", seconds: Self.backlogSeconds)])
        let end = FaultSwitch(fault, cluster)
        let series = try await Recording(
            cluster: cluster, foreground: foreground, backfill: beside
        ).play([
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

    /// A run at the given rate that looks at no replica.
    private func beside() async throws -> Backfill? {
        guard let rate = besideRowsPerSecond, rate >= 1 else { return nil }
        try await cluster.makeTable("beside", rows: Int(rate * Self.besideSeconds))
        return Backfill(
            cluster, sluicePath: plan.sluicePath, table: "beside", name: "beside \(round)",
            limits: ["--max-lag", "off", "--max-rate", "\(Int(rate))"])
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
