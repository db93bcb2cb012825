/// How much dearer the run's own rows have become: a stand-in for the application's latency where
/// nothing shows that.
///
/// Whoever shares the server's disk and cores with the run slows both, so what a row costs now
/// against the least of the last minute says something of the load. It is weak evidence, as in the
/// congestion control of TCP Vegas, from which it comes: rows that are dear by themselves look the
/// same, until the minute is over. As in its successor BBR, whoever runs with more than one worker
/// goes back to one for a moment each minute: or its own load would become the least.
struct OwnCost: Sendable, Equatable {
    /// A budget in seconds is reached at so many times the least cost (no unit).
    static let inflationMax = 1.5
    /// How far back the least is looked for, in seconds: long enough to outlast a load that comes
    /// in waves, short enough to forget cheaper rows.
    static let spanSeconds = 60.0
    /// The least is kept for each of so many seconds: a minute is sixty numbers.
    static let bucketSeconds = 1.0
    /// How long one worker is alone each minute, in seconds: 3 % of the time.
    ///
    /// Batches of before are over after the first half.
    static let aloneSeconds = 2.0

    private struct Bucket: Sendable, Equatable {
        let fromSeconds: Double
        var least: Double
        var isAlone: Bool
    }

    private var buckets: [Bucket] = []
    private var aloneSinceSeconds: Double?

    /// Takes in what a row costs now, in seconds, and how many workers there are; how many times
    /// the least of the last minute that is (no unit).
    mutating func inflation(rowSeconds: Double, workers: Double, nowSeconds: Double) -> Double {
        let isAlone = workers <= 1 || isSettled(nowSeconds)
        if let last = buckets.last, nowSeconds - last.fromSeconds < Self.bucketSeconds,
            last.isAlone == isAlone
        {
            buckets[buckets.count - 1].least = min(last.least, rowSeconds)
        } else {
            buckets.append(
                Bucket(fromSeconds: nowSeconds, least: rowSeconds, isAlone: isAlone))
        }
        forget(nowSeconds)
        let least = buckets.map(\.least).min() ?? rowSeconds
        return least > 0 ? rowSeconds / least : 1
    }

    /// Whether only one worker may run now, for the least's sake.
    mutating func isAlone(nowSeconds: Double) -> Bool {
        if let since = aloneSinceSeconds {
            if nowSeconds - since >= Self.aloneSeconds { aloneSinceSeconds = nil }
        } else if !knowsAlone(nowSeconds) {
            aloneSinceSeconds = nowSeconds
        }
        return aloneSinceSeconds != nil
    }

    private func isSettled(_ nowSeconds: Double) -> Bool {
        aloneSinceSeconds.map { nowSeconds - $0 >= Self.aloneSeconds / 2 } ?? false
    }

    private func knowsAlone(_ nowSeconds: Double) -> Bool {
        buckets.contains { $0.isAlone && nowSeconds - $0.fromSeconds <= Self.spanSeconds }
    }

    /// What one worker cost is forgotten only for what one worker costs now.
    private mutating func forget(_ nowSeconds: Double) {
        guard knowsAlone(nowSeconds) else {
            if let least = buckets.min(by: { $0.least < $1.least }) { buckets = [least] }
            return
        }
        buckets.removeAll { nowSeconds - $0.fromSeconds > Self.spanSeconds }
    }
}
