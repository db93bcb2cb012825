/// What decides whether a table is filled in lanes, and in how many.
public struct LaneFacts: Sendable, Equatable {
    /// Whether the job is an update in place; other kinds write no new version of a row.
    public var isUpdate = true
    /// Indexes in which a column that is assigned stands, or an expression or a predicate over it:
    /// each update then writes all indexes anew, wherever there is room.
    public var indexesInTheWay: [String] = []
    /// Indexes beside the key's.
    public var otherIndexes = 0
    /// Rows in a page, by the statistics; `nil` where they know nothing.
    ///
    /// With what each of them grows by, it decides how wide lanes are.
    public var rowsPerPage: Double?
    /// Bytes that a row grows by with what is assigned, by the columns' types and statistics.
    public var growthBytes = 8.0
    /// Bytes of a page that hold no row, as a probe found them; 0 where nobody looked.
    public var freePageBytes = 0.0
    /// How far the key's order is that of the pages, from -1 to 1; `nil` where that is not known.
    public var correlation: Double?
    /// Whether what is set may be stored out of line: then bytes bound batches.
    public var isWide = false
    /// Whether a partial index drives the scan.
    public var isDriven = false
    /// Whether the key's values can be told into lanes at all.
    public var canBeTold = true
    /// What is wrong with the plan of a lane's batch, in words; `nil` where that is sound.
    public var planProblem: String?
    /// Whether lanes are told by a hash of the key.
    public var isHashed = false
    /// Whether a batch of whole numbers may name the ends of their runs in place of each.
    public var canNameRuns = false

    /// Whether its rows are visited in the order of its pages.
    public var isPhysical = false

    /// Facts of a table that nothing stands in the way of.
    public init() {}
}

/// Whether a table is filled in lanes.
public enum LaneChoice: Sendable, Equatable {
    /// In these.
    case lanes(LaneShape)
    /// Not, and why, in words.
    case none(String)

    /// What a row costs that leaves its page, beyond one that stays, in microseconds: for itself
    /// and for each further index.
    ///
    /// Measured (PostgreSQL 15): a single UPDATE of 1 M rows took 4 µs a row with the primary key
    /// alone and 18 µs with three more indexes, an update in place 2 µs.
    static let moveMicroseconds = 2.0
    static let indexMicroseconds = 4.6
    /// What a lane's visit to a page costs beside its rows, in microseconds: finding and pruning.
    ///
    /// From the same runs: 8, 16, 24 and 32 lanes are within a tenth of each other at 60 rows.
    /// Where batches name runs of keys, 12 lanes took a tenth less than 9 with the key's index only
    /// (66 rows a page), and 13 to 25 the same with three more.
    static func visitMicroseconds(namesRuns: Bool) -> Double { namesRuns ? 1.0 : 1.6 }
    /// Below this the neighbours of a key lie in other pages, and a region is no set of pages.
    package static let correlationMin = 0.9
    /// With fewer rows in a page there is no room to make by moving some of them.
    static let rowsPerPageMin = 3.0
    /// Row pointers that a page of 8 kB holds (`MaxHeapTuplesPerPage`): an old version's stays
    /// until a vacuum, so that with more than half of them in use not every row finds one.
    static let pointersMost = 291.0
    /// Taken where statistics know nothing.
    public static let rowsPerPageUnknown = 60.0
    /// Most lanes chosen: more gained nothing in any measurement.
    static let lanesMost = 32

    /// Decides.
    public static func decide(_ facts: LaneFacts, _ setting: LaneSetting) -> LaneChoice {
        if setting == .off { return .none("--lanes off") }
        if let obstacle = obstacle(facts) { return .none(obstacle) }
        if case .fixed(let lanes) = setting {
            return .lanes(shape(facts, lanes: lanes))
        }
        if let reason = objection(facts) { return .none(reason) }
        return .lanes(shape(facts))
    }

    /// What it means, for a person.
    public func sentence(_ facts: LaneFacts) -> String {
        switch self {
        case .lanes(let lanes):
            let indexes =
                switch facts.otherIndexes {
                case 0: "the key's index"
                case 1: "both indexes"
                default: "all \(facts.otherIndexes + 1) indexes"
                }
            let share = lanes.leavingShare ?? 1 / Double(lanes.count)
            guard share > 0 else {
                return "\(lanes.count) lanes: each finds the room that the one before it left, and "
                    + "leaves \(indexes) alone"
            }
            let leaving = Int((1 / share).rounded())
            return "\(lanes.count) lanes: about one row in \(leaving) leaves its page, and the "
                + "others find room there and leave \(indexes) alone"
        case .none(let reason): return "plain batches: \(reason)"
        }
    }

    /// What makes lanes impossible, or without any effect.
    private static func obstacle(_ facts: LaneFacts) -> String? {
        if !facts.isUpdate { return "only updates leave room behind in their pages" }
        if !facts.indexesInTheWay.isEmpty {
            let names = facts.indexesInTheWay.joined(separator: ", ")
            return "a column that is set is indexed by \(names), so that each update writes every "
                + "index: create that index after the backfill"
        }
        if facts.isWide { return "what is set may be stored out of line" }
        // In the order of pages a lane needs no key that can be told into it.
        if facts.isPhysical { return facts.planProblem }
        if facts.isDriven { return "a partial index drives the scan" }
        if !facts.canBeTold {
            return "keys of this type are an array, or have no hash, and cannot be told into lanes"
        }
        return facts.planProblem
    }

    /// Why lanes would not pay.
    private static func objection(_ facts: LaneFacts) -> String? {
        if !facts.isPhysical, let correlation = facts.correlation, abs(correlation) < correlationMin
        {
            return "the key does not follow the table's pages (correlation "
                + "\(Double(Int(correlation * 100)) / 100))"
        }
        if let rows = facts.rowsPerPage, rows < rowsPerPageMin {
            return "a page holds only \(Int(rows)) rows"
        }
        let rows = facts.rowsPerPage ?? rowsPerPageUnknown
        if room(facts, rows: rows).slack >= rows {
            return "pages have room for a new version of each of their rows"
        }
        // Measured: with 185 rows a page and the key's index alone 57 % of them stayed in place,
        // and lanes took 1.2 to 1.8 times as long as plain batches.
        if facts.otherIndexes == 0, let rows = facts.rowsPerPage, rows > pointersMost / 2 {
            return "a page holds \(Int(rows)) rows, whose versions would run out of its "
                + "\(Int(pointersMost)) row pointers, and there is only the key's index to spare"
        }
        return nil
    }

    /// Slots among which a hash spreads keys: so many that the width of a lane is that of its share
    /// within a percent.
    private static let slotsOfHash = 1_024
    /// What a lane's visit to a page costs in the order of pages, in microseconds: it counts the
    /// page's rows and looks for some of them.
    ///
    /// With 62 rows a page and the key's index only 9, 10, 12 and 14 lanes took the same time
    /// within their scatter (PostgreSQL 15, 2 M rows), and 16 a fifth more; 10 wrote the least.
    static let visitMicrosecondsOfPages = 2.0
    /// Most rows that leave in one lane there, of all: they are those with the smallest keys of
    /// each page, whose entries lie together in the key's index whatever the lane.
    static let leavingMostOfPages = 0.16

    /// The lanes of a table: so many, or those that cost a page the least.
    private static func shape(_ facts: LaneFacts, lanes: Int? = nil) -> LaneShape {
        let rows = facts.rowsPerPage ?? rowsPerPageUnknown
        let move = moveMicroseconds + indexMicroseconds * Double(facts.otherIndexes)
        let slots =
            facts.isHashed && !facts.isPhysical
            ? slotsOfHash : min(Int(pointersMost), max(2, Int(rows.rounded())))
        let page = page(facts, slots: max(slots, lanes ?? 0))
        if let lanes { return .fitted(lanes: lanes, page) }
        let shape = LaneShape.cheapest(
            page, lanesMost: lanesMost, moveMicroseconds: move,
            visitMicroseconds: facts.isPhysical
                ? visitMicrosecondsOfPages : visitMicroseconds(namesRuns: facts.canNameRuns))
        return facts.isPhysical ? PageVisit.shape(shape, facts, lanesMost: lanesMost) : shape
    }

    /// What decides about shapes among so many slots.
    static func page(_ facts: LaneFacts, slots: Int) -> LaneShape.Page {
        let rows = facts.rowsPerPage ?? rowsPerPageUnknown
        return LaneShape.Page(
            slots: slots, rowsPerPage: rows, room: room(facts, rows: rows),
            leavingMostOfLane: facts.isPhysical
                ? leavingMostOfPages : LaneShape.leavingMostOfLane)
    }

    private static func room(_ facts: LaneFacts, rows: Double) -> PageRoom {
        PageRoom(
            rowsPerPage: rows, growthBytes: facts.growthBytes, freeBytes: facts.freePageBytes)
    }
}
