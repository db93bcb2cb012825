/// Measures what the application's statements take while a run does nothing: what a budget in
/// multiples is of.
///
/// The same probe, at the same times and over the same span as later: what it costs to be asked
/// only now and then is in both, and so in no comparison of the two.
///
/// An application may be quiet for seconds at a time: what is seen of it adds up, and only batches
/// begin it anew.
public struct ForegroundBaseline: Sendable, Equatable {
    /// Seconds after the last batch before anything counts: what is measured looks back over
    /// ``LatencyRing/spanSeconds``, and a server needs a moment to write what the batch left.
    public static let settleSeconds = LatencyRing.spanSeconds + 1
    /// Seconds in which something is seen that are looked at then: two spans, and of what they show
    /// the median counts, so that one slow statement is not the measure.
    public static let measureSeconds = 4.0
    /// Batches wait for a measure for so long in all, in seconds.
    ///
    /// Enough for an application that reads something every six seconds. One that reads more seldom
    /// has little that could be slowed down, and the run is not held for its sake.
    public static let waitSecondsMax = 30.0
    /// One look stands for so many seconds at the most: looks come each second or so, and what
    /// passed before one that came late was not seen.
    static let lookSecondsMax = 2.0

    private var idleSinceSeconds: Double?
    private var latencies: [Double] = []
    private var seenSeconds = 0.0
    private var waitedSeconds = 0.0
    private var lastSeconds: Double?
    /// Whether anything of the application was seen since the last batch.
    public private(set) var hasSeen = false

    /// Nothing measured yet.
    public init() {}

    /// Whether batches have waited for long enough without a measure.
    public var isGivenUp: Bool { waitedSeconds >= Self.waitSecondsMax }

    /// Takes in a look: the latency in seconds (`nil` where it is not known), and whether none of
    /// the run's batches is under way; the measure, once there is one.
    ///
    /// `isAwaited` is whether batches wait for nothing but the measure.
    public mutating func observe(
        latencySeconds: Double?, isIdle: Bool, isAwaited: Bool = true, nowSeconds: Double
    ) -> Double? {
        let elapsed = lastSeconds.map { max(0, nowSeconds - $0) } ?? 0
        let look = min(elapsed, Self.lookSecondsMax)
        lastSeconds = nowSeconds
        guard isIdle else {
            idleSinceSeconds = nil
            latencies = []
            seenSeconds = 0
            hasSeen = false
            return nil
        }
        if isAwaited { waitedSeconds += look }
        let since = idleSinceSeconds ?? nowSeconds
        idleSinceSeconds = since
        // What failed took the whole timeout, and says nothing of the application.
        guard let latency = latencySeconds, latency < Limits.foregroundBudgetSecondsMost else {
            return nil
        }
        hasSeen = true
        let settled = nowSeconds - since - Self.settleSeconds
        guard settled >= 0 else { return nil }
        latencies.append(latency)
        seenSeconds += min(look, settled)
        guard seenSeconds >= Self.measureSeconds else { return nil }
        return latencies.sorted()[latencies.count / 2]
    }
}
