import SluiceCore
import Testing

@Suite struct ProgressTests {
    @Test func percentNeverReachesAHundredBeforeTheEndHoweverWrongTheEstimate() {
        let over = Progress(
            keysDone: 900, keysScannedInOpenRanges: 5_000, keysEstimateOpen: 100, isComplete: false)
        #expect(over.percent == 99.9)
        #expect(over.isEstimate)
        let done = Progress(
            keysDone: 900, keysScannedInOpenRanges: 0, keysEstimateOpen: 0, isComplete: true)
        #expect(done.percent == 100)
        #expect(done.keysTotalEstimate == 900)
        #expect(!done.isEstimate)
    }

    @Test func anEmptyRunIsAtZeroAndThenDone() {
        let begun = Progress(
            keysDone: 0, keysScannedInOpenRanges: 0, keysEstimateOpen: 0, isComplete: false)
        #expect(begun.percent == 0)
        #expect(begun.etaSeconds(keysPerSecond: 0) == nil)
        #expect(begun.etaSeconds(keysPerSecond: nil) == nil)
    }

    @Test func theTimeLeftFollowsTheRate() {
        let half = Progress(
            keysDone: 500, keysScannedInOpenRanges: 0, keysEstimateOpen: 500, isComplete: false)
        #expect(half.etaSeconds(keysPerSecond: 50) == 10)
    }

    @Test func theRateSettlesOnASteadyCounter() {
        var meter = RateMeter()
        for tick in 0...200 { meter.observe(total: tick * 50, nowSeconds: Double(tick) / 2) }
        #expect(meter.perSecond.map { abs($0 - 100) < 0.01 } == true)
        meter.observe(total: 10_000, nowSeconds: 100)
        #expect(meter.perSecond.map { $0 < 101 } == true)
    }
}
