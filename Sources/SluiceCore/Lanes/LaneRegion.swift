/// How far a worker is in a region that it fills lane by lane.
///
/// A lane may follow the one before it only where that one's old row versions can be pruned: when
/// the transaction that left them is older than everything that anybody still sees.
struct LaneRegion: Sendable, Equatable {
    /// A place among the slices.
    private struct Place: Sendable, Equatable {
        var slice = 0
        var first = 0
    }

    /// A transaction, and its lane.
    private struct Newest: Sendable, Equatable {
        let lane: Int
        let transaction: UInt64
    }

    /// A batch for up to so much more than what was asked is taken whole: a rest of a few keys
    /// would cost a transaction of its own.
    private static let wholeFactor = 1.5

    private let slices: [LaneSlice]
    private var sent = Place()
    private var committed = Place()
    private var inFlight: [LaneBatch] = []
    /// The newest transaction of each step, and the lane that it belonged to.
    private var newest: [Int: Newest] = [:]
    private let surveyed: UInt64
    /// Whether the lanes that were left became one.
    let isMerged: Bool
    /// Since when the next lane waits for the one before it, in seconds.
    private(set) var waitingSinceSeconds: Double?

    init(_ survey: LaneSurvey) {
        slices = survey.slices
        surveyed = survey.transaction
        isMerged = survey.isMerged
    }

    /// Whether everything is committed.
    var isDone: Bool { committed.slice >= slices.count }

    /// Whether the next batch is of the last visit.
    var isVisitNext: Bool { sent.slice < slices.count && slices[sent.slice].isLastVisit }

    /// Whether the oldest batch in the pipe is of the last visit.
    var isVisitInFlight: Bool { inFlight.first.map { slices[$0.slice].isLastVisit } ?? false }

    /// Whether what the next batch visits may be pruned by now, where that matters.
    func isReady(horizon: UInt64) -> Bool {
        guard sent.slice < slices.count else { return false }
        let next = slices[sent.slice]
        // Nobody changed anything in the region before its first lane, and lanes that were merged
        // have given up on room in their pages.
        if isMerged || next.lane == 0 { return true }
        let isBehind = inFlight.contains { batch in
            slices[batch.slice].step == next.step && slices[batch.slice].lane < next.lane
        }
        if isBehind { return false }
        // Without one of our own it is what another process left, before the survey.
        guard let before = newest[next.step] else { return surveyed < horizon }
        return before.lane == next.lane || before.transaction < horizon
    }

    /// The next batch, of about so many keys.
    func next(keys wanted: Int) -> LaneBatch? {
        guard sent.slice < slices.count else { return nil }
        let left = slices[sent.slice].keys - sent.first
        let isWhole = Double(left) <= Double(wanted) * Self.wholeFactor
        let keys = isWhole ? left : max(1, wanted)
        return LaneBatch(
            slice: sent.slice, first: sent.first, keys: keys,
            endsRegion: keys == left && sent.slice == slices.count - 1)
    }

    /// The batch is in the pipe.
    mutating func send(_ batch: LaneBatch) {
        inFlight.append(batch)
        sent = advanced(sent, batch.keys)
        waitingSinceSeconds = nil
    }

    /// The oldest batch in the pipe is committed.
    mutating func commit(_ mark: LaneMark?) {
        guard !inFlight.isEmpty else { return }
        let batch = inFlight.removeFirst()
        let slice = slices[batch.slice]
        committed = advanced(committed, batch.keys)
        if let mark {
            newest[slice.step] = Newest(lane: slice.lane, transaction: mark.transaction)
        }
    }

    /// One key was set aside, and is done with.
    mutating func skipKey() {
        committed = advanced(committed, 1)
        sent = committed
    }

    /// Nothing that is in the pipe will commit.
    mutating func rollBack() {
        inFlight = []
        sent = committed
    }

    /// The next lane has to wait.
    mutating func wait(nowSeconds: Double) {
        if waitingSinceSeconds == nil { waitingSinceSeconds = nowSeconds }
    }

    private func advanced(_ place: Place, _ keys: Int) -> Place {
        guard place.slice < slices.count else { return place }
        let first = place.first + keys
        return first >= slices[place.slice].keys
            ? Place(slice: place.slice + 1, first: 0) : Place(slice: place.slice, first: first)
    }
}
