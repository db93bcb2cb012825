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

    /// Slices in the order of their visits.
    let slices: [Slice]
    /// Lanes of the region; 0 where those that were left are one.
    let lanes: Int
    /// How far the region was: its lane, and the page before which that was done.
    private let beginning: (lane: Int, page: Int?)

    /// None.
    init() {
        slices = []
        lanes = 0
        beginning = (0, nil)
    }

    /// Tells the pages `[first, end)` into slices, a lane after the other and each in steps.
    ///
    /// What a lane has done lies before `page`; where the lanes from `lane` on are one, that one
    /// visits all pages again.
    init(
        first: Int, end: Int, lanes: Int, steps: Int, rowsPerPage: Double, isMerged: Bool,
        lane: Int, page: Int?
    ) {
        beginning = (lane, page)
        self.lanes = isMerged ? 0 : lanes
        let stepPages = max(1, (end - first + steps - 1) / steps)
        var slices: [Slice] = []
        for current in lane..<(isMerged ? lane + 1 : max(lane + 1, lanes)) {
            // One lane's share of a page, or that of all lanes that are left.
            let share = Double(isMerged ? max(1, lanes - lane) : 1) / Double(max(1, lanes))
            let done = current == lane ? page ?? first : first
            for step in 0..<steps {
                let from = max(done, first + step * stepPages)
                let to = min(end, first + (step + 1) * stepPages)
                guard from < to else { continue }
                let keys = max(1, Int(Double(to - from) * rowsPerPage * share))
                slices.append(
                    Slice(
                        slice: LaneSlice(lane: current, step: step, keys: keys), first: from,
                        end: to))
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
}
