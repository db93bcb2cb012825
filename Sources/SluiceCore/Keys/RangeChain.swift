/// Builds the disjoint ranges that cover a table from the bounds between them.
public enum RangeChain {
    /// Turns sorted, distinct interior bounds and the run's upper bound into ranges.
    ///
    /// The first range is open below, the last one ends at `upper`, and each begins where the one
    /// before it ends: disjoint and complete by construction (invariant 3 of the ledger).
    /// `keysTotalEstimate` is spread evenly, as bounds from a histogram or from arithmetic are
    /// meant to hold equal numbers of keys.
    public static func ranges(
        interior: [KeyTuple], upper: KeyTuple, keysTotalEstimate: Int, part: Int = 1
    ) -> [KeyRange] {
        let count = interior.count + 1
        let share = max(0, keysTotalEstimate) / count
        let rest = max(0, keysTotalEstimate) - share * count
        var ranges: [KeyRange] = []
        ranges.reserveCapacity(count)
        var lower: KeyTuple?
        for (index, bound) in (interior + [upper]).enumerated() {
            let estimate = share + (index < rest ? 1 : 0)
            ranges.append(
                KeyRange(lower: lower, upper: bound, keysEstimate: estimate, part: part))
            lower = bound
        }
        return ranges
    }
}
