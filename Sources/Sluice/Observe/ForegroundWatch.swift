import SluiceCore
import SluicePostgres

/// The application's latency, from the best source that there is.
struct ForegroundWatch: Sendable {
    /// How often the server's statistics are asked, in seconds: a mean over less is noise.
    private static let statisticsSeconds = 1.0

    let probe: ForegroundProbe
    private var statistics = StatementLatency()
    private var nextSeconds = 0.0
    private var meanSeconds: Double?
    private var baseline = ForegroundBaseline()
    private var least = ForegroundLeast()
    private var measured: (budget: LatencyBudget?, probe: String?)
    private var unseenSinceSeconds: Double?
    private var isSaid = false
    /// How often the run had been taken down far at the look before.
    private var fallsSeen = 0
    /// When that was seen.
    private var fellAtSeconds = -Double.infinity
    /// Keys that this process's batches had taken at the look before.
    private var keysSeen = 0

    /// Without any latency for so long, in seconds, a person should know: a probe has answered many
    /// times by then, and the statistics ten.
    private static let unseenSeconds = 10.0

    init(probe: ForegroundProbe) {
        self.probe = probe
    }

    /// Seconds that the application's statements take now; `nil` without a budget, and where
    /// neither a probe nor the server's statistics say.
    ///
    /// With `isAtRest` no batch may start for another reason. With more `falls` than before the run
    /// has been taken down far, and what comes now is what counts.
    mutating func seconds(
        _ limits: Limits, _ connection: PostgresConnection, falls: Int, isAtRest: Bool,
        nowSeconds: Double
    ) async throws(PostgresError) -> Double? {
        guard limits.foregroundBudget != nil else {
            await probe.probe(nil)
            meanSeconds = nil
            return nil
        }
        let hasFallen = falls != fallsSeen
        fallsSeen = falls
        if hasFallen {
            fellAtSeconds = nowSeconds
            // A mean that ends here is of before.
            nextSeconds = nowSeconds
        }
        await probe.probe(limits.foregroundProbe, isAtRest: isAtRest, beginsAnew: hasFallen)
        if limits.foregroundProbe != nil { return await probe.percentileSeconds }
        guard nowSeconds >= nextSeconds else { return meanSeconds }
        nextSeconds = nowSeconds + Self.statisticsSeconds
        meanSeconds = try await statistics.observe(connection)
        return meanSeconds
    }

    /// Measures what statements take alone where the budget is a multiple of that, and keeps it in
    /// the ledger; why batches wait meanwhile, in words, or `nil`.
    ///
    /// With `isHeld` something else holds batches back, and the time is not lost to the measure.
    mutating func measure(
        _ view: Coordinator.View, latencySeconds: Double?, run: Int64,
        _ connection: PostgresConnection, isHeld: Bool = false, nowSeconds: Double
    ) async throws(PostgresError) -> String? {
        let limits = view.limits
        guard limits.foregroundBudget != nil else {
            baseline = ForegroundBaseline()
            unseenSinceSeconds = nil
            return nil
        }
        if measured.budget != limits.foregroundBudget || measured.probe != limits.foregroundProbe {
            measured = (limits.foregroundBudget, limits.foregroundProbe)
            baseline = ForegroundBaseline()
            least = ForegroundLeast()
        }
        // Between two looks, and not at one: a worker that rests most of the time works too.
        let isWorking = view.isBusy || view.keysScanned != keysSeen
        keysSeen = view.keysScanned
        let problem = await probe.problem
        let isSeen = latencySeconds != nil && problem == nil
        unseenSinceSeconds = isSeen ? nil : unseenSinceSeconds ?? nowSeconds
        guard limits.measuresForeground else {
            baseline = ForegroundBaseline()
            // Statistics of the server are means of whatever was asked, and no measure of sleep.
            if let alone = limits.foregroundAloneSeconds, let latencySeconds, isSeen, isWorking,
                limits.foregroundProbe != nil,
                // Of fewer samples it is a lower percentile than what was measured alone.
                nowSeconds - fellAtSeconds > LatencyRing.settleSeconds + LatencyRing.spanSeconds,
                let least = least.observe(
                    latencySeconds: latencySeconds, aloneSeconds: alone, nowSeconds: nowSeconds)
            {
                try await keep(least, run: run, limits, connection)
            }
            return nil
        }
        least = ForegroundLeast()
        let alone = baseline.observe(
            latencySeconds: latencySeconds, isIdle: !view.isBusy, isAwaited: !isHeld,
            nowSeconds: nowSeconds)
        if let alone {
            try await keep(alone, run: run, limits, connection)
            baseline = ForegroundBaseline()
        }
        if limits.foregroundProbe == nil {
            if isGoneOn(nowSeconds) { return nil }
        } else if isUnseen(nowSeconds) {
            return "--foreground-probe, which a budget in multiples is measured with: "
                + (problem ?? "it has not answered")
        }
        return "measuring what the application's statements take by themselves "
            + "(--foreground-budget)"
    }

    /// Keeps in the ledger what statements take alone, unless less is known.
    private func keep(
        _ aloneSeconds: Double, run: Int64, _ limits: Limits, _ connection: PostgresConnection
    ) async throws(PostgresError) {
        _ = try await connection.transact(
            LedgerSQL.keepForeground,
            [
                .text("\(run)"), .text("\(aloneSeconds)"),
                limits.foregroundProbe.map { .text($0) } ?? .null,
            ])
    }

    /// Whether the run goes on without a measure: nothing is seen of the application, or too little
    /// for too long.
    private func isGoneOn(_ nowSeconds: Double) -> Bool {
        baseline.isGivenUp || isUnseen(nowSeconds) && !baseline.hasSeen
    }

    private func isUnseen(_ nowSeconds: Double) -> Bool {
        unseenSinceSeconds.map { nowSeconds - $0 >= Self.unseenSeconds } ?? false
    }

    /// Says once that the run's own cost stands in for what cannot be seen.
    mutating func news(_ limits: Limits, nowSeconds: Double) -> String? {
        guard limits.foregroundBudget != nil, limits.foregroundProbe == nil else {
            isSaid = false
            return nil
        }
        let measures = limits.measuresForeground
        guard measures ? isGoneOn(nowSeconds) : isUnseen(nowSeconds), !isSaid else { return nil }
        isSaid = true
        let finding =
            measures && baseline.isGivenUp
            ? "pg_stat_statements shows too few statements of the application within "
                + "\(Int(ForegroundBaseline.waitSecondsMax)) s to measure what they take by "
                + "themselves (--foreground-budget): "
            : "pg_stat_statements shows no statements of the application for "
                + "--foreground-budget: until it does, "
        return finding + "what the run's own rows cost stands in for them, which says little; "
            + "--foreground-probe SQL says more"
    }
}
