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
    private var measured: (budget: LatencyBudget?, probe: String?)
    private var unseenSinceSeconds: Double?

    /// Without any latency for so long, in seconds, a person should know: a probe has answered many
    /// times by then, and the statistics ten.
    private static let unseenSeconds = 10.0

    init(probe: ForegroundProbe) {
        self.probe = probe
    }

    /// Seconds that the application's statements take now; `nil` without a budget, and where
    /// neither a probe nor the server's statistics say.
    mutating func seconds(
        _ limits: Limits, _ connection: PostgresConnection, nowSeconds: Double
    ) async throws(PostgresError) -> Double? {
        guard limits.foregroundBudget != nil else {
            await probe.probe(nil)
            meanSeconds = nil
            return nil
        }
        await probe.probe(limits.foregroundProbe)
        if limits.foregroundProbe != nil { return await probe.percentileSeconds }
        guard nowSeconds >= nextSeconds else { return meanSeconds }
        nextSeconds = nowSeconds + Self.statisticsSeconds
        meanSeconds = try await statistics.observe(connection)
        return meanSeconds
    }

    /// Measures what statements take alone where the budget is a multiple of that, and keeps it in
    /// the ledger; why batches wait meanwhile, in words, or `nil`.
    mutating func measure(
        _ view: Coordinator.View, latencySeconds: Double?, run: Int64,
        _ connection: PostgresConnection, nowSeconds: Double
    ) async throws(PostgresError) -> String? {
        let limits = view.limits
        guard limits.measuresForeground else {
            baseline = ForegroundBaseline()
            unseenSinceSeconds = nil
            return nil
        }
        if measured.budget != limits.foregroundBudget || measured.probe != limits.foregroundProbe {
            measured = (limits.foregroundBudget, limits.foregroundProbe)
            baseline = ForegroundBaseline()
        }
        let alone = baseline.observe(
            latencySeconds: latencySeconds, isIdle: !view.isBusy, nowSeconds: nowSeconds)
        if let alone {
            _ = try await connection.transact(
                LedgerSQL.keepForeground,
                [
                    .text("\(run)"), .text("\(alone)"),
                    limits.foregroundProbe.map { .text($0) } ?? .null,
                ])
            baseline = ForegroundBaseline()
        }
        let problem = await probe.problem
        let isSeen = latencySeconds != nil && problem == nil
        unseenSinceSeconds = isSeen ? nil : unseenSinceSeconds ?? nowSeconds
        if let since = unseenSinceSeconds, nowSeconds - since >= Self.unseenSeconds {
            return Self.unseen(limits, problem: problem)
        }
        return "measuring what the application's statements take by themselves "
            + "(--foreground-budget)"
    }

    private static func unseen(_ limits: Limits, problem: String?) -> String {
        if limits.foregroundProbe != nil {
            return "--foreground-probe, which a budget in multiples is measured with: "
                + (problem ?? "it has not answered")
        }
        return "statements of the application to measure for --foreground-budget: "
            + "pg_stat_statements shows none; give --foreground-probe SQL, or a budget such as 10ms"
    }
}
