import Testing

@testable import Sluice

@Suite struct MonitorPeriodTests {
    private static func period(
        _ now: Double, since first: Double?, isAtRest: Bool = false
    ) -> Double {
        Monitor.period(nowSeconds: now, firstLookSeconds: first, isAtRest: isAtRest).seconds
    }

    @Test func looksAreFrequentForASecondAfterTheFirst() {
        #expect(Self.period(5, since: 5) == Monitor.pollSecondsAtStart)
        #expect(Self.period(5.9, since: 5) == Monitor.pollSecondsAtStart)
        #expect(Self.period(6, since: 5) == Monitor.pollSeconds)
        #expect(Self.period(600, since: nil) == Monitor.pollSeconds, "nobody answers")
    }

    @Test func whoIsHeldIsLookedAtSeldom() {
        #expect(Self.period(5, since: 5, isAtRest: true) == Monitor.pollSecondsAtRest)
        #expect(Self.period(900, since: 5, isAtRest: true) == Monitor.pollSecondsAtRest)
    }

    @Test func anEarlyLookThatTakesLongIsFollowedByTheNextSoon() {
        let early = Monitor.period(nowSeconds: 5, firstLookSeconds: 5, isAtRest: false)
        let late = Monitor.period(nowSeconds: 9, firstLookSeconds: 5, isAtRest: false)
        #expect(early.pauseSecondsMin < Monitor.pollSecondsAtStart)
        #expect(late.pauseSecondsMin == Monitor.pauseSecondsMin)
    }
}
