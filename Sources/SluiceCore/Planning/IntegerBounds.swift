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
