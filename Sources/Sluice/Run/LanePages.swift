import SluiceCore

/// The pages of a region that a worker fills in lanes.
struct LanePages: Sendable {
    /// Pages of one slice, `[first, end)`.
    struct Slice: Sendable, Equatable {
        let slice: LaneSlice
        let first: Int
        let end: Int

        /// The page before which so many of the slice's keys are taken to end.
        func page(after keys: Int) -> Int {
            first + (end - first) * keys / max(1, slice.keys)
        }
    }

    /// What a last visit's batch is sized for, as a share of its pages' rows (no unit): it finds
    /// next to none.
    static let lastVisitShare = 1.0 / 32

    /// Slices in the order of their visits.
    let slices: [Slice]
    /// The lanes of the region.
    let shape: LaneShape
    /// Whether those that were left are one.
    let isMerged: Bool
    /// What each lane changes in a page.
    private let visits: [PageVisit]
    /// How far the region was: its lane, and the page before which that was done.
    private let beginning: (lane: Int, page: Int?)

    /// None.
    init() {
        slices = []
        shape = LaneShape(uniform: 1)
        isMerged = false
        visits = []
        beginning = (0, nil)
    }

    /// Tells the pages `[first, end)` into slices, a lane after the other and each in steps.
    ///
    /// What a lane has done lies before `page`; where the lanes from `lane` on are one, that one
    /// visits all pages again.
    init(
        first: Int, end: Int, shape: LaneShape, visits: [PageVisit], steps: Int,
        rowsPerPage: Double, isMerged: Bool,
        lane: Int, page: Int?
    ) {
        beginning = (lane, page)
        self.shape = shape
        self.isMerged = isMerged
        self.visits = visits
        let stepPages = max(1, (end - first + steps - 1) / steps)
        var slices: [Slice] = []
        // Behind the lanes comes a last visit.
        for current in lane..<(isMerged ? lane + 1 : max(lane, shape.count) + 1) {
            // One lane's share of a page, or that of all lanes that are left.
            let last = isMerged ? shape.count - 1 : current
            let slots = last < shape.count ? shape.ends[last] - shape.begin(current) : 0
            let share = max(Self.lastVisitShare, Double(slots) / Double(max(1, shape.slots)))
            let done = current == lane ? page ?? first : first
            for step in 0..<steps {
                let from = max(done, first + step * stepPages)
                let to = min(end, first + (step + 1) * stepPages)
                guard from < to else { continue }
                let keys = max(1, Int(Double(to - from) * rowsPerPage * share))
                slices.append(
                    Slice(
                        slice: LaneSlice(
                            lane: current, step: step, keys: keys,
                            isLastVisit: !isMerged && current >= shape.count),
                        first: from, end: to))
            }
        }
        self.slices = slices
    }

    /// The lane and the page at which the region stands before a batch.
    func place(before batch: LaneBatch) -> (lane: Int, page: Int?) {
        let slice = slices[batch.slice]
        if batch.first > 0 { return (slice.slice.lane, slice.page(after: batch.first)) }
        guard batch.slice > 0 else { return beginning }
        return (slices[batch.slice - 1].slice.lane, slices[batch.slice - 1].end)
    }

    /// The pages of a batch, `[first, end)`.
    func pages(_ batch: LaneBatch) -> (first: Int, end: Int) {
        let slice = slices[batch.slice]
        return (
            slice.page(after: batch.first), slice.page(after: batch.first + batch.keys)
        )
    }

    /// Which rows of each page a batch changes; `nil` for all that are left.
    func visit(_ batch: LaneBatch) -> PageVisit? {
        let lane = slices[batch.slice].slice.lane
        return isMerged || lane >= visits.count ? nil : visits[lane]
    }
}
