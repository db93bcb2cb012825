import Testing

@testable import SluiceCore

@Suite struct LaneRuleTests {
    private func rule(_ setting: LaneSetting = .fixed(8)) -> LaneRule {
        var rule = LaneRule(facts: [1: LaneFacts()], setting: setting)
        rule.changed(part: 1, keys: 100, rows: 100)
        return rule
    }

    @Test func wherePlainBatchesChangedLittleNoRegionIsBegun() {
        var rule = LaneRule(facts: [1: LaneFacts()], setting: .fixed(8))
        rule.observe(horizon: 1, next: 1, nowSeconds: 0)
        #expect(rule.shape(part: 1) == nil)
        rule.changed(part: 1, keys: 100, rows: 20)
        #expect(rule.shape(part: 1) == nil)
        for _ in 0..<3 { rule.changed(part: 1, keys: 100, rows: 100) }
        #expect(rule.shape(part: 1)?.count == 8)
        for _ in 0..<20 { rule.changed(part: 1, keys: 100, rows: 0) }
        #expect(rule.shape(part: 1) == nil)
    }

    @Test func nothingIsBegunBeforeTheHorizonIsKnownToBeYoung() {
        var rule = rule()
        #expect(rule.shape(part: 1) == nil)
        // A snapshot from before: how old it is nobody knows.
        rule.observe(horizon: 50, next: 100, nowSeconds: 0)
        rule.observe(horizon: 50, next: 110, nowSeconds: 0.25)
        #expect(rule.shape(part: 1) == nil)
        rule.observe(horizon: 105, next: 120, nowSeconds: 0.5)
        #expect(rule.shape(part: 1)?.count == 8)
        #expect(rule.shape(part: 2) == nil)
    }

    /// A batch that took long makes the horizon old for a moment, a snapshot for longer.
    @Test func lanesWaitForAHorizonThatHasJustTurnedOld() {
        for isPhysical in [true, false] {
            var facts = LaneFacts()
            facts.isPhysical = isPhysical
            var rule = LaneRule(facts: [1: facts], setting: .fixed(8))
            func awaits() -> Bool { rule.awaitsHorizon(part: 1, isPhysical: isPhysical) }
            rule.observe(horizon: 100, next: 100, nowSeconds: 0)
            #expect(!awaits())
            rule.changed(part: 1, keys: 100, rows: 100)
            var waits: [Double] = []
            for step in 1...20 {
                let seconds = Double(step) / 5
                rule.observe(horizon: 100, next: 100 + UInt64(step), nowSeconds: seconds)
                // Never both, and neither for good.
                #expect(!awaits() || rule.shape(part: 1, isPhysical: isPhysical) == nil)
                if awaits() { waits.append(seconds) }
            }
            #expect(!waits.isEmpty)
            #expect((waits.last ?? 0) - (waits.first ?? 0) <= LaneRule.patienceSeconds)
            // The sweep behind the pages has no lanes to wait for, nor has a table without any.
            rule.observe(horizon: 100, next: 125, nowSeconds: 0.8)
            #expect(!rule.awaitsHorizon(part: 1, isPhysical: !isPhysical))
            rule.set(.off)
            #expect(!awaits())
        }
    }

    @Test func anIdleServersHorizonIsYoung() {
        var rule = rule()
        rule.observe(horizon: 100, next: 100, nowSeconds: 0)
        #expect(rule.shape(part: 1)?.count == 8)
        // A minute later somebody begins: that transaction is as old as the last look.
        for step in 1...240 {
            rule.observe(horizon: 100, next: 100, nowSeconds: Double(step) / 4)
        }
        rule.observe(horizon: 100, next: 101, nowSeconds: 60.25)
        #expect(rule.shape(part: 1)?.count == 8)
        for step in 1...3 {
            rule.observe(
                horizon: 100, next: 101 + UInt64(step), nowSeconds: 60.25 + Double(step) / 4)
        }
        #expect(rule.shape(part: 1) == nil)
    }

    @Test func aHeldHorizonEndsLanesAndItsReleaseBringsThemBack() {
        var rule = rule()
        for step in 0..<2000 {
            rule.observe(
                horizon: step < 4 ? UInt64(100 + step) : 103, next: UInt64(100 + step),
                nowSeconds: Double(step) / 4)
            #expect((rule.shape(part: 1) != nil) == (step < 6), "look \(step)")
        }
        rule.observe(horizon: 2100, next: 2100, nowSeconds: 500)
        #expect(rule.shape(part: 1)?.count == 8)
        #expect(rule.horizon == 2100)
    }

    @Test func regionsThatStayedPoorEndLanesUntilSomebodyAsksAgain() {
        var rule = rule()
        rule.observe(horizon: 1, next: 1, nowSeconds: 0)
        rule.finished(part: 1, rows: 100, hotRows: 10)
        rule.finished(part: 1, rows: 100, hotRows: 10)
        rule.finished(part: 1, rows: 100, hotRows: 90)
        #expect(rule.shape(part: 1)?.count == 8)
        for _ in 0..<3 { rule.finished(part: 1, rows: 100, hotRows: 10) }
        #expect(rule.shape(part: 1) == nil)
        rule.set(.fixed(8))
        #expect(rule.shape(part: 1) == nil)
        rule.set(.fixed(4))
        #expect(rule.shape(part: 1)?.count == 4)
        rule.set(.off)
        #expect(rule.shape(part: 1) == nil)
    }

    @Test func aRegionIsSoManySlicesOfEachLane() {
        let request = LaneRule.request(shape: LaneShape(uniform: 16), batchKeys: 1_000)
        #expect(request.regionKeys == 16 * 4 * 1_000)
        #expect(request.regionKeysMin == 16 * 4 * 200)
        #expect(LaneRule.request(shape: LaneShape(uniform: 16), batchKeys: nil).sliceKeys == 2_500)
        #expect(
            LaneRule.request(shape: LaneShape(uniform: 16), batchKeys: 100_000).sliceKeys == 2_500)
        #expect(LaneRule.request(shape: LaneShape(uniform: 16), batchKeys: 1).sliceKeys == 100)
        let ten = LaneRequest(shape: LaneShape(uniform: 10), steps: 4, sliceKeys: 2_500)
        let steps = [0, 100, 16_000, 24_000, 32_000, 100_000].map { ten.steps(keys: $0) }
        #expect(steps == [2, 2, 2, 3, 4, 4])
        #expect(
            LaneRequest(shape: LaneShape(uniform: 10), steps: 4, sliceKeys: 100).steps(keys: 4_000)
                == 4)
        #expect(ten.of(lanes: 20).steps(keys: 32_000) == 2 && ten.of(lanes: nil) == ten)
        #expect(
            LaneRequest(shape: LaneShape(uniform: 10), steps: 1, sliceKeys: 9).steps(keys: 100_000)
                == 1)
    }
}
