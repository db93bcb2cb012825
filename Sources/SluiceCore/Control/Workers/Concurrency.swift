/// How many batches run at once: a real number, which the workers keep by resting.
public struct Concurrency: Sendable, Equatable, Codable {
    /// A number so close below a whole one (no unit) counts as whole.
    static let rounding = 1e-9
    /// A worker works at least this share of the time (no unit), or it is not there at all.
    static let leastShare = 0.02
    /// Longest rest, in seconds: as long as a decision holds.
    static let restSecondsMax = 2.0

    /// Batches at once, on average.
    public let average: Double

    /// A number of batches at once.
    public init(average: Double) {
        self.average = average
    }

    /// Workers that it takes.
    public var workers: Int { max(1, Int((average - Self.rounding).rounded(.up))) }

    /// How long a worker rests after a batch that took `latencySeconds`, while so many other
    /// batches run.
    ///
    /// Only the worker beyond the whole number rests: 3.4 batches at once are three, and a fourth
    /// for 40 % of the time. Were all four to rest a little, the number running at a moment would
    /// vary twice as much, and latency grows faster than it. With the fourth, some batch ends
    /// after a quarter of a batch's time, so that is what the rest is a multiple of.
    public func restSeconds(afterSeconds latencySeconds: Double, othersRunning: Int) -> Double {
        let whole = (average + Self.rounding).rounded(.down)
        guard Double(othersRunning) >= whole else { return 0 }
        let share = max(average - whole, Self.leastShare)
        let together = max(0, latencySeconds) / (whole + 1)
        return min(Self.restSecondsMax, together * (1 / share - 1))
    }
}
