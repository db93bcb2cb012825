import SluiceSandbox

/// How soon a run that was told nothing reaches what the best fixed setting reaches.
struct ConvergenceExperiment {
    let plan: BenchPlan
    let recorder: Recorder

    private static let setting = "one replica, 100 transactions a second beside it"
    private static let seconds = 15.0
    /// A fixed setting's own start (connecting, planning) is left out of its rate.
    private static let startSeconds = 2.0
    /// What counts as the best's rate, and over how long it must hold.
    private static let share = 0.8
    private static let widthSeconds = 2.0
    /// As fast as this machine's best and a half more.
    private static let rowsPerSecondMax = 350_000

    init(_ plan: BenchPlan, _ recorder: Recorder) {
        self.plan = plan
        self.recorder = recorder
    }

    func measure() async throws {
        try await SteeringCluster.with(replicas: 1) { cluster in
            for round in 1...plan.rounds { try await measure(cluster, round: round) }
        }
        expect()
    }

    private func measure(_ cluster: SteeringCluster, round: Int) async throws {
        // The machine's first minutes are not its last: the default is measured at both ends.
        let first = try await play(cluster, name: "default 1, round \(round)", limits: [])
        var best = 0.0
        for setting in FixedSetting.all {
            let series = try await play(
                cluster, name: "\(setting.title), round \(round)", limits: setting.limits)
            let rate = rate(series)
            best = max(best, rate)
            try add(setting.title, round, ["rows_per_second": rate])
        }
        let last = try await play(cluster, name: "default 2, round \(round)", limits: [])
        for (subject, series) in [("default, first", first), ("default, last", last)] {
            try recorder.keep(
                "convergence-\(subject.split(separator: " ")[1])-\(round).csv", series.csv)
            guard let span = series.spans["run"] else { continue }
            let time = series.firstTime(
                rowsPerSecond: Self.share * best, overSeconds: Self.widthSeconds, within: span)
            let late = (span.upperBound - 5)...span.upperBound
            try add(
                subject, round,
                [
                    "seconds_to_0.8_of_best": (time ?? span.upperBound) - span.lowerBound,
                    "rows_per_second": rate(series),
                    "rows_per_second_last_5_s": series.rowsPerSecond(late),
                    "share_of_best_last_5_s": series.rowsPerSecond(late) / best,
                    "lag_seconds_max": series.lagSecondsMax(),
                ])
        }
    }

    private func play(
        _ cluster: SteeringCluster, name: String, limits: [String]
    ) async throws -> LagSeries {
        try await cluster.makeTable("load", rows: Int(Self.seconds) * Self.rowsPerSecondMax)
        return try await Recording(
            cluster: cluster,
            foreground: ForegroundLoad(cluster: cluster, work: .writing(perSecond: 100)),
            backfill: Backfill(
                cluster, sluicePath: plan.sluicePath, table: "load", name: name, limits: limits)
        ).play([Scene("run", seconds: Self.seconds)])
    }

    private func rate(_ series: LagSeries) -> Double {
        guard let span = series.spans["run"] else { return 0 }
        return series.rowsPerSecond(span.lowerBound + Self.startSeconds...span.upperBound)
    }

    private func add(_ subject: String, _ round: Int, _ metrics: [String: Double]) throws {
        try recorder.add(
            Sample(
                experiment: "convergence", setting: Self.setting, subject: subject, round: round,
                metrics: metrics.merging(["load": LoadAverage.oneMinute]) { $1 }))
    }

    private func expect() {
        for subject in ["default, first", "default, last"] {
            recorder.expect(
                Bar(
                    title: "\(subject): seconds to 0.8 of the best fixed setting's rate",
                    experiment: "convergence", setting: Self.setting,
                    metric: "seconds_to_0.8_of_best", subject: subject, over: nil,
                    bound: .atMost(15)))
        }
    }
}
