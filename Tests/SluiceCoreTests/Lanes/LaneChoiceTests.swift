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
        change(&facts)
        return LaneChoice.decide(facts, setting)
    }

    private func reason(_ choice: LaneChoice) -> String {
        if case .none(let reason) = choice { return reason }
        return ""
    }

    @Test func moreIndexesAreWorthMoreLanes() {
        var last = 0
        for indexes in [0, 1, 3, 6] {
            guard case .lanes(let lanes) = choice(.auto, { $0.otherIndexes = indexes }) else {
                Issue.record("no lanes with \(indexes) indexes")
                return
            }
            #expect(lanes > last)
            last = lanes
        }
        #expect(choice(.auto) { $0.otherIndexes = 0 } == .lanes(9))
        #expect(choice() == .lanes(25))
        #expect(choice(.auto) { $0.otherIndexes = 20 } == .lanes(32))
        #expect(choice(.auto) { $0.rowsPerPage = 7 } == .lanes(7))
        #expect(choice(.auto) { $0.rowsPerPage = nil } == .lanes(24))
    }

    @Test func aHashTakesAPowerOfTwo() {
        #expect(choice(.auto) { $0.isHashed = true } == .lanes(16))
        #expect(choice(.fixed(31)) { $0.isHashed = true } == .lanes(16))
        #expect(choice(.fixed(32)) { $0.isHashed = true } == .lanes(32))
        #expect(choice(.fixed(31)) == .lanes(31))
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
        #expect(choice(.auto) { $0.correlation = -0.99 } == .lanes(25))
        #expect(choice(.auto) { $0.correlation = nil } == .lanes(25))
        #expect(choice(.fixed(8)) { $0.correlation = 0 } == .lanes(8))
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
        #expect(short(200, indexes: 0, .fixed(8)) == .lanes(8))
    }

    /// There a lane is told by a row's place in its page, and the key's nature says nothing.
    @Test func pagesNeedNothingOfTheirKey() {
        let pages = { (facts: inout LaneFacts) in
            facts.isPhysical = true
            facts.correlation = 0
            facts.canBeTold = false
        }
        #expect(choice(.auto, pages) == .lanes(16))
        #expect(choice(.fixed(31), pages) == .lanes(16))
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
