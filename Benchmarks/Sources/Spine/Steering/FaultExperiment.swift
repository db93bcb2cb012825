import SluiceSandbox

/// Whether a run keeps its replicas within the limit while one is slow or gone, and uses what is
/// left of them.
struct FaultExperiment {
    let fault: Fault
    let plan: BenchPlan
    let recorder: Recorder

    /// The default of `--max-lag`.
    private static let maxLagSeconds = 10.0
    /// Until the run has found its rate.
    private static let startSeconds = 10.0
    /// Then the rate without a fault.
    private static let beforeSeconds = 15.0
    /// What follows the fault, for the rate that returns.
    private static let afterSeconds = 30.0
    /// From a replica's fault on until its new rate counts: the replica has its buffers full.
    private static let settleSeconds = 5.0
    /// Rate that is taken as returned, of the one before.
    private static let returned = 0.9
    private static let returnedSeconds = 3.0

    init(_ fault: Fault, _ plan: BenchPlan, _ recorder: Recorder) {
        self.fault = fault
        self.plan = plan
        self.recorder = recorder
    }

    func measure() async throws {
        try await SteeringCluster.with(replicas: fault.replicas) { cluster in
            for round in 1...plan.rounds { try await measure(cluster, round: round) }
        }
        expect()
    }

    private func measure(_ cluster: SteeringCluster, round: Int) async throws {
        let foreground =
            fault.hasForeground
            ? ForegroundLoad(cluster: cluster, work: .writing(perSecond: 100)) : nil
        // A run that stands still meanwhile needs fewer of them.
        let rows = fault.shares == nil ? plan.steeringRows / 3 * 2 : plan.steeringRows
        var forced: LagSeries?
        let capacity =
            fault.shares == nil
            ? nil
            : ReplayCapacity(
                cluster: cluster, plan: plan, fault: fault, foreground: foreground, round: round)
        if fault.shares == nil {
            // The same history, so that a replica has as much to recover; but a run that stops
            // as the fault begins.
            try await cluster.makeTable("load", rows: rows)
            let stopped = try await play(
                cluster, foreground: foreground,
                backfill: Backfill(
                    cluster, sluicePath: plan.sluicePath, table: "load",
                    name: "stopping \(round)"), stopsAtFault: true)
            try add("stopped as it begins", round, stopped)
            forced = stopped
            try await cluster.caughtUp()
        }
        try await cluster.makeTable("load", rows: rows)
        try await capacity?.keep()
        let backfill = Backfill(
            cluster, sluicePath: plan.sluicePath, table: "load", name: "round \(round)")
        let series = try await play(cluster, foreground: foreground, backfill: backfill)
        try recorder.keep("\(fault.rawValue)-\(round).csv", series.csv)
        try add("sluice", round, series, forced: forced)
        try await cluster.caughtUp()
        guard let capacity, let during = series.spans["fault"] else { return }
        let (beside, alone) = try await capacity.measure(series, during)
        try recorder.add(
            Sample(
                experiment: "steering", setting: fault.title, subject: "sluice", round: round,
                metrics: [
                    "replay_megabytes_per_second": alone.bytesPerSecond / 1e6,
                    "replay_megabytes_per_second_beside": beside.bytesPerSecond / 1e6,
                    "share_of_capacity": alone.share,
                    "share_of_capacity_beside": beside.share,
                    "share_of_time_replaying": series.replayingShare(during),
                ]))
    }

    private func play(
        _ cluster: SteeringCluster, foreground: ForegroundLoad?, backfill: Backfill,
        stopsAtFault: Bool = false
    ) async throws -> LagSeries {
        let toggle = FaultSwitch(fault, cluster)
        return try await Recording(
            cluster: cluster, foreground: foreground, backfill: backfill
        ).play([
            Scene("start", seconds: Self.startSeconds),
            Scene("before", seconds: Self.beforeSeconds),
            Scene("settle", seconds: Self.settleSeconds) {
                if stopsAtFault { try await backfill.pause() }
                try await toggle.begin()
            },
            Scene("fault", seconds: fault.seconds - Self.settleSeconds),
            Scene("after", seconds: Self.afterSeconds) { try await toggle.end() },
        ])
    }

    private func add(
        _ subject: String, _ round: Int, _ series: LagSeries, forced: LagSeries? = nil
    ) throws {
        guard let before = series.spans["before"], let during = series.spans["fault"],
            let after = series.spans["after"]
        else { return }
        let usual = series.rowsPerSecond(before)
        var metrics = [
            "lag_seconds_max": series.lagSecondsMax(),
            "own_lag_seconds_max": series.ownLagSecondsMax(),
            "seconds_above_limit": series.seconds(above: Self.maxLagSeconds),
            "rows_per_second_before": usual,
            "rows_per_second_during": series.rowsPerSecond(during),
            "rows_per_second_after": series.rowsPerSecond(after),
            "wal_megabytes_per_second_during": series.writtenBytesPerSecond(during) / 1e6,
            "load": LoadAverage.oneMinute,
        ]
        if let forced {
            metrics["seconds_above_beyond_forced"] =
                series.seconds(above: Self.maxLagSeconds)
                - forced.seconds(above: Self.maxLagSeconds)
            metrics["lag_seconds_beyond_forced"] =
                series.lagSecondsMax() - forced.lagSecondsMax()
        }
        if usual > 0 {
            // A rate that never returned counts as the whole time after.
            let time = series.firstTime(
                rowsPerSecond: Self.returned * usual, overSeconds: Self.returnedSeconds,
                within: after)
            metrics["seconds_to_return"] =
                (time ?? after.upperBound) - after.lowerBound
        }
        try recorder.add(
            Sample(
                experiment: "steering", setting: fault.title, subject: subject, round: round,
                metrics: metrics))
    }

    private func expect() {
        var bars: [(String, String, Bar.Bound)] = []
        if fault.shares == nil {
            bars = [
                (
                    "seconds above 10 s of lag beyond what the fault forces",
                    "seconds_above_beyond_forced", .atMost(2)
                ),
                (
                    "highest lag beyond what the fault forces, s", "lag_seconds_beyond_forced",
                    .atMost(2)
                ),
            ]
        } else {
            bars = [
                ("highest lag, the replica's own view, s", "own_lag_seconds_max", .atMost(10)),
                ("highest lag by the primary's log, s", "lag_seconds_max", .atMost(10)),
                (
                    "rate / what the replica can replay of the same log by itself",
                    "share_of_capacity",
                    .atLeast(0.9)
                ),
                (
                    "rate / what it can replay of that beside a run at that rate",
                    "share_of_capacity_beside", .atLeast(0.9)
                ),
                (
                    "share of the time in which the replica had something to replay",
                    "share_of_time_replaying", .atLeast(0.9)
                ),
            ]
        }
        bars.append(
            ("seconds until 0.9 of the rate before is back", "seconds_to_return", .none))
        for (title, metric, bound) in bars {
            recorder.expect(
                Bar(
                    title: title, experiment: "steering", setting: fault.title, metric: metric,
                    subject: "sluice", over: nil, bound: bound))
        }
    }
}
