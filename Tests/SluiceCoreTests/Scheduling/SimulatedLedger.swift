import SluiceCore

/// A ledger and a table in memory, with the rules of the real ones: what commits moves the cursor
/// and changes rows together, and only under the fence.
struct SimulatedLedger {
    struct Range {
        var keys: ClosedRange<Int>
        /// Keys below this are done.
        var next: Int
        var owner: Int?
        var epoch = 0
        var batches = 0
        var isDone: Bool { next > keys.upperBound }
    }

    var ranges: [Range]
    /// How often each key was changed.
    var changes: [Int]

    init(keys: Int, ranges count: Int) {
        changes = Array(repeating: 0, count: keys)
        ranges = (0..<count).map { index in
            let low = keys * index / count
            let high = keys * (index + 1) / count - 1
            return Range(keys: low...max(low, high), next: low)
        }
        ranges.removeAll { $0.keys.isEmpty }
    }

    var unfinished: Int { ranges.filter { !$0.isDone }.count }

    mutating func claim(owner: Int, gone: Set<Int>) -> HeldRange? {
        guard
            let number = ranges.firstIndex(where: { range in
                !range.isDone && (range.owner == nil || range.owner.map(gone.contains) == true)
            })
        else { return nil }
        ranges[number].owner = owner
        ranges[number].epoch += 1
        return held(number)
    }

    func reattach(_ range: HeldRange, owner: Int) -> HeldRange? {
        holds(range, owner: owner) ? held(range.number) : nil
    }

    mutating func release(_ range: HeldRange, owner: Int) {
        if holds(range, owner: owner) { ranges[range.number].owner = nil }
    }

    /// Moves what is left to a new row, as the real statement does.
    mutating func renew(_ range: HeldRange, owner: Int) -> HeldRange? {
        guard holds(range, owner: owner), range.hasCursor || ranges[range.number].batches > 0 else {
            return nil
        }
        var rest = ranges[range.number]
        rest.keys = rest.next...rest.keys.upperBound
        rest.batches = 0
        rest.epoch = 1
        ranges[range.number].next = ranges[range.number].keys.upperBound + 1
        ranges.append(rest)
        return HeldRange(number: ranges.count - 1, epoch: 1, hasCursor: true, batches: 0)
    }

    /// A batch commits: `nil` when the fence is lost or the shape does not fit the cursor.
    mutating func commit(
        _ range: HeldRange, owner: Int, keys: Int, firstOfRange: Bool
    ) -> BatchCounts? {
        guard holds(range, owner: owner) else { return nil }
        let started = ranges[range.number].next > ranges[range.number].keys.lowerBound
        // Only the first range is open below; the others have a cursor from the beginning.
        let hasCursor = range.number > 0 || started
        guard firstOfRange != hasCursor else { return nil }
        let low = ranges[range.number].next
        let high = min(low + keys - 1, ranges[range.number].keys.upperBound)
        for key in low...max(low, high) { changes[key] += 1 }
        ranges[range.number].next = high + 1
        ranges[range.number].batches += 1
        return BatchCounts(
            keysScanned: high - low + 1, rowsChanged: high - low + 1,
            finishedRange: ranges[range.number].isDone)
    }

    private func holds(_ range: HeldRange, owner: Int) -> Bool {
        let row = ranges[range.number]
        return row.owner == owner && row.epoch == range.epoch && !row.isDone
    }

    private func held(_ number: Int) -> HeldRange {
        HeldRange(
            number: number, epoch: ranges[number].epoch,
            hasCursor: number > 0 || ranges[number].next > ranges[number].keys.lowerBound,
            batches: ranges[number].batches)
    }
}
