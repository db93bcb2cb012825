import SluiceSandbox

/// Whether a run with a latency budget keeps an application within it, and at what rate, beside
/// every fixed setting.
struct ForegroundExperiment {
    let plan: BenchPlan
    let recorder: Recorder

    private static let setting = "500 reads a second"
    private static let readsPerSecond = 500
    private static let baselineSeconds = 40.0
    private static let fixedSeconds = 12.0
    private static let defaultSeconds = 60.0
    /// A run measures the application alone for 7 s before its first batch.
    private static let leadSeconds = 10.0
    /// The application's first second connects and fills its caches.
    private static let fixedLeadSeconds = 1.0
    private static let windowSeconds = 2.0
    /// Of the application's own 95th percentile.
    private static let budget = 1.5
    /// One account by its key, as the application reads it.
    private static let probe = """
        SELECT abalance FROM pgbench_accounts WHERE aid = (SELECT 1 + (random() * 999998)::int)
        """
    private static let rowsPerSecondMax = 700_000

    init(_ plan: BenchPlan, _ recorder: Recorder) {
        self.plan = plan
        self.recorder = recorder
    }

    /// One setting's place between rate and impact.
    private struct Place {
        let rowsPerSecond: Double
        let p95Seconds: Double
        let shareWithin: Double
    }

    func measure() async throws {
        try await SteeringCluster.with(replicas: 0) { cluster in
            for round in 1...plan.rounds { try await measure(cluster, round: round) }
        }
        expect()
    }

    private func measure(_ cluster: SteeringCluster, round: Int) async throws {
        let before = try await baseline(cluster, name: "before \(round)")
        let budgetSeconds = before.p95 * Self.budget
        try add(
            "application alone, before", round,
            Place(
                rowsPerSecond: 0, p95Seconds: before.p95,
                shareWithin: Self.share(before.windows, budgetSeconds)), budgetSeconds)
        let limits = [
            "--foreground-budget", "\(Self.budget)x", "--foreground-probe", Self.probe,
        ]
        let ours = try await place(
            cluster, "sluice", round, lead: Self.leadSeconds, seconds: Self.defaultSeconds,
            limits: limits, budgetSeconds)
        var fixed: [Place] = []
        for setting in FixedSetting.all.prefix(plan.fixedSettings) {
            fixed.append(
                try await place(
                    cluster, setting.title, round, lead: Self.fixedLeadSeconds,
                    seconds: Self.fixedSeconds, limits: setting.limits, budgetSeconds))
        }
        let after = try await baseline(cluster, name: "after \(round)")
        try add(
            "application alone, after", round,
            Place(
                rowsPerSecond: 0, p95Seconds: after.p95,
                shareWithin: Self.share(after.windows, budgetSeconds)), budgetSeconds)
        try compare(ours, fixed, round)
    }

    /// Against the fastest fixed setting that disturbs the application no more.
    private func compare(_ ours: Place, _ fixed: [Place], _ round: Int) throws {
        let gentle = fixed.filter { $0.p95Seconds <= ours.p95Seconds }
        let within = fixed.filter { $0.shareWithin >= ours.shareWithin }
        var metrics = [
            "fixed_settings_as_gentle": Double(gentle.count),
            "fixed_settings_within_as_often": Double(within.count),
        ]
        if let best = gentle.map(\.rowsPerSecond).max() {
            metrics["rate_over_best_as_gentle"] = ours.rowsPerSecond / best
        }
        if let best = within.map(\.rowsPerSecond).max() {
            metrics["rate_over_best_within_as_often"] = ours.rowsPerSecond / best
        }
        try recorder.add(
            Sample(
                experiment: "foreground", setting: Self.setting, subject: "sluice against fixed",
                round: round, metrics: metrics))
    }

    private func baseline(
        _ cluster: SteeringCluster, name: String
    ) async throws -> (p95: Double, windows: [Double]) {
        let (log, series, watched) = try await play(
            cluster, prefix: name.replacing(" ", with: "_"), lead: Self.fixedLeadSeconds,
            seconds: Self.baselineSeconds, backfill: nil)
        let span = Self.span(watched, series)
        guard let p95 = log.p95Seconds(within: span) else {
            throw BenchError("pgbench logged no transaction")
        }
        return (p95, log.windows(ofSeconds: Self.windowSeconds, within: span).map(\.p95Seconds))
    }

    private func place(
        _ cluster: SteeringCluster, _ subject: String, _ round: Int, lead: Double,
        seconds: Double, limits: [String], _ budgetSeconds: Double
    ) async throws -> Place {
        // With a budget a run is slower than that: half a minute's rows last for its minute.
        try await cluster.makeTable("load", rows: Int(min(seconds, 30)) * Self.rowsPerSecondMax)
        let name = "\(subject), round \(round)"
        let backfill = Backfill(
            cluster, sluicePath: plan.sluicePath, table: "load", name: name, limits: limits)
        let prefix = String(name.map { $0.isLetter || $0.isNumber ? $0 : "_" })
        let (log, series, watched) = try await play(
            cluster, prefix: prefix, lead: lead, seconds: seconds, backfill: backfill)
        let span = Self.span(watched, series)
        guard let p95 = log.p95Seconds(within: span) else {
            throw BenchError("pgbench logged no transaction")
        }
        let windows = log.windows(ofSeconds: Self.windowSeconds, within: span)
        try recorder.keep(
            "foreground-\(prefix).csv", Self.csv(windows, series, watched, budgetSeconds))
        let place = Place(
            rowsPerSecond: series.rowsPerSecond(watched), p95Seconds: p95,
            shareWithin: Self.share(windows.map(\.p95Seconds), budgetSeconds))
        try add(subject, round, place, budgetSeconds)
        return place
    }

    /// Window by window: which of them were missed, and how much was done meanwhile.
    private static func csv(
        _ windows: [(beginSeconds: Double, p95Seconds: Double)], _ series: LagSeries,
        _ watched: ClosedRange<Double>, _ budgetSeconds: Double
    ) -> String {
        let lines = windows.map { window in
            let begin = watched.lowerBound + window.beginSeconds
            let rate = series.rowsPerSecond(begin...(begin + windowSeconds))
            return "\(Int(window.beginSeconds)),\(Int(window.p95Seconds * 1e6)),"
                + "\(Int(budgetSeconds * 1e6)),\(Int(rate))"
        }
        return "seconds,p95_microseconds,budget_microseconds,rows_per_second\n"
            + lines.joined(separator: "\n") + "\n"
    }

    /// A stretch of a recording in seconds since 1970, as the application's log has it.
    private static func span(
        _ watched: ClosedRange<Double>, _ series: LagSeries
    ) -> ClosedRange<Double> {
        watched.lowerBound + series.epochSeconds...watched.upperBound + series.epochSeconds
    }

    /// Lets the application run in, then watches it.
    private func play(
        _ cluster: SteeringCluster, prefix: String, lead: Double, seconds: Double,
        backfill: Backfill?
    ) async throws -> (LatencyLog, LagSeries, ClosedRange<Double>) {
        let series = try await Recording(
            cluster: cluster,
            foreground: ForegroundLoad(
                cluster: cluster, work: .reading(perSecond: Self.readsPerSecond),
                logPrefix: prefix),
            backfill: backfill
        ).play([Scene("begin", seconds: lead), Scene("watch", seconds: seconds)])
        guard let watched = series.spans["watch"] else {
            throw BenchError("nothing was recorded")
        }
        let log = try LatencyLog(folder: cluster.sandbox.folder, prefix: prefix)
        return (log, series, watched)
    }

    private static func share(_ windows: [Double], _ budgetSeconds: Double) -> Double {
        guard !windows.isEmpty else { return 0 }
        return Double(windows.count { $0 <= budgetSeconds }) / Double(windows.count)
    }

    private func add(
        _ subject: String, _ round: Int, _ place: Place, _ budgetSeconds: Double
    ) throws {
        try recorder.add(
            Sample(
                experiment: "foreground", setting: Self.setting, subject: subject, round: round,
                metrics: [
                    "rows_per_second": place.rowsPerSecond,
                    "p95_milliseconds": place.p95Seconds * 1e3,
                    "budget_milliseconds": budgetSeconds * 1e3,
                    "share_within_budget": place.shareWithin, "load": LoadAverage.oneMinute,
                ]))
    }

    private func expect() {
        let bars: [(String, String, String, Bar.Bound)] = [
            (
                "share of 2 s windows whose p95 is within 1.5 times the application's own",
                "sluice", "share_within_budget", .atLeast(0.99)
            ),
            (
                "rate / best fixed setting's with no higher p95", "sluice against fixed",
                "rate_over_best_as_gentle", .atLeast(1)
            ),
            (
                "rate / best fixed setting's that is within as often", "sluice against fixed",
                "rate_over_best_within_as_often", .atLeast(1)
            ),
        ]
        for (title, subject, metric, bound) in bars {
            recorder.expect(
                Bar(
                    title: title, experiment: "foreground", setting: Self.setting, metric: metric,
                    subject: subject, over: nil, bound: bound))
        }
    }
}
