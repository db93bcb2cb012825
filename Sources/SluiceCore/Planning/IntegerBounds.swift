/// Bounds between two integers by arithmetic, safe at both ends of the 64-bit range.
public enum IntegerBounds {
    /// At most `count - 1` distinct values strictly between `minimum` and `maximum` that cut the
    /// interval into `count` nearly equal parts, ascending.
    public static func interior(minimum: Int64, maximum: Int64, count: Int) -> [Int64] {
        guard count > 1, minimum < maximum else { return [] }
        // The width of the whole 64-bit range does not fit into Int64, but into UInt64.
        let width = UInt64(bitPattern: maximum) &- UInt64(bitPattern: minimum)
        var bounds: [Int64] = []
        for part in 1..<UInt64(count) {
            let scaled = width.multipliedFullWidth(by: part)
            let offset = UInt64(count).dividingFullWidth(scaled).quotient
            let bound = Int64(bitPattern: UInt64(bitPattern: minimum) &+ offset)
            if bound > minimum, bound < maximum, bound != bounds.last { bounds.append(bound) }
        }
        return bounds
    }
}

extension IntegerBounds {
    /// Bounds from a histogram, completed by arithmetic where the table has outgrown it.
    ///
    /// `known` are ascending bounds strictly inside; with none the whole interval is cut evenly.
    /// A gap at either end that is wider than two of the histogram's own steps is cut into such
    /// steps, at most `count` of them: rows added since the last ANALYZE all lie there.
    public static func completed(
        _ known: [Int64], minimum: Int64, maximum: Int64, count: Int
    ) -> [Int64] {
        guard known.count > 1, let first = known.first, let last = known.last else {
            return interior(minimum: minimum, maximum: maximum, count: count)
        }
        let step = max(1, distance(first, last) / UInt64(known.count - 1))
        func cut(_ low: Int64, _ high: Int64) -> [Int64] {
            let parts = min(UInt64(count), distance(low, high) / step)
            guard parts > 2 else { return [] }
            return interior(minimum: low, maximum: high, count: Int(parts))
        }
        return cut(minimum, first) + known + cut(last, maximum)
    }

    private static func distance(_ low: Int64, _ high: Int64) -> UInt64 {
        UInt64(bitPattern: high) &- UInt64(bitPattern: low)
    }
}
