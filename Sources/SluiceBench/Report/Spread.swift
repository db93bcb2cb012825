/// The rounds of one figure.
public struct Spread: Sendable, Equatable {
    /// The middle one.
    public let median: Double
    /// The lowest.
    public let low: Double
    /// The highest.
    public let high: Double
    /// How many there are.
    public let count: Int

    /// `nil` without any.
    public init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        median =
            sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        low = sorted[0]
        high = sorted[sorted.count - 1]
        count = sorted.count
    }

    /// How far they are apart, as a share of the median.
    public var share: Double { median == 0 ? 0 : (high - low) / abs(median) }

    /// Whether a round of the one lies within what the other's rounds show.
    ///
    /// Two of three rounds each do not overlap by chance once in ten times, and of two rounds each
    /// once in three: ``RoundNoise`` judges who is told apart.
    public func overlaps(_ other: Spread) -> Bool {
        low <= other.high && other.low <= high
    }
}
