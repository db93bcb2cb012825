import Testing

@testable import SluiceCore

@Suite struct LaneChoiceTests {
    private func choice(
        _ setting: LaneSetting = .auto, _ change: (inout LaneFacts) -> Void = { _ in }
    ) -> LaneChoice {
        var facts = LaneFacts()
        facts.rowsPerPage = 64
        facts.otherIndexes = 3
        facts.correlation = 1
        facts.canNameRuns = true
        change(&facts)
        return LaneChoice.decide(facts, setting)
    }

    private func count(_ choice: LaneChoice) -> Int? {
        if case .lanes(let shape) = choice { return shape.count }
        return nil
    }

    private func reason(_ choice: LaneChoice) -> String {
        if case .none(let reason) = choice { return reason }
        return ""
    }

    @Test func moreIndexesAreWorthMoreLanes() {
        var last = (lanes: 0, leaving: 1.0)
        for indexes in [0, 1, 3, 6] {
            guard case .lanes(let shape) = choice(.auto, { $0.otherIndexes = indexes }) else {
                Issue.record("no lanes with \(indexes) indexes")
                return
            }
            let leaving = shape.leavingShare ?? 1
            #expect(shape.count >= last.lanes && leaving <= last.leaving)
            last = (shape.count, leaving)
        }
        #expect(last.lanes > 14)
        #expect(count(choice(.auto) { $0.otherIndexes = 0 }) == 14)
        #expect(count(choice()) == 18)
        #expect(count(choice(.auto) { $0.otherIndexes = 20 }) == 18)
        #expect(count(choice(.auto) { $0.rowsPerPage = 7 }) == 7)
        #expect(count(choice(.auto) { $0.rowsPerPage = nil }) == 21)
    }

    @Test func roomInThePagesIsUsed() {
        var leaving: [Double] = []
        for free in [0.0, 1_000, 2_000, 3_000] {
            guard case .lanes(let shape) = choice(.auto, { $0.freePageBytes = free }) else {
                Issue.record("no lanes with \(free) bytes")
                return
            }
            leaving.append(shape.leavingShare ?? 1)
        }
        #expect(leaving == leaving.sorted(by: >) && leaving[0] > 0.08 && leaving[2] == 0)
        // Half of the page and what 64 rows grow by.
        #expect(
            reason(choice(.auto) { $0.freePageBytes = 4_400 })
                == "pages have room for a new version of each of their rows")
        #expect(count(choice(.fixed(3)) { $0.freePageBytes = 4_400 }) == 3)
        var facts = LaneFacts()
        facts.freePageBytes = 3_000
        let sentence = LaneChoice.decide(facts, .auto).sentence(facts)
        #expect(sentence.contains("each finds the room that the one before it left"))
    }

    @Test func aHashSpreadsKeysOverManySlots() {
        #expect(count(choice(.auto) { $0.isHashed = true }) == 22)
        #expect(count(choice(.fixed(31)) { $0.isHashed = true }) == 31)
        #expect(count(choice(.fixed(31))) == 31)
        for hashed in [false, true] {
            guard case .lanes(let shape) = choice(.auto, { $0.isHashed = hashed }) else {
                Issue.record("no lanes")
                return
            }
            #expect(shape.slots == (hashed ? 1_024 : 64))
            let share = shape.leavingShare ?? 0
            #expect(share > 0.08 && share < 0.13)
        }
    }

    /// What a row grows by has to leave, and a person is told how many do.
    @Test func rowsThatGrowMoreLeaveMore() {
        #expect(
            choice(.auto) { $0.growthBytes = 8 }.sentence(LaneFacts()).contains("one row in 9 "))
        let much = choice(.auto) { $0.growthBytes = 60 }
        #expect(much.sentence(LaneFacts()).contains("one row in 3 "))
    }

    @Test func whatStandsInTheWayIsNamed() {
        let touched = choice(.fixed(8)) { $0.indexesInTheWay = ["price_idx"] }
        #expect(reason(touched).contains("price_idx"))
        #expect(reason(touched).contains("after the backfill"))
        #expect(!reason(choice(.fixed(8)) { $0.isUpdate = false }).isEmpty)
        #expect(!reason(choice(.fixed(8)) { $0.isWide = true }).isEmpty)
        #expect(!reason(choice(.fixed(8)) { $0.isDriven = true }).isEmpty)
        #expect(!reason(choice(.fixed(8)) { $0.canBeTold = false }).isEmpty)
        #expect(reason(choice(.fixed(8)) { $0.planProblem = "it reads all" }) == "it reads all")
        #expect(reason(choice(.off)) == "--lanes off")
    }

    @Test func aKeyThatDoesNotFollowThePagesGetsNoneUnlessAskedFor() {
        #expect(reason(choice(.auto) { $0.correlation = -0.35 }).contains("-0.35"))
        #expect(count(choice(.auto) { $0.correlation = -0.99 }) == 18)
        #expect(count(choice(.auto) { $0.correlation = nil }) == 18)
        #expect(count(choice(.fixed(8)) { $0.correlation = 0 }) == 8)
        #expect(!reason(choice(.auto) { $0.rowsPerPage = 2 }).isEmpty)
    }

    /// More than half of a page's 291 row pointers are in use.
    @Test func shortRowsGetLanesOnlyForOtherIndexes() {
        func short(_ rows: Double, indexes: Int, _ setting: LaneSetting = .auto) -> LaneChoice {
            choice(setting) {
                $0.rowsPerPage = rows
                $0.otherIndexes = indexes
            }
        }
        #expect(reason(short(146, indexes: 0)).contains("146 rows"))
        for lanes in [short(145, indexes: 0), short(200, indexes: 1)] {
            guard case .lanes = lanes else {
                Issue.record("\(lanes)")
                continue
            }
        }
        #expect(count(short(200, indexes: 0, .fixed(8))) == 8)
    }

    /// There a lane is told by a row's place in its page, and the key's nature says nothing.
    @Test func pagesNeedNothingOfTheirKey() {
        let pages = { (facts: inout LaneFacts) in
            facts.isPhysical = true
            facts.correlation = 0
            facts.canBeTold = false
        }
        func lanes(
            rows: Double, indexes: Int = 0, growth: Double = 8, _ setting: LaneSetting = .auto
        ) -> LaneShape? {
            let choice = choice(setting) {
                pages(&$0)
                $0.isHashed = true
                $0.rowsPerPage = rows
                $0.growthBytes = growth
                $0.otherIndexes = indexes
            }
            if case .lanes(let shape) = choice { return shape }
            return nil
        }
        // A page's rows are its slots, whatever the key is.
        #expect(lanes(rows: 62)?.count == 11 && lanes(rows: 62)?.slots == 62)
        #expect(lanes(rows: 62)?.width(0) == 9)
        #expect(lanes(rows: 15)?.count == 11)
        // Each row that leaves costs more, so that fewer do, and rows that grow need room.
        let (few, many) = (lanes(rows: 62, indexes: 3), lanes(rows: 62, growth: 60))
        #expect(few?.leavingShare ?? 1 < lanes(rows: 62)?.leavingShare ?? 0)
        #expect((0.3...0.4).contains(many?.leavingShare ?? 0))
        #expect(lanes(rows: 62, .fixed(31))?.count == 31)
        #expect(lanes(rows: 62, .fixed(5))?.count == 5)
        let problem = choice(.auto) {
            pages(&$0)
            $0.planProblem = "it reads all"
        }
        #expect(reason(problem) == "it reads all")
    }

    @Test func settingsAreReadAsTheyAreWritten() {
        for setting in [LaneSetting.off, .auto, .fixed(2), .fixed(64)] {
            #expect(LaneSetting(text: setting.text) == setting)
        }
        #expect(LaneSetting(text: "1") == nil)
        #expect(LaneSetting(text: "65") == nil)
        #expect(LaneSetting(text: "on") == nil)
    }
}
