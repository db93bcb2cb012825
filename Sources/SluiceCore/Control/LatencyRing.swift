/// How long the last statements took, and the 95th percentile of that.
public struct LatencyRing: Sendable {
    /// How far back it looks, in seconds: long enough for a hundred probes, short enough to see a
    /// load that has just come.
    public static let spanSeconds = 3.0
    /// Fewest samples that say anything.
    public static let samplesMin = 3
    /// The share of statements that a budget is for.
    public static let share = 0.95

    private var samples: [(atSeconds: Double, latencySeconds: Double)] = []

    /// An empty one.
    public init() {}

    /// Takes a statement that ended at `nowSeconds`.
    public mutating func note(latencySeconds: Double, nowSeconds: Double) {
        samples.append((nowSeconds, latencySeconds))
        forget(before: nowSeconds - Self.spanSeconds)
    }

    /// The 95th percentile (the nearest rank) of what ended within the span, in seconds; `nil`
    /// while too little did.
    public func percentileSeconds(nowSeconds: Double) -> Double? {
        let recent = samples.filter { $0.atSeconds >= nowSeconds - Self.spanSeconds }
            .map(\.latencySeconds).sorted()
        guard recent.count >= Self.samplesMin else { return nil }
        let rank = Int((Double(recent.count) * Self.share).rounded(.up))
        return recent[min(max(rank, 1), recent.count) - 1]
    }

    private mutating func forget(before seconds: Double) {
        samples.removeAll { $0.atSeconds < seconds }
    }
}
