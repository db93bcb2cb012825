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
    /// Keys that part the rows into about equal shares, where a page has keys from all over the
    /// table; none where its keys lie near each other, and `nil` where that is not known.
    public var keyBounds: [String]?
    /// Indexes beside the key's.
    public var otherIndexes = 0
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

    /// Whether lanes would be stretches of the key there, as ``LaneChoice`` decides.
    var hasLanesOfKeys: Bool {
        var facts = LaneFacts()
        facts.isPhysical = true
        facts.rowsPerPage = rowsPerPage
        facts.otherIndexes = otherIndexes
        facts.keyBounds = keyBounds ?? []
        guard case .lanes(let shape) = LaneChoice.decide(facts, lanes) else { return false }
        return shape.isOfKeys
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
    static let correlationMax = 0.5
    /// The log that key order writes must be so many times that of the pages' order.
    ///
    /// What is reckoned as 2.9 times was measured as 1.4 (2 M rows of 0.5 kB, lanes by place): the
    /// sweep reads each row once more.
    static let gainMin = 2.0
    /// The same where lanes are stretches of the key: what is reckoned as 1.8 times was measured as
    /// 1.2, in nine tenths of the time, and what is reckoned as 0.8, without a checkpoint, took a
    /// fourteenth less as well; but tables grow by a quarter, and by a sixth in key order.
    static let gainMinOfKeys = 1.5
    /// What a changed row writes to the log beside images of pages, in bytes: its new version, and
    /// an entry or two in indexes (80 to 250 bytes were measured, for rows of 60 to 200).
    static let rowBytes = 150.0
    /// Rows in a second that a table is taken to be filled with when checkpoints go by time: what
    /// two cores and three indexes gave in key order.
    static let rowsPerSecond = 50_000.0

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
        if facts.keyBounds?.isEmpty == true {
            return .key("rows of a page have keys near each other")
        }
        let tableBytes = Double(facts.pages) * facts.server.pageBytes
        if facts.server.cacheBytes > 0, tableBytes > facts.server.cacheBytes {
            return .physical(
                "the table is larger than the server's cache, and its keys lie all "
                    + "over it")
        }
        // Where other indexes would get entries of the rows that leave, that cost a sixth.
        if facts.hasLanesOfKeys, facts.server.bufferBytes > 0, tableBytes > facts.server.bufferBytes
        {
            return .physical(
                "the table is larger than shared_buffers, and its keys lie all over it")
        }
        let gain = logGain(facts)
        guard gain >= (facts.hasLanesOfKeys ? gainMinOfKeys : gainMin) else {
            return .key(
                "the table is changed between few checkpoints, so that its pages are "
                    + "written to the log about once in either order")
        }
        return .physical(
            "in key order pages would be written to the log again after each "
                + "checkpoint, about \(Int(gain.rounded())) times as much in all")
    }

    /// What it means, for a person.
    public var sentence: String {
        switch self {
        case .physical(let reason):
            "by the table's pages, then a sweep in key order for what moved meanwhile: \(reason)"
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

    /// How many times the log of the pages' order key order writes.
    ///
    /// Between two checkpoints a page gets `x` changes, of which the first one writes the page:
    /// with changes all over the table `(1 - e⁻ˣ)` of its pages get one (Poisson). The log of that
    /// time is `pages · (page · (1 - e⁻ˣ) + row · x)`, which is as much as a checkpoint takes; so
    /// `x` is found by halving, and with it the log of a row. In the order of pages each is written
    /// once; but rows that leave their page get entries all over the key's index, whose pages are
    /// written as those of the table were, or where lanes are stretches of the key, all but a few
    /// of them in one such stretch.
    static func logGain(_ facts: OrderFacts) -> Double {
        let server = facts.server
        guard server.fullPageWrites, facts.pages > 0, server.checkpointBytes > 0 else { return 1 }
        let rows = max(1, facts.rowsPerPage ?? LaneChoice.rowsPerPageUnknown)
        let (page, pages) = (server.pageBytes, Double(facts.pages))
        /// Of images, for one change, where each page gets so many.
        func imageBytes(_ changes: Double) -> Double {
            changes > 0 ? page * (1 - Exponential.exp(-changes)) / changes : page
        }
        func written(_ changes: Double) -> Double { (imageBytes(changes) + rowBytes) * changes }
        var most = rows
        if server.checkpointSeconds > 0 {
            most = min(most, rowsPerSecond * server.checkpointSeconds / pages)
        }
        let budget = server.checkpointBytes / pages
        var changes = most
        if written(most) > budget {
            var (low, high) = (0.0, most)
            for _ in 0..<halvings {
                let middle = (low + high) / 2
                if written(middle) > budget { high = middle } else { low = middle }
            }
            changes = high
        }
        changes = min(rows, max(changes, rowsOfCheckpointMin / pages))
        let entries = changes * entriesOfPage / rows
        let leaving =
            facts.hasLanesOfKeys
            ? LaneShape.leavingShareOfKeys * imageBytes(entries)
                + LaneShape.strayShareOfKeys * imageBytes(LaneShape.strayShareOfKeys * entries)
            : leavingShare * imageBytes(leavingShare * entries)
        let byPages = page / rows + rowBytes + leaving
        return (imageBytes(changes) + rowBytes) / byPages
    }

    /// Rows that are changed while a checkpoint is under way, however little log brings it about:
    /// it writes and flushes for seconds (2 M rows under a `max_wal_size` of 48 MB met eight).
    static let rowsOfCheckpointMin = 250_000.0
    /// Share of rows that leave their page in lanes: a lane's, and those that no room is left for.
    static let leavingShare = 0.25
    /// Entries of a random key in a page of its index, two thirds full.
    static let entriesOfPage = 100.0

    /// Halvings of an interval of some hundred: a millionth of one change.
    private static let halvings = 40
}
