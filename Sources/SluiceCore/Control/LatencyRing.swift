/// How long the last statements took, and the 95th percentile of that.
///
/// They come one after the other. The one that is still under way counts as soon as it has taken
/// longer than what is known: of a server that answers nobody there is nothing else to count.
public struct LatencyRing: Sendable {
    /// How far back it looks, in seconds: long enough for a hundred probes, short enough to see a
    /// load that has just come.
    public static let spanSeconds = 3.0
    /// Fewest samples that say anything, unless they took the whole span: then there cannot be
    /// more of them.
    public static let samplesMin = 3
    /// Fewest samples that stand for themselves once what came before is not to count: half a
    /// second of a probe that is asked forty times a second.
    public static let samplesMinAnew = 20
    /// For so long, in seconds, ``samplesMin`` of slower ones do.
    static let secondsMinAnew = 0.5
    /// What begins within so many seconds of a new beginning is still of before: batches that are
    /// under way, and what waits behind them.
    public static let settleSeconds = 0.5
    /// The share of statements that a budget is for.
    public static let share = 0.95

    private var samples: [(atSeconds: Double, latencySeconds: Double)] = []
    /// What began before counts only until enough has ended that began since.
    private var anewSinceSeconds = -Double.infinity

    /// An empty one.
    public init() {}

    /// Takes a statement that ended at `nowSeconds`.
    public mutating func note(latencySeconds: Double, nowSeconds: Double) {
        samples.append((nowSeconds, latencySeconds))
        forget(before: nowSeconds - Self.spanSeconds)
    }

    /// From now on something else is measured: what began before counts only until enough has
    /// ended that began since.
    public mutating func beginAnew(nowSeconds: Double) {
        anewSinceSeconds = nowSeconds + Self.settleSeconds
    }

    /// The 95th percentile (the nearest rank) of what ended within the span and after the last new
    /// beginning, in seconds; `nil` while too little did.
    ///
    /// `pendingSeconds` is how long the statement that is under way has taken so far, `nil` where
    /// there is none. Until it ends, the last one that did is not too old.
    public func percentileSeconds(nowSeconds: Double, pendingSeconds: Double? = nil) -> Double? {
        let within = samples.filter { $0.atSeconds >= nowSeconds - Self.spanSeconds }
        let anew = within.filter { $0.atSeconds - $0.latencySeconds >= anewSinceSeconds }
        let lasted = nowSeconds - anewSinceSeconds >= Self.secondsMinAnew
        let isEnough = anew.count >= (lasted ? Self.samplesMin : Self.samplesMinAnew)
        var recent = (isEnough ? anew : within).map(\.latencySeconds)
        if recent.isEmpty, pendingSeconds != nil, let last = samples.last {
            recent.append(last.latencySeconds)
        }
        var takenSeconds = pendingSeconds ?? 0
        for latency in recent { takenSeconds += latency }
        if let pendingSeconds, pendingSeconds > Self.percentile(recent) ?? 0 {
            recent.append(pendingSeconds)
        }
        guard recent.count >= Self.samplesMin || takenSeconds >= Self.spanSeconds else {
            return nil
        }
        return Self.percentile(recent)
    }

    private static func percentile(_ latencies: [Double]) -> Double? {
        guard !latencies.isEmpty else { return nil }
        let sorted = latencies.sorted()
        let rank = Int((Double(sorted.count) * share).rounded(.up))
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }

    private mutating func forget(before seconds: Double) {
        samples.removeAll { $0.atSeconds < seconds }
    }
}
