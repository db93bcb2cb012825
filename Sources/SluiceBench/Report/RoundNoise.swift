import Foundation

/// How far the rounds of a strategy are apart by chance.
///
/// Two or three rounds of one strategy say little of that; those of all strategies together say
/// enough. Rates vary in proportion to themselves, so that it is about their logarithms.
public struct RoundNoise: Sendable, Equatable {
    /// The standard deviation within a strategy, of the natural logarithm of its rate.
    public let deviation: Double
    /// How many rounds that is from, less one for each strategy, whose mean is from them as well.
    public let freedom: Int

    /// What is shown by the rounds of all strategies that have more than one.
    public init(_ entries: [BenchReport.Entry]) {
        var squares = 0.0
        var freedom = 0
        for entry in entries {
            let logs: [Double] = entry.rounds.map(\.rowsPerSecond).filter { $0 > 0 }.map { log($0) }
            guard logs.count > 1 else { continue }
            let mean = logs.reduce(0, +) / Double(logs.count)
            for value in logs { squares += (value - mean) * (value - mean) }
            freedom += logs.count - 1
        }
        self.freedom = freedom
        deviation = freedom > 0 ? (squares / Double(freedom)).squareRoot() : 0
    }

    /// Whether the rounds do not tell two rates apart: they overlap, or are no further apart than
    /// chance may bring them.
    ///
    /// `nil` where one has a single round: it is not known what another would have shown.
    public func isTie(_ one: Spread, _ other: Spread) -> Bool? {
        guard one.count > 1, other.count > 1 else { return nil }
        if one.overlaps(other) { return true }
        guard freedom > 0, one.median > 0, other.median > 0 else { return false }
        let shares = 1 / Double(one.count) + 1 / Double(other.count)
        let apart = abs(log(one.median / other.median))
        return apart <= Self.quantile(freedom) * deviation * shares.squareRoot()
    }

    /// What Student's t does not exceed in 99 of 100 cases, to either side.
    ///
    /// One per cent and not five, since twenty strategies are compared with the first.
    static func quantile(_ freedom: Int) -> Double {
        guard freedom > quantiles.count else { return quantiles[max(1, freedom) - 1] }
        return 2.6 + 6 / Double(freedom)
    }

    /// For one degree of freedom, two, and so on; what comes after is near 2.6, a little above.
    private static let quantiles = [63.66, 9.92, 5.84, 4.60, 4.03, 3.71, 3.50, 3.36, 3.25, 3.17]
}
