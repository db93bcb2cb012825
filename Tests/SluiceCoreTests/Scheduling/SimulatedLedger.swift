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
        var ahead: Int { keys.upperBound - next + 1 }
    }

    var ranges: [Range]
    /// How often each key was changed.
    var changes: [Int]
    /// Ranges that were cut.
    var splits = 0
    /// Keys that a batch changed although they were changed already.
    var repeated = 0

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

    mutating func reattach(_ range: HeldRange, owner: Int) -> HeldRange? {
        guard holds(range, owner: owner) else { return nil }
        ranges[range.number].epoch += 1
        return held(range.number)
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
        ranges[range.number].keys = ranges[range.number].keys.lowerBound...rest.keys.lowerBound - 1
        ranges.append(rest)
        return HeldRange(number: ranges.count - 1, epoch: 1, hasCursor: true, batches: 0)
    }

    /// Cuts the range with most ahead in half, as the real walk and cut do: the walk may have seen
    /// an older cursor, and between it and the cut the range may have got anywhere.
    mutating func split(
        owner: Int, batchKeys: Int, random: inout SeededGenerator
    ) -> HeldRange? {
        let taken = ranges.indices.filter { ranges[$0].owner != nil && !ranges[$0].isDone }
        guard let number = taken.max(by: { ranges[$0].ahead < ranges[$1].ahead }) else {
            return nil
        }
        let old = ranges[number]
        let seen = Int.random(in: old.keys.lowerBound...old.next, using: &random)
        let rule = SplitRule(batchKeys: batchKeys)
        let ahead = min(
            rule.walkedKeys, (old.keys.upperBound - seen + 1) / rule.stepKeys * rule.stepKeys)
        guard ahead >= rule.fewestKeys else { return nil }
        let kept = rule.keptKeys(ahead: ahead)
        let last = seen + kept - 1
        guard last >= old.next, last < old.keys.upperBound else { return nil }
        splits += 1
        ranges[number].keys = old.keys.lowerBound...last
        ranges.append(
            Range(keys: last + 1...old.keys.upperBound, next: last + 1, owner: owner, epoch: 1))
        return HeldRange(number: ranges.count - 1, epoch: 1, hasCursor: true, batches: 0)
    }

    /// What is wrong with the ranges, or `nil`: they must be disjoint and cover every key
    /// (invariant 3), and no cursor may be outside its range.
    var fault: String? {
        var next = 0
        for range in ranges.sorted(by: { $0.keys.lowerBound < $1.keys.lowerBound }) {
            if range.keys.lowerBound != next {
                return "\(range.keys) begins where \(next) was expected"
            }
            if range.next < range.keys.lowerBound || range.next > range.keys.upperBound + 1 {
                return "the cursor of \(range.keys) is at \(range.next)"
            }
            next = range.keys.upperBound + 1
        }
        return next == changes.count ? nil : "the ranges end at \(next) of \(changes.count)"
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
        for key in low...max(low, high) {
            if changes[key] > 0 { repeated += 1 }
            changes[key] += 1
        }
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
