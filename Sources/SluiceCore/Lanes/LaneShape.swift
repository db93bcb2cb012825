/// How wide the lanes of a region are.
///
/// Keys go round in a cycle of slots, about as many as a page has rows, and each lane has the
/// slots from the end of the lane before it to its own: so a page gives every lane its width, and
/// rows of a lane that lie together in the key lie together in the page.
///
/// Rows of the first lane leave their pages, and what they leave is the room that the others have:
/// it holds the new versions of a lane until the old ones are pruned, and what rows grow by for
/// good. So lanes get narrower once everybody has left who is to, and as few rows leave as the
/// last lanes allow. Lanes of equal width leave as much room unused in the beginning as they lack
/// in the end, where a share of their rows leaves as well (PostgreSQL 15, 66 rows a page that grow
/// by eight bytes: 16 equal lanes 16 %, 17 of these 12 %).
public struct LaneShape: Sendable, Equatable {
    /// The slot before which each lane ends; the last of them is the number of slots.
    public let ends: [Int]
    /// Share of the rows that is to leave its page, with what rows grow by; `nil` where widths do
    /// not go by that.
    public let leavingShare: Double?

    /// Describes a shape by the ends of its lanes, which ascend from above zero, and by what share
    /// of rows leaves.
    public init(ends: [Int], leavingShare: Double? = nil) {
        self.ends = ends
        self.leavingShare = leavingShare
    }

    /// So many lanes of about the same width, among at least as many slots.
    public init(uniform lanes: Int, slots: Int? = nil) {
        let lanes = max(1, lanes)
        let slots = max(lanes, slots ?? lanes)
        self.init(ends: (1...lanes).map { $0 * slots / lanes })
    }

    /// How many lanes there are.
    public var count: Int { ends.count }
    /// Slots of a cycle.
    public var slots: Int { ends.last ?? 1 }

    /// Where a lane begins.
    public func begin(_ lane: Int) -> Int { lane > 0 ? ends[lane - 1] : 0 }

    /// Slots of a lane.
    public func width(_ lane: Int) -> Int { ends[lane] - begin(lane) }
}

/// What a page has room for while its rows are changed, in rows as they become.
struct PageRoom: Sendable, Equatable {
    /// Bytes of a page that hold rows and their pointers (8 kB less its header).
    static let pageBytes = 8_168.0
    /// Bytes of a row pointer, of which an old version keeps one until a vacuum.
    static let pointerBytes = 4.0
    /// Free in a full page from the beginning: what is too little for one more row, so a half of
    /// one.
    static let slackRows = 0.5

    /// Most of a page that may be free (no unit): `fillfactor` is 10 at the least.
    static let freeShareMost = 0.9

    /// Bytes of a row with its pointer, as it is.
    let rowBytes: Double
    /// Bytes that it grows by.
    let growthBytes: Double
    /// Free from the beginning, in rows as they become.
    let slack: Double
    /// Room that one row makes by leaving.
    let freed: Double
    /// Room that one row takes for good by staying.
    let taken: Double

    /// For so many rows in a page, each of which grows by so many bytes, and so many bytes beside
    /// them that hold nothing.
    init(rowsPerPage: Double, growthBytes: Double, freeBytes: Double = 0) {
        let free = min(max(0, freeBytes), Self.pageBytes * Self.freeShareMost)
        let row = (Self.pageBytes - free) / max(1, rowsPerPage)
        let growth = max(0, growthBytes)
        rowBytes = row
        self.growthBytes = growth
        slack = max(Self.slackRows, free / (row + growth))
        freed = max(0, row - Self.pointerBytes) / (row + growth)
        taken = (growth + Self.pointerBytes) / (row + growth)
    }
}

extension LaneShape {
    /// What decides about shapes: slots, rows of a page, and what room they make and take.
    struct Page: Sendable, Equatable {
        let slots: Int
        let rowsPerPage: Double
        let room: PageRoom
        /// Most rows that leave in one lane, of all.
        var leavingMostOfLane = LaneShape.leavingMostOfLane
    }

    /// Most rows that leave in one lane, of all, unless few lanes are asked for: as many as find
    /// room in the pages of an index that is built anew (a tenth, its `fillfactor` being 90).
    ///
    /// Entries of more would split its pages before those of the old versions may be deleted: with
    /// 18 % at once the key's index grew by 72 %, with 11 % not at all.
    static let leavingMostOfLane = 0.1

    /// The widths of lanes in which so many slots leave, as early as may be, and as many stay as
    /// there is room for; `nil` where room runs out.
    private static func widths(leaving: Int, _ page: Page) -> [Int]? {
        let most = max(1, Int(page.leavingMostOfLane * Double(page.slots)))
        var filling = PageFilling(page)
        var (rest, toLeave, widths) = (page.slots, leaving, [Int]())
        while rest > 0 {
            let staying = min(rest, filling.room)
            let moving = min(rest - staying, toLeave, most)
            guard staying + moving > 0 else { return nil }
            widths.append(staying + moving)
            rest -= staying + moving
            toLeave -= moving
            filling.add(staying: staying, moving: moving)
        }
        return widths
    }

    private init(widths: [Int], leaving: Int) {
        var end = 0
        let ends = widths.map { width in
            end += width
            return end
        }
        self.init(ends: ends, leavingShare: Double(leaving) / Double(max(1, end)))
    }

    /// The shape that costs a page the least: rows that leave it, and a visit for each lane.
    static func cheapest(
        _ page: Page, lanesMost: Int, moveMicroseconds: Double, visitMicroseconds: Double
    ) -> LaneShape {
        var best: (cost: Double, shape: LaneShape)?
        for leaving in 0..<max(2, page.slots) {
            guard let widths = widths(leaving: leaving, page), widths.count <= lanesMost else {
                continue
            }
            let rows = Double(leaving) / Double(page.slots) * page.rowsPerPage
            let cost = rows * moveMicroseconds + Double(widths.count) * visitMicroseconds
            if cost < best?.cost ?? .infinity {
                best = (cost, LaneShape(widths: widths, leaving: leaving))
            }
        }
        return best?.shape ?? LaneShape(uniform: 2, slots: page.slots)
    }

    /// So many lanes, of which as few rows leave as can be.
    static func fitted(lanes: Int, _ page: Page) -> LaneShape {
        for leaving in 0..<max(2, page.slots) {
            guard var widths = widths(leaving: leaving, page), widths.count <= lanes else {
                continue
            }
            // More than are needed: the widest of those that stay is done in two.
            while widths.count < lanes {
                guard let widest = widths.indices.dropFirst().max(by: { widths[$0] < widths[$1] }),
                    widths[widest] > 1
                else { break }
                let half = widths[widest] / 2
                widths[widest] -= half
                widths.insert(half, at: widest + 1)
            }
            if widths.count == lanes { return LaneShape(widths: widths, leaving: leaving) }
        }
        return LaneShape(uniform: lanes, slots: page.slots)
    }
}
