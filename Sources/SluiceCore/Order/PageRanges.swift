/// Cuts a table's pages into ranges.
public enum PageRanges {
    /// Neighbouring ranges `[lower, upper)` of pages, of about the same size.
    ///
    /// `keysTotalEstimate` is spread over them by their pages; there are never more ranges than
    /// pages, and none of an empty table.
    public static func ranges(
        pages: Int, count: Int, keysTotalEstimate: Int, part: Int = 1
    ) -> [KeyRange] {
        guard pages > 0 else { return [] }
        let count = min(max(1, count), pages)
        func bound(_ index: Int) -> Int { share(of: pages, index, count) }
        func keys(_ index: Int) -> Int { share(of: max(0, keysTotalEstimate), index, count) }
        return (0..<count).map { index in
            KeyRange(
                lower: ["\(bound(index))"], upper: ["\(bound(index + 1))"],
                keysEstimate: keys(index + 1) - keys(index), part: part, isPhysical: true)
        }
    }

    /// The first `index` of `count` equal parts of a whole, rounded down; without a product that
    /// could overflow.
    private static func share(of whole: Int, _ index: Int, _ count: Int) -> Int {
        whole / count * index + whole % count * index / count
    }
}
