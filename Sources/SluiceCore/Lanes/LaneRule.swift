/// When a process fills its regions in lanes, and in how many.
///
/// Lanes pay only while what one of them leaves behind can be pruned before the next one comes. So
/// regions are begun while the server's horizon is young, and the lanes of one that is under way
/// become one when it turns old.
struct LaneRule: Sendable, Equatable {
    /// A region is begun only while the oldest transaction that anybody still needs the past of
    /// is younger than this, in seconds: about what a lane's sweep over a region takes.
    static let horizonSecondsMax = 0.5
    /// A lane waits so long for the one before it, in seconds, before the rest become one: a few
    /// times what batches of the other workers take, which hold the horizon back themselves.
    static let patienceSeconds = 1.0
    /// The same before a last visit, in seconds: what that prunes the sweep prunes as well.
    static let visitPatienceSeconds = 0.1
    /// How soon a worker asks for the horizon again, in seconds: a tenth of a usual batch.
    static let lookSeconds = 0.005
    /// Slices of a region in each lane: with fewer, what one batch leaves behind is met again
    /// before the batches that ran beside it are over (two: 1 % fewer in-page updates than four,
    /// eight: no more).
    static let stepsOfRegion = 4
    /// Fewest slices of each lane in a small region, and the keys of a slice below which there are
    /// no more: a batch's fixed cost (half a millisecond of processor time, PostgreSQL 15) is that
    /// of some sixty rows.
    static let stepsMin = 2
    static let sliceKeysWorth = 800
    /// Most keys of a slice on average, of lanes that differ in width: so a region's keys, which a
    /// worker keeps in memory, stay below a few MB.
    ///
    /// Batches take parts of it where they are smaller.
    static let sliceKeysMax = 2_500
    /// The same in the order of pages.
    ///
    /// A checkpoint has the pages of each region that is under way written to the log again: of 2 M
    /// rows it was 1.7 GB with 2,500, 1.0 with 800, and 0.9 with 400 and 300, in as much time.
    static let sliceKeysOfPages = 400
    /// Fewest keys of a slice: a region of less would be surveyed more often than it is worth.
    static let sliceKeysMin = 100
    /// The last regions of a run are so much smaller at the least: with less a lane's sweep is
    /// over before what the one before it left can be pruned.
    static let regionsShrink = 5
    /// A region whose in-page share is below this gains nothing (a lane's visits cost as much as
    /// what it saves), and after so many of them in a row a table gets no more lanes.
    static let hotShareMin = 0.4
    static let poorRegionsMax = 3
    /// Where fewer keys than this have a row to change, rows are too few in a page to make room for
    /// each other; and how much a batch counts in it: some ten of them.
    static let matchShareMin = 0.3
    static let matchWeight = 0.1
    /// Moments that are kept while somebody holds the horizon: how old it is beyond some seconds
    /// decides nothing.
    private static let momentsMax = 64

    /// Lanes of each part that is filled in lanes.
    private var lanesOfPart: [Int: LaneShape] = [:]
    private let facts: [Int: LaneFacts]
    private var setting: LaneSetting
    private var poorRegions: [Int: Int] = [:]
    /// What share of a part's keys had a row to change, lately.
    private var matchShares: [Int: Double] = [:]
    private var moments: [Moment] = []
    /// How old the horizon is; `nil` while that is not known, as when it was behind from the start.
    private var horizonSeconds: Double?
    /// The newest horizon that anybody told.
    private(set) var horizon: UInt64 = 0

    /// The next transaction's number at a time.
    private struct Moment: Sendable, Equatable {
        let seconds: Double
        let next: UInt64
    }

    /// Decides for each part by its facts.
    init(facts: [Int: LaneFacts], setting: LaneSetting) {
        self.facts = facts
        self.setting = setting
        decide()
    }

    /// Takes over what the user wants now; what was found to gain nothing may be tried again.
    mutating func set(_ setting: LaneSetting) {
        guard setting != self.setting else { return }
        self.setting = setting
        poorRegions = [:]
        decide()
    }

    private mutating func decide() {
        lanesOfPart = facts.compactMapValues { facts in
            guard case .lanes(let lanes) = LaneChoice.decide(facts, setting) else { return nil }
            return lanes
        }
    }

    /// Whether it is known how old the horizon is.
    var isHorizonKnown: Bool { horizonSeconds != nil }

    /// The parts that are filled in lanes.
    var parts: Set<Int> { Set(lanesOfPart.keys) }

    /// Whether any part is filled in lanes.
    var isEmpty: Bool { lanesOfPart.isEmpty }

    /// Lanes of the next region of a part, in the order of its pages or of keys; `nil` for none.
    func shape(part: Int, isPhysical: Bool = false) -> LaneShape? {
        // Behind the pages a sweep finds only what is left.
        guard facts[part]?.isPhysical == isPhysical, let lanes = lanesOfPart[part],
            let seconds = horizonSeconds,
            seconds <= Self.horizonSecondsMax,
            let share = matchShares[part], share >= Self.matchShareMin
        else { return nil }
        return lanes
    }

    /// Whether lanes wait for a horizon that has just turned old.
    ///
    /// For so long as lanes wait for each other, once, and not where somebody has held it for
    /// longer: each row of a plain batch leaves its page, so that a batch of another worker that
    /// took half a second costs more than the wait, and makes the next ones as long.
    func awaitsHorizon(part: Int, isPhysical: Bool) -> Bool {
        guard facts[part]?.isPhysical == isPhysical, lanesOfPart[part] != nil,
            let seconds = horizonSeconds, let share = matchShares[part],
            share >= Self.matchShareMin
        else { return false }
        return seconds > Self.horizonSecondsMax
            && seconds <= Self.horizonSecondsMax + Self.patienceSeconds
    }

    /// What a worker is to ask for, whose batches have so many keys; `nil` where they size
    /// themselves, and begin small.
    static func request(
        shape: LaneShape, batchKeys: Int?, isPhysical: Bool = false, mergesRest: Bool = false
    ) -> LaneRequest {
        let most = isPhysical ? sliceKeysOfPages : sliceKeysMax
        let slice = min(most, max(sliceKeysMin, batchKeys ?? most))
        return LaneRequest(
            shape: shape, steps: stepsOfRegion, sliceKeys: slice, mergesRest: mergesRest)
    }

    /// Takes in the horizon and the next transaction's number, as a poll shows them.
    mutating func observe(horizon: UInt64, next: UInt64, nowSeconds: Double) {
        saw(horizon: horizon)
        moments.append(Moment(seconds: nowSeconds, next: next))
        if moments.count > Self.momentsMax { moments.remove(at: 1) }
        // The last moment at which it was not yet behind is how old it is.
        while moments.count > 1, moments[1].next <= horizon { moments.removeFirst() }
        let isKnown = moments[0].next <= horizon
        horizonSeconds = isKnown ? nowSeconds - moments[0].seconds : nil
    }

    /// Takes in a horizon that a batch told.
    mutating func saw(horizon: UInt64) { self.horizon = max(self.horizon, horizon) }

    /// Takes in how many of a batch's keys had a row to change.
    mutating func changed(part: Int, keys: Int, rows: Int) {
        guard keys > 0 else { return }
        let share = Double(rows) / Double(keys)
        matchShares[part] = matchShares[part].map { $0 + Self.matchWeight * (share - $0) } ?? share
    }

    /// Takes in what became of a region.
    mutating func finished(part: Int, rows: Int, hotRows: Int) {
        guard rows > 0 else { return }
        let isPoor = Double(hotRows) < Self.hotShareMin * Double(rows)
        let poor = isPoor ? (poorRegions[part] ?? 0) + 1 : 0
        poorRegions[part] = poor
        if poor >= Self.poorRegionsMax { lanesOfPart[part] = nil }
    }
}
