/// Measures what the application's statements take while a run does nothing: what a budget in
/// multiples is of.
///
/// The same probe, at the same times and over the same span as later: what it costs to be asked
/// only now and then is in both, and so in no comparison of the two.
public struct ForegroundBaseline: Sendable, Equatable {
    /// Seconds after the last batch before anything counts: what is measured looks back over
    /// ``LatencyRing/spanSeconds``, and a server needs a moment to write what the batch left.
    public static let settleSeconds = LatencyRing.spanSeconds + 1
    /// Seconds that are looked at then: two spans, and of what they show the median counts, so that
    /// one slow statement is not the measure.
    public static let measureSeconds = 4.0

    private var idleSinceSeconds: Double?
    private var latencies: [Double] = []

    /// Nothing measured yet.
    public init() {}

    /// Takes in a look: the latency in seconds (`nil` where it is not known), and whether none of
    /// the run's batches is under way; the measure, once there is one.
    public mutating func observe(
        latencySeconds: Double?, isIdle: Bool, nowSeconds: Double
    ) -> Double? {
        guard isIdle, let latency = latencySeconds, latency < Limits.foregroundBudgetSecondsMost
        else {
            // What failed took the whole timeout, and says nothing of the application.
            self = ForegroundBaseline()
            return nil
        }
        let since = idleSinceSeconds ?? nowSeconds
        idleSinceSeconds = since
        guard nowSeconds - since >= Self.settleSeconds else { return nil }
        latencies.append(latency)
        guard nowSeconds - since >= Self.settleSeconds + Self.measureSeconds else { return nil }
        return latencies.sorted()[latencies.count / 2]
    }
}
