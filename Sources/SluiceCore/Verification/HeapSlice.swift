/// A place in a table's heap: a block and an item in it, as the server's `tid`.
public struct HeapPlace: Sendable, Hashable, Comparable {
    /// The block's number, from 0.
    public var block: Int
    /// The item's number in it; items begin at 1.
    public var item: Int

    /// Names a place.
    public init(block: Int, item: Int) {
        self.block = block
        self.item = item
    }

    /// The server's input form.
    public var text: String { "(\(block),\(item))" }

    /// In the order of the heap.
    public static func < (left: HeapPlace, right: HeapPlace) -> Bool {
        (left.block, left.item) < (right.block, right.item)
    }
}

/// The rows whose place lies in `[lower, upper)`.
///
/// Verification walks the heap, not the key: blocks in a row are read in order, which for a key
/// that does not follow the heap is the difference between one read a page and one read a row.
public struct HeapSlice: Sendable, Hashable {
    /// The first place.
    public var lower: HeapPlace
    /// The first place after it.
    public var upper: HeapPlace

    /// The slice between two places.
    public init(lower: HeapPlace, upper: HeapPlace) {
        self.lower = lower
        self.upper = upper
    }

    /// Whole blocks.
    public init(blocks: Range<Int>) {
        lower = HeapPlace(block: blocks.lowerBound, item: 0)
        upper = HeapPlace(block: blocks.upperBound, item: 0)
    }

    /// Blocks that it touches.
    public var blockCount: Int { upper.block - lower.block + (upper.item > 0 ? 1 : 0) }

    /// Most items in a block: 32 KiB, the largest block that PostgreSQL can be built with, over
    /// the 28 bytes that the smallest row and its pointer take is 1,170; the next power of two
    /// makes every halving even.
    public static let itemsMax = 2_048

    /// Two halves; `nil` for a single place.
    public var halves: (HeapSlice, HeapSlice)? {
        let middle: HeapPlace
        if blockCount > 1 {
            let block = lower.block + blockCount / 2
            middle = HeapPlace(block: block, item: 0)
        } else {
            let end = upper.block > lower.block ? Self.itemsMax : upper.item
            guard end - lower.item > 1 else { return nil }
            middle = HeapPlace(block: lower.block, item: lower.item + (end - lower.item) / 2)
        }
        return (HeapSlice(lower: lower, upper: middle), HeapSlice(lower: middle, upper: upper))
    }

    /// The first so many blocks, and what is left; for whole blocks.
    public func split(afterBlocks count: Int) -> (HeapSlice, HeapSlice?) {
        guard count < blockCount else { return (self, nil) }
        let middle = HeapPlace(block: lower.block + count, item: 0)
        return (HeapSlice(lower: lower, upper: middle), HeapSlice(lower: middle, upper: upper))
    }
}
