import SluiceCore
import SluicePostgres

/// The keys of a region that a worker fills in lanes, as its survey gave them.
struct LaneKeys: Sendable {
    /// The keys of one slice: an array for each key column, as the server wrote it.
    struct Slice: Sendable {
        let lane: Int
        let arrays: [String]
    }

    /// Slices in the order of their visits.
    private(set) var slices: [Slice] = []
    /// How far the region was: its lane, and the last key that was done in it.
    private var beginning: (lane: Int, cursor: [String]?) = (0, nil)
    /// The last keys of slices, which the batches after them name.
    private var lastKeys: [Int: [String]] = [:]

    init() {}

    init(slices: [Slice], lane: Int, cursor: [String]?) {
        self.slices = slices
        beginning = (lane, cursor)
    }

    /// The lane and the key at which the region stands before a batch.
    mutating func place(before batch: LaneBatch) -> (lane: Int, cursor: [String]?) {
        if batch.first > 0 {
            return (slices[batch.slice].lane, key(batch.slice, at: batch.first - 1))
        }
        guard batch.slice > 0 else { return beginning }
        let slice = batch.slice - 1
        if lastKeys[slice] == nil { lastKeys[slice] = key(slice, at: nil) }
        return (slices[slice].lane, lastKeys[slice])
    }

    /// One key of a slice; the last one where no place is given.
    func key(_ slice: Int, at place: Int?) -> [String] {
        slices[slice].arrays.map { array in
            let values = TextArray.parse(array)
            return place.map { values[$0] } ?? values[values.count - 1]
        }
    }
}
