/// Where to cut a table, or the rows of one frequent value, along one column of the key.
public struct CutPlan: Sendable, Equatable {
    /// The cuts, in key order.
    public let cuts: [Cut]
    /// Values to cut inside.
    public let giants: [GiantValue]

    /// Cuts at equal steps from the smallest to the largest value.
    public static func even(parts: Int) -> CutPlan {
        let places = (1..<max(1, parts)).map { Double($0) / Double(parts) }
        return CutPlan(cuts: places.map { Cut(target: .place($0), position: $0) }, giants: [])
    }

    /// Cuts that leave about as many keys in each of `parts` ranges as the others have, from what
    /// the statistics know.
    ///
    /// `points` are in key order, bounds of the histogram before a common value that equals them.
    /// Where the table has outgrown its statistics, beyond the first or the last point, it is cut
    /// in steps as wide as the points lie apart: rows added since the last ANALYZE are all there.
    public static func fitted(to points: [KeyPoint], parts: Int) -> CutPlan {
        let total = points.reduce(0) { $0 + $1.mass }
        guard parts > 1, total > 0 else { return CutPlan(cuts: [], giants: []) }
        let gaps = gaps(around: points, parts: parts)
        var cuts = gaps.below
        var giants: [GiantValue] = []
        var reached = 0.0
        var slot = 0
        // A cut at the very end of what is known is one only if something comes after it.
        let lastSlot = gaps.above.isEmpty ? parts - 1 : parts
        for point in points {
            if !point.isCommon { reached += point.mass / total }
            let next = min(lastSlot, Int(reached * Double(parts) + Self.roundingSlack))
            if next > slot {
                slot = next
                cuts.append(Cut(target: .value(point.value), position: min(1, reached)))
            }
            guard point.isCommon else { continue }
            let share = point.mass / total
            let deserved = Int((share * Double(parts)).rounded())
            if deserved > 1 {
                giants.append(
                    GiantValue(
                        value: point.value, position: reached, mass: share, parts: deserved))
            }
            reached += share
        }
        return CutPlan(cuts: cuts + gaps.above, giants: giants)
    }

    /// Sums of shares miss whole numbers by some 1e-16 for each term, of which there are at most
    /// 20,000 (the largest statistics target, twice).
    private static let roundingSlack = 1e-9

    /// Cuts below the first and above the last point, at most `parts` on each side.
    ///
    /// None where the gap there is no wider than two of the points' own steps.
    private static func gaps(
        around points: [KeyPoint], parts: Int
    ) -> (below: [Cut], above: [Cut]) {
        let places = points.compactMap(\.place)
        guard places.count == points.count, places.count > 1, let first = places.first,
            let last = places.last, last > first
        else { return ([], []) }
        let step = (last - first) / Double(places.count - 1)
        func cut(from low: Double, to high: Double, position: Double) -> [Cut] {
            let count = Int(min(Double(parts), (high - low) / step))
            guard count > 2 else { return [] }
            return (1..<count).map {
                Cut(
                    target: .place(low + (high - low) * Double($0) / Double(count)),
                    position: position, step: 1 / Double(places.count - 1))
            }
        }
        return (
            cut(from: 0, to: first, position: 0), cut(from: last, to: 1, position: 1)
        )
    }
}
