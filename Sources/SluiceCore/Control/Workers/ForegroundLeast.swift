/// Finds out while a run works that the application's statements take less than was measured before
/// its first batch.
///
/// A server with little to do answers late: its cores sleep, and to wake one takes a good part of a
/// short statement's time. A probe that is asked forty times a second meets that more often than an
/// application that is asked five hundred times, and beside batches neither does. What a budget
/// is a multiple of would be too large, and with it what the run takes of the server.
public struct ForegroundLeast: Sendable {
    /// Seconds of work that are looked back on: ten times what a single look covers.
    static let spanSeconds = 30.0
    /// And at the least before anything is concluded: two looks that have nothing in common.
    static let spanSecondsMin = 2 * LatencyRing.spanSeconds
    /// A run hardly works for so long, in seconds: what is concluded first must not be slowed.
    ///
    /// One that grew meanwhile passed the budget after twelve seconds. The last second is the look
    /// that concludes.
    static let lookSeconds = spanSecondsMin + 1
    /// Of the looks so large a share may be quicker than what is concluded (no unit): the quickest
    /// is luck, and the middle is slowed by the run.
    static let share = 0.25
    /// News only if it is less than this share of what was known (no unit): noise is not worth a
    /// new limit, which every session is told.
    static let newsShare = 0.95
    /// Never less than this share of what was measured (no unit): at night an application may be
    /// quicker than it ever is by day.
    ///
    /// Asleep and awake differed by 1.2 and 1.5 times.
    static let leastShare = 0.5

    private var looks: [(seconds: Double, latencySeconds: Double)] = []
    private var firstAloneSeconds: Double?

    /// Nothing seen yet.
    public init() {}

    /// Takes in a look while batches run: the latency, and what statements are taken to need alone,
    /// in seconds; what they need as it now seems, where that is less.
    public mutating func observe(
        latencySeconds: Double, aloneSeconds: Double, nowSeconds: Double
    ) -> Double? {
        let measured = max(firstAloneSeconds ?? aloneSeconds, aloneSeconds)
        firstAloneSeconds = measured
        looks.append((nowSeconds, latencySeconds))
        looks.removeAll { nowSeconds - $0.seconds > Self.spanSeconds }
        guard let first = looks.first, nowSeconds - first.seconds >= Self.spanSecondsMin
        else { return nil }
        let sorted = looks.map(\.latencySeconds).sorted()
        let quick = sorted[Int(Self.share * Double(sorted.count - 1))]
        let least = max(quick, Self.leastShare * measured)
        guard least < Self.newsShare * aloneSeconds else { return nil }
        looks = []
        return least
    }
}
