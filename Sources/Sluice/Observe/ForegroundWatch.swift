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

    init(probe: ForegroundProbe) {
        self.probe = probe
    }

    /// Seconds that the application's statements take now; `nil` without a budget, and where
    /// neither a probe nor the server's statistics say.
    mutating func seconds(
        _ limits: Limits, _ connection: PostgresConnection, nowSeconds: Double
    ) async throws(PostgresError) -> Double? {
        guard limits.foregroundBudgetSeconds != nil else {
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
}
