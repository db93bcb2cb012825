/// Builds the disjoint ranges that cover a table from the bounds between them.
public enum RangeChain {
    /// Turns sorted, distinct interior bounds and the run's upper bound into ranges.
    ///
    /// The first range is open below, the last one ends at `upper`, and each begins where the one
    /// before it ends: disjoint and complete by construction (invariant 3 of the ledger).
    /// `keysTotalEstimate` is spread by `weights`, one for each range; evenly without them.
    public static func ranges(
        interior: [KeyTuple], upper: KeyTuple, keysTotalEstimate: Int, weights: [Double] = [],
        part: Int = 1
    ) -> [KeyRange] {
        let count = interior.count + 1
        let shares = shares(of: max(0, keysTotalEstimate), among: count, weights: weights)
        var ranges: [KeyRange] = []
        ranges.reserveCapacity(count)
        var lower: KeyTuple?
        for (bound, share) in zip(interior + [upper], shares) {
            ranges.append(KeyRange(lower: lower, upper: bound, keysEstimate: share, part: part))
            lower = bound
        }
        return ranges
    }

    /// Whole numbers that add up to `total`: what rounding leaves of one goes to the next.
    private static func shares(of total: Int, among count: Int, weights: [Double]) -> [Int] {
        let sum = weights.reduce(0, +)
        let isUsable = weights.count == count && sum > 0 && sum.isFinite
        var given = 0
        var reached = 0.0
        return (0..<count).map { index in
            reached += isUsable ? weights[index] / sum : 1 / Double(count)
            let upTo =
                index == count - 1 ? total : min(total, Int((Double(total) * reached).rounded()))
            defer { given = max(given, upTo) }
            return max(0, upTo - given)
        }
    }
}
