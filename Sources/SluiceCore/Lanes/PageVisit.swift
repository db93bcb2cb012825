/// Which rows of a page a lane's visit changes, where rows are visited in the order of their pages.
///
/// As many as there is room for, which the visit counts in each page, and in the first lanes some
/// more, which leave. A lane that was told by a row's key or place had its share of a page by
/// chance (12 rows of 62 give or take 3), so that a quarter of all rows found no room in the end,
/// and had entries all over the indexes.
public struct PageVisit: Sendable, Equatable {
    /// Share of a page's rows that is to leave, beside those that there is room for (no unit).
    public let leavingShare: Double
    /// Share of a page's rows that has left before.
    let movedShare: Double
    /// Bytes of a page for rows and their pointers.
    let pageBytes = PageRoom.pageBytes
    /// What each of a page's rows has taken of it by now with its growth and the pointers that are
    /// left, in bytes.
    let takenBytes: Double
    /// Bytes that a page's rows had in all before the first visit.
    let filledBytes: Double
    /// What a row may have had with its pointer, in bytes: as many as a page's own rows had on
    /// average, who filled it, within these.
    let rowBytes: ClosedRange<Double>
    /// Bytes that a row grows by.
    let growthBytes: Double

    /// How much a page's rows may be longer and shorter on average than those of all pages (no
    /// unit), where pages are full: one that holds fewer rows than its share is taken to have had
    /// room from the beginning.
    private static let longerMost = 1.25
    private static let shorterMost = 0.5
    /// Pages with room for more rows than this are not full: how many rows one has says nothing of
    /// how long they are there.
    private static let slackRowsMost = 1.5

    /// Rows that a visit takes less than there is room for, on average (no unit): it takes whole
    /// ones.
    private static let rest = 0.5

    /// Rows of a page that may be left behind the lanes on average (no unit).
    ///
    /// The last visit changes them, and what it leaves is pruned by whoever comes next, which
    /// writes the page once more.
    private static let leftMost = 0.25

    /// What a sum of shares of slots may lack to a whole one.
    private static let whole = 1e-6

    /// What each lane of a shape changes in a page of a table.
    ///
    /// A row that stayed has grown, and has a second pointer; one that left leaves its pointer. Of
    /// both a page is taken to have as many as such visits leave on average: one that has lost more
    /// rows has the more room, which its visit counts.
    public static func visits(_ shape: LaneShape, _ facts: LaneFacts) -> [PageVisit] {
        let page = LaneChoice.page(facts, slots: shape.slots)
        var filling = PageFilling(page)
        var course = Course(page)
        return (0..<shape.count).map { lane in
            // The end of a lane that goes by what visits come to is a whole slot.
            let (width, room) = (shape.width(lane), filling.room)
            let leaving = width > room + (lane > 0 ? 1 : 0) ? width - room : 0
            filling.add(staying: width - leaving, moving: leaving)
            return course.visit(leavingShare: Double(leaving) / Double(max(1, page.slots)))
        }
    }

    /// The shape whose lanes end where such visits come to, with as many more as the rows take that
    /// are left because visits take whole ones.
    static func shape(_ planned: LaneShape, _ facts: LaneFacts, lanesMost: Int) -> LaneShape {
        let page = LaneChoice.page(facts, slots: planned.slots)
        let leaving = visits(planned, facts).map(\.leavingShare)
        var course = Course(page)
        var ends: [Int] = []
        while ends.count < lanesMost, (ends.last ?? 0) < page.slots {
            _ = course.visit(leavingShare: ends.count < leaving.count ? leaving[ends.count] : 0)
            let isLast = course.left * page.rowsPerPage < leftMost
            let done = Int((1 - course.left) * Double(page.slots) + whole)
            ends.append(isLast ? page.slots : min(page.slots, max(done, (ends.last ?? 0) + 1)))
        }
        ends[ends.count - 1] = page.slots
        return LaneShape(ends: ends, leavingShare: planned.leavingShare)
    }

    /// How a page's rows are changed, one visit after the other, as shares of them.
    private struct Course {
        let page: LaneShape.Page
        private var (stayed, moved) = (0.0, 0.0)

        init(_ page: LaneShape.Page) { self.page = page }

        /// Rows that are not changed yet.
        var left: Double { 1 - stayed - moved }

        /// The next visit.
        mutating func visit(leavingShare: Double) -> PageVisit {
            let (rows, room) = (page.rowsPerPage, page.room)
            let visit = PageVisit(
                leavingShare: leavingShare, movedShare: moved,
                takenBytes: stayed * (room.growthBytes + PageRoom.pointerBytes)
                    + moved * PageRoom.pointerBytes,
                filledBytes: room.rowBytes * rows,
                rowBytes: room.slack > slackRowsMost
                    ? room.rowBytes...room.rowBytes
                    : room.rowBytes * shorterMost...room.rowBytes * longerMost,
                growthBytes: room.growthBytes)
            let staying = max(0, visit.room(rows: rows * (1 - moved)) - rest) / rows
            stayed += min(left, staying)
            moved += min(left, leavingShare)
            return visit
        }
    }

    /// Share of a page's rows that has not left.
    private var leftShare: Double { max(Self.leftLeast, 1 - movedShare) }

    /// Rows that a page had which has so many now.
    private func before(rows: Double) -> Double { rows / leftShare }

    /// What the statement takes, in its order: which share leaves, which is left, a page's bytes,
    /// those taken and those filled, those of a row at the least and at the most, and its growth.
    public var numbers: [Double] {
        [
            leavingShare, leftShare, pageBytes, takenBytes, filledBytes, rowBytes.lowerBound,
            rowBytes.upperBound, growthBytes,
        ]
    }

    /// The same share at the least is taken to be left (no unit): nothing is divided by none.
    private static let leftLeast = 0.01

    /// Rows that there is room for in a page that has so many, as the statement reckons it.
    func room(rows: Double) -> Double {
        let before = before(rows: rows)
        let bytes = min(
            rowBytes.upperBound, max(rowBytes.lowerBound, filledBytes / max(1, before)))
        return (pageBytes - before * takenBytes - rows * bytes) / (bytes + growthBytes)
    }

    /// Rows that leave it.
    func leaving(rows: Double) -> Int { Int((before(rows: rows) * leavingShare).rounded()) }
}

/// A page while its lanes are changed one after the other, in slots.
struct PageFilling: Sendable {
    private let page: LaneShape.Page
    /// Slots whose rows have their new version in the page, and slots whose rows have left.
    private(set) var stayed = 0
    private(set) var moved = 0

    init(_ page: LaneShape.Page) { self.page = page }

    /// How many more find room, once what the lanes before them left is pruned.
    var room: Int {
        // The first rows of all find none where what is free at first is less than a row.
        if stayed + moved == 0, page.room.slack < 1 { return 0 }
        let free = page.room.slack * Double(page.slots) / max(1, page.rowsPerPage)
        return max(
            0, Int(free + Double(moved) * page.room.freed - Double(stayed) * page.room.taken))
    }

    /// A lane is changed.
    mutating func add(staying: Int, moving: Int) {
        stayed += staying
        moved += moving
    }
}
