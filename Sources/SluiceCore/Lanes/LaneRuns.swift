/// A region of whole numbers that leave few gaps, told into lanes without asking the server for
/// any of them.
///
/// What a lane holds of the region is a run of neighbouring numbers in each cycle of its shape, and
/// a batch names the ends of runs. Numbers that no row has cost next to nothing.
///
/// Places in the region count from its first number, so that nothing here overflows however large
/// the numbers are; how many there are is bounded by the keys (`LaneSQL.begin`).
public struct LaneRuns: Sendable, Equatable {
    /// Numbers of one lane that lie together in a region: those whose slots are in `slots`, of the
    /// places in `places`.
    private struct Segment: Sendable, Equatable {
        let slice: LaneSlice
        let places: Range<Int>
        let slots: Range<Int>
    }

    private let first: Int64
    /// The slot of the first number.
    private let phase: Int
    private let shape: LaneShape
    private let segments: [Segment]
    /// Numbers of the region, and how many of them keys have.
    private let span: Int
    private let keys: Int
    /// Numbers done before the first segment, and before each one.
    private let doneBefore: [Int]
    /// How far the region was: its lane, and the last number that was done in it.
    private let beginning: (lane: Int, cursor: Int64?)

    /// What a region's row in the ledger says.
    public struct Region: Sendable, Equatable {
        /// Its first and its last number.
        public let bounds: ClosedRange<Int64>
        /// How many keys it had when it was begun.
        public let keys: Int
        /// The lanes.
        public let shape: LaneShape
        /// The lane under way.
        public let lane: Int
        /// The last number that was done in it.
        public let cursor: Int64?
        /// Whether what was left has become one lane.
        public let isMerged: Bool
        /// What the cursor was before that.
        public let mergedFrom: Int64?

        /// Describes a region.
        public init(
            bounds: ClosedRange<Int64>, keys: Int, shape: LaneShape, lane: Int = 0,
            cursor: Int64? = nil, isMerged: Bool = false, mergedFrom: Int64? = nil
        ) {
            self.bounds = bounds
            self.keys = keys
            self.shape = shape
            self.lane = lane
            self.cursor = cursor
            self.isMerged = isMerged
            self.mergedFrom = mergedFrom
        }

        /// The place behind a number.
        fileprivate func behind(_ number: Int64?, _ span: Int) -> Int {
            number.map { max(0, min(span, Int($0 &- bounds.lowerBound) + 1)) } ?? 0
        }

        /// Numbers of the lanes before the one under way, and those of it before a place.
        fileprivate func doneInLanes(before place: Int, _ span: Int, _ walk: Walk) -> Int {
            walk.count(0..<span, 0..<shape.begin(lane))
                + walk.count(0..<place, shape.begin(lane)..<shape.ends[lane])
        }
    }

    /// Tells what is left of a region into slices: a lane after the other and each in steps, or
    /// where lanes were merged, what is left in its order.
    public init(_ region: Region, request: LaneRequest) {
        let shape = region.shape
        first = region.bounds.lowerBound
        span = Int(region.bounds.upperBound &- region.bounds.lowerBound) + 1
        keys = region.keys
        self.shape = shape
        beginning = (region.lane, region.cursor)
        let slots = Int64(shape.slots)
        phase = Int((first % slots + slots) % slots)
        let walk = Walk(phase: phase, slots: shape.slots)
        let plan =
            region.isMerged
            ? Self.merged(region, span, walk, sliceKeys: max(1, request.sliceKeys))
            : Self.laneByLane(region, span, walk, steps: request.steps(keys: region.keys))
        segments = plan.segments
        var done = plan.done
        doneBefore = plan.segments.map { segment in
            defer { done += segment.slice.keys }
            return done
        }
    }

    /// What is left, and how many numbers are done.
    private typealias Plan = (segments: [Segment], done: Int)

    private static func laneByLane(
        _ region: Region, _ span: Int, _ walk: Walk, steps: Int
    ) -> Plan {
        let shape = region.shape
        let left = region.behind(region.cursor, span)
        let stepSpan = max(1, (span + steps - 1) / steps)
        var segments: [Segment] = []
        for lane in region.lane..<max(region.lane, shape.count) {
            let slots = shape.begin(lane)..<shape.ends[lane]
            for step in 0..<steps {
                let from = max(lane == region.lane ? left : 0, step * stepSpan)
                let to = min(span, (step + 1) * stepSpan)
                guard from < to else { continue }
                let count = walk.count(from..<to, slots)
                guard count > 0 else { continue }
                segments.append(
                    Segment(
                        slice: LaneSlice(lane: lane, step: step, keys: count), places: from..<to,
                        slots: slots))
            }
        }
        return (segments, region.doneInLanes(before: left, span, walk))
    }

    /// Before the last number that the lanes had done, all of the lane under way is done as well;
    /// behind it that one is left like the ones after it.
    private static func merged(
        _ region: Region, _ span: Int, _ walk: Walk, sliceKeys: Int
    ) -> Plan {
        let (lane, shape) = (region.lane, region.shape)
        let turn = region.behind(region.mergedFrom, span)
        let left = region.behind(region.cursor, span)
        var segments: [Segment] = []
        var done = region.doneInLanes(before: turn, span, walk)
        for (places, slots) in [
            (0..<turn, shape.ends[lane]..<shape.slots),
            (turn..<span, shape.begin(lane)..<shape.slots),
        ] where !slots.isEmpty {
            done += walk.count(places.clamped(to: 0..<left), slots)
            let rest = places.clamped(to: left..<span)
            let (from, to) = (
                walk.count(0..<rest.lowerBound, slots), walk.count(0..<rest.upperBound, slots)
            )
            for rank in stride(from: from, to: to, by: sliceKeys) {
                let end = min(to, rank + sliceKeys)
                segments.append(
                    Segment(
                        slice: LaneSlice(lane: lane, step: segments.count, keys: end - rank),
                        places: walk.place(rank, slots)..<(walk.place(end - 1, slots) + 1),
                        slots: slots))
            }
        }
        return (segments, done)
    }

    /// Slices in the order of their visits; their sizes are in numbers.
    public var slices: [LaneSlice] { segments.map(\.slice) }

    /// The lane of a slice.
    public func lane(of slice: Int) -> Int { segments[slice].slice.lane }

    /// The lane and the last number at which the region stands before a batch.
    public func place(before batch: LaneBatch) -> (lane: Int, cursor: Int64?) {
        if batch.first > 0 {
            return (segments[batch.slice].slice.lane, number(batch.slice, at: batch.first - 1))
        }
        guard batch.slice > 0 else { return beginning }
        let slice = segments[batch.slice - 1].slice
        return (slice.lane, number(batch.slice - 1, at: slice.keys - 1))
    }

    /// Keys that count as gone through with a batch: its share of those the region began with.
    public func keys(_ batch: LaneBatch) -> Int {
        let before = doneBefore[batch.slice] + batch.first
        return keysDone(before + batch.keys) - keysDone(before)
    }

    private func keysDone(_ numbers: Int) -> Int {
        let (high, low) = keys.multipliedFullWidth(by: numbers)
        return span.dividingFullWidth((high, low)).quotient
    }

    /// One number of a slice.
    public func number(_ slice: Int, at place: Int) -> Int64 {
        let segment = segments[slice]
        let before = walk.count(0..<segment.places.lowerBound, segment.slots)
        return first + Int64(walk.place(before + place, segment.slots))
    }

    /// The first and the last number of each run of a batch.
    public func runs(_ batch: LaneBatch) -> (low: [Int64], high: [Int64]) {
        let segment = segments[batch.slice]
        let before = walk.count(0..<segment.places.lowerBound, segment.slots) + batch.first
        let last = walk.place(before + batch.keys - 1, segment.slots)
        var (low, high): ([Int64], [Int64]) = ([], [])
        var place = walk.place(before, segment.slots)
        while place <= last {
            let end = min(last, place + segment.slots.upperBound - 1 - walk.slot(place))
            low.append(first + Int64(place))
            high.append(first + Int64(end))
            place = end + 1 + shape.slots - segment.slots.count
        }
        return (low, high)
    }

    private var walk: Walk { Walk(phase: phase, slots: shape.slots) }

    /// Counts places by their slots.
    fileprivate struct Walk {
        let phase: Int
        let slots: Int

        func slot(_ place: Int) -> Int { (place + phase) % slots }

        /// How many of these places have one of these slots.
        func count(_ places: Range<Int>, _ of: Range<Int>) -> Int {
            behind(places.upperBound, of) - behind(places.lowerBound, of)
        }

        /// The same of those before a place.
        private func behind(_ place: Int, _ of: Range<Int>) -> Int {
            cycles(place + phase, of) - cycles(phase, of)
        }

        /// How many of the slots lie before a place that counts from a cycle's beginning.
        private func cycles(_ place: Int, _ of: Range<Int>) -> Int {
            place / slots * of.count + min(max(place % slots - of.lowerBound, 0), of.count)
        }

        /// The place of a rank, from 0, among those that have one of these slots.
        func place(_ rank: Int, _ of: Range<Int>) -> Int {
            let whole = rank + cycles(phase, of)
            return whole / of.count * slots + of.lowerBound + whole % of.count - phase
        }
    }

    /// Equal where everything is that a batch is made of.
    public static func == (left: Self, right: Self) -> Bool {
        left.first == right.first && left.span == right.span && left.keys == right.keys
            && left.shape == right.shape && left.segments == right.segments
            && left.doneBefore == right.doneBefore && left.beginning == right.beginning
    }
}
