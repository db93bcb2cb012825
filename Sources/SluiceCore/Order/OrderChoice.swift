/// What decides in which order the rows of a table are visited.
public struct OrderFacts: Sendable, Equatable {
    /// Whether the job is an update in place.
    public var isUpdate = true
    /// Whether a predicate says which rows remain.
    public var hasPredicate = false
    /// Whether the server can scan a part of a table by its pages, as it can from 14 on.
    public var scansPages = true
    /// Whether rows are stored out of line: then bytes bound their batches.
    public var isWide = false
    /// Whether a partial index drives the scan.
    public var isDriven = false
    /// What is wrong with the plan of a batch of pages, in words; `nil` where that is sound.
    public var planProblem: String?
    /// How far the key's order is that of the pages, from -1 to 1; `nil` where that is not known.
    public var correlation: Double?
    /// Whether a page has keys from all over the table; `nil` where that is not known.
    public var isScattered: Bool?
    /// What lanes of pages would be decided from.
    public var laneFacts = LaneFacts()
    /// The lanes that the user wants.
    public var lanes = LaneSetting.auto
    /// The table's pages.
    public var pages = 0
    /// Rows in a page, by the statistics; `nil` where they know nothing.
    public var rowsPerPage: Double?
    /// What the server is set to.
    public var server = ServerFacts()

    /// Facts of an empty table.
    public init() {}

    /// Whether pages would be visited in lanes, as ``LaneChoice`` decides.
    var hasLanes: Bool {
        var facts = laneFacts
        facts.isPhysical = true
        facts.rowsPerPage = rowsPerPage
        guard case .lanes = LaneChoice.decide(facts, lanes) else { return false }
        return true
    }
}

/// In which order the rows of a table are visited.
public enum OrderChoice: Sendable, Equatable {
    /// In that of the pages.
    case physical(String)
    /// In that of the key, and why, in words.
    case key(String)
    /// Asked for, and not possible.
    case refused(String)

    /// Below this the neighbours of a key lie all over the table; between this and one, ranges of
    /// keys are sets of pages with others among them.
    package static let correlationMax = 0.5
    /// Decides.
    public static func decide(_ facts: OrderFacts, _ setting: OrderSetting) -> OrderChoice {
        if setting == .key { return .key("--order key") }
        if let obstacle = obstacle(facts) {
            return setting == .physical ? .refused(obstacle) : .key(obstacle)
        }
        if setting == .physical { return .physical("--order physical") }
        guard let correlation = facts.correlation else {
            return .key("nothing is known of how the key lies in the table's pages")
        }
        if abs(correlation) >= correlationMax {
            return .key("the key follows the table's pages")
        }
        if facts.isScattered == false {
            return .key("rows of a page have keys near each other")
        }
        let tableBytes = Double(facts.pages) * facts.server.pageBytes
        if facts.server.cacheBytes > 0, tableBytes > facts.server.cacheBytes {
            return .physical(
                "the table is larger than the server's cache, and its keys lie all "
                    + "over it")
        }
        guard facts.hasLanes else {
            // Each row leaves its page then, and gets an entry in any page of the key's index: as
            // much is read and written as with the pages of the table in key order.
            return .key(
                "no lanes can be told in the table's pages, and the server's cache holds it")
        }
        // Measured (2 M random keys, 62 rows a page): with the key's index only 1.3 to 1.6 times
        // the rate of key order and 0.33 to 0.41 of its log under frequent checkpoints. With three
        // more it was 1.07 and 1.18, and without a checkpoint 0.9 to 1.2 and 0.91.
        guard facts.laneFacts.otherIndexes == 0 else {
            return .key(
                "there are other indexes, all over which rows have entries in either order, and "
                    + "the server's cache holds the table")
        }
        return .physical(
            "the table's keys lie all over its pages, each of which is read and written "
                + "again and again in their order")
    }

    /// What it means, for a person.
    public var sentence: String {
        switch self {
        case .physical(let reason):
            "by the table's pages, then by key if a look at all rows finds some left: \(reason)"
        case .key(let reason): "by key: \(reason)"
        case .refused(let reason): "--order physical is not possible: \(reason)"
        }
    }

    private static func obstacle(_ facts: OrderFacts) -> String? {
        if !facts.isUpdate { return "only an update goes by pages" }
        if !facts.hasPredicate {
            return "there is no --where that says which rows remain, and rows that move would be "
                + "changed twice or never"
        }
        if !facts.scansPages { return "the server scans a part of a table's pages from 14 on" }
        if facts.isWide { return "rows are stored out of line, and their bytes bound a batch" }
        if facts.isDriven { return "a partial index drives the scan" }
        return facts.planProblem
    }
}
