/// How much of a table is verified.
public enum VerifyScope: Sendable, Equatable {
    /// What costs next to nothing beside the run: a small table whole, a sample of a large one.
    case auto
    /// Nothing.
    case off
    /// Every row.
    case full
    /// A share of the blocks, above 0 and at most 1.
    case sample(Double)

    /// The share of a large table that ``auto`` reads.
    ///
    /// Reading a block costs at most a tenth of changing its rows, so that a hundredth adds about
    /// a thousandth to a run.
    public static let autoShare = 0.01
    /// Blocks that ``auto`` reads at the least: 8 MiB, some tens of milliseconds, which makes the
    /// verification of small tables a full one.
    public static let autoBlocksMin = 1_024
    /// Blocks that ``auto`` reads where an index led the run to few rows: 1 MiB, since a hundredth
    /// of the table may be many times what such a run read itself.
    public static let autoBlocksSparse = 128
    /// Blocks that follow each other in a sample: few, so that the sample is spread over the
    /// table; more than one, since a request costs as much as reading several.
    public static let sampleBlocks = 8

    /// The share of a table of so many blocks; `isSparse` where an index led to the rows.
    public func share(ofBlocks blocks: Int, isSparse: Bool = false) -> Double {
        switch self {
        case .off: 0
        case .full: 1
        case .sample(let share): min(1, max(0, share))
        case .auto where isSparse: min(1, Double(Self.autoBlocksSparse) / Double(max(1, blocks)))
        case .auto: min(1, max(Self.autoShare, Double(Self.autoBlocksMin) / Double(max(1, blocks))))
        }
    }

    /// The slices to read of a table of so many blocks, in the order of the heap.
    ///
    /// A sample takes one slice at random out of each of as many equal strata as it has slices.
    public func slices(
        ofBlocks blocks: Int, isSparse: Bool = false,
        using generator: inout some RandomNumberGenerator
    ) -> [HeapSlice] {
        guard blocks > 0, self != .off else { return [] }
        let share = share(ofBlocks: blocks, isSparse: isSparse)
        let wanted = Int((Double(blocks) * share).rounded(.up))
        let count = (max(1, wanted) + Self.sampleBlocks - 1) / Self.sampleBlocks
        guard share < 1, count * Self.sampleBlocks < blocks else {
            return [HeapSlice(blocks: 0..<blocks)]
        }
        return (0..<count).map { index in
            let first = blocks * index / count
            let room = blocks * (index + 1) / count - first - Self.sampleBlocks
            let start = first + (room > 0 ? Int.random(in: 0...room, using: &generator) : 0)
            return HeapSlice(blocks: start..<min(blocks, start + Self.sampleBlocks))
        }
    }
}
