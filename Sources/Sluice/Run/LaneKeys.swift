import SluiceCore
import SluicePostgres

/// The keys of a region that a worker fills in lanes, as its survey gave them.
struct LaneKeys: Sendable {
    /// The keys of one slice: an array for each key column, as the server wrote it.
    struct Slice: Sendable {
        let slice: LaneSlice
        let arrays: [String]
    }

    /// Slices in the order of their visits.
    let slices: [Slice]
    /// How far the region was: its lane, and the last key that was done in it.
    private let beginning: (lane: Int, cursor: [String]?)
    /// The last keys of slices, which the batches after them name.
    private var lastKeys: [Int: [String]] = [:]

    /// None.
    init() {
        slices = []
        beginning = (0, nil)
    }

    /// Tells the keys of a region into slices: those of a lane and a step, or where the lanes that
    /// were left are one, the next so many.
    ///
    /// - Parameters:
    ///   - arrays: All of the region's keys in order, an array for each key column.
    ///   - lanes: The array of their lanes, negative for keys that are done.
    ///   - lane: The lane in which the region is.
    ///   - cursor: The last key that was done in it.
    init(
        arrays: [String], lanes: String, request: LaneRequest, isMerged: Bool, lane: Int,
        cursor: [String]?
    ) {
        beginning = (lane, cursor)
        var piles: [Int: Pile] = [:]
        var columns = arrays.map { ArrayElements($0) }
        var numbers = ArrayElements(lanes)
        let columnCount = columns.count
        // Of all keys, done or not: what lies together is visited together by every lane.
        let keys = ArrayElements.count(lanes)
        let steps = request.steps(keys: keys)
        let stepKeys = max(1, (keys + steps - 1) / steps)
        var rank = 0
        var left = 0
        while let own = numbers.nextNumber() {
            // A place of a lane: lanes come first, and within a lane the steps.
            let place: Int
            if isMerged {
                place = left / max(1, request.sliceKeys)
            } else {
                place = own << Self.stepBits | rank / stepKeys
            }
            rank += 1
            let isLeft = own >= 0
            if isLeft { left += 1 }
            if isLeft { piles[place, default: Pile(columnCount)].keys += 1 }
            for index in 0..<columnCount {
                guard isLeft else {
                    columns[index].skip()
                    continue
                }
                columns[index].copy(into: &piles[place, default: Pile(columnCount)].arrays[index])
            }
        }
        slices = piles.sorted { $0.key < $1.key }.map { place, pile in
            Slice(
                slice: isMerged
                    ? LaneSlice(lane: lane, step: place, keys: pile.keys)
                    : LaneSlice(
                        lane: place >> Self.stepBits, step: place & Self.stepsMost,
                        keys: pile.keys),
                arrays: pile.arrays.map {
                    String(decoding: $0 + [UInt8(ascii: "}")], as: UTF8.self)
                })
        }
    }

    /// Bits of a place that are a step: regions have four.
    private static let stepBits = 16
    private static let stepsMost = 1 << stepBits - 1

    /// A slice that is being put together.
    private struct Pile {
        var keys = 0
        var arrays: [[UInt8]]

        init(_ columns: Int) {
            arrays = Array(repeating: [UInt8(ascii: "{")], count: columns)
        }
    }

    /// The lane and the key at which the region stands before a batch.
    mutating func place(before batch: LaneBatch) -> (lane: Int, cursor: [String]?) {
        if batch.first > 0 {
            return (slices[batch.slice].slice.lane, key(batch.slice, at: batch.first - 1))
        }
        guard batch.slice > 0 else { return beginning }
        let slice = batch.slice - 1
        if lastKeys[slice] == nil {
            lastKeys[slice] = key(slice, at: slices[slice].slice.keys - 1)
        }
        return (slices[slice].slice.lane, lastKeys[slice])
    }

    /// The keys of a batch: an array for each key column.
    func arrays(_ batch: LaneBatch) -> [String] {
        let slice = slices[batch.slice]
        if batch.keys == slice.slice.keys { return slice.arrays }
        return slice.arrays.map { array in
            var elements = ArrayElements(array)
            for _ in 0..<batch.first { elements.skip() }
            var part = [UInt8(ascii: "{")]
            for _ in 0..<batch.keys { elements.copy(into: &part) }
            return String(decoding: part + [UInt8(ascii: "}")], as: UTF8.self)
        }
    }

    /// One key of a slice.
    func key(_ slice: Int, at place: Int) -> [String] {
        slices[slice].arrays.map { array in
            var elements = ArrayElements(array)
            for _ in 0..<place { elements.skip() }
            return elements.nextText() ?? ""
        }
    }
}
