import SluiceCore
import Testing

@Suite struct ForegroundBaselineTests {
    /// Looks every quarter of a second until something is measured.
    private static func measure(
        _ baseline: inout ForegroundBaseline, from start: Double, to end: Double,
        isIdle: Bool = true, latency: (Double) -> Double?
    ) -> (seconds: Double, atSeconds: Double)? {
        for tick in 0..<Int((end - start) * 4) {
            let now = start + Double(tick) / 4
            if let seconds = baseline.observe(
                latencySeconds: latency(now), isIdle: isIdle, nowSeconds: now)
            {
                return (seconds, now)
            }
        }
        return nil
    }

    @Test func whatIsMeasuredIsTheMedianOnceTheLastBatchShowsNoMore() throws {
        var baseline = ForegroundBaseline()
        let measured = try #require(
            Self.measure(&baseline, from: 0, to: 60) { now in
                now < ForegroundBaseline.settleSeconds ? 0.5 : Int(now * 4) % 3 == 0 ? 0.072 : 0.002
            })
        #expect(measured.seconds == 0.002)
        #expect(
            measured.atSeconds
                == ForegroundBaseline.settleSeconds + ForegroundBaseline.measureSeconds)
    }

    @Test func aBatchBeginsItAnew() throws {
        var baseline = ForegroundBaseline()
        #expect(Self.measure(&baseline, from: 0, to: 6.5) { _ in 0.1 } == nil)
        _ = baseline.observe(latencySeconds: 0.1, isIdle: false, nowSeconds: 6.5)
        let measured = try #require(
            Self.measure(&baseline, from: 6.75, to: 60) { _ in 0.002 })
        #expect(abs(measured.seconds - 0.002) < 1e-9)
        #expect(
            measured.atSeconds
                == 6.75 + ForegroundBaseline.settleSeconds + ForegroundBaseline.measureSeconds)
    }

    @Test func withoutASourceAndFromFailuresNothingIsMeasured() {
        var baseline = ForegroundBaseline()
        #expect(Self.measure(&baseline, from: 0, to: 60) { _ in nil } == nil)
        #expect(Self.measure(&baseline, from: 60, to: 120) { _ in 5 } == nil)
        #expect(Self.measure(&baseline, from: 0, to: 60, isIdle: false) { _ in 0.1 } == nil)
    }

    /// Seconds from one statement of the application to the next, and when there is a measure.
    static let gaps: [(Int, Double?)] = [
        (1, 8), (2, 12), (5, 21), (6, 25), (15, nil), (60, nil),
    ]

    /// The server's statistics show what was read in the last second.
    @Test(arguments: gaps)
    func whatIsSeenNowAndThenAddsUpForHalfAMinute(every seconds: Int, by end: Double?) {
        var baseline = ForegroundBaseline()
        func look(_ now: Double) -> Double? { Int(now) % seconds == 0 ? 0.002 : nil }
        let most = ForegroundBaseline.waitSecondsMax
        let measured = Self.measure(&baseline, from: 0, to: most, latency: look)
        #expect(!baseline.isGivenUp && baseline.hasSeen)
        guard let end else {
            #expect(measured == nil)
            _ = baseline.observe(latencySeconds: look(most), isIdle: true, nowSeconds: most)
            #expect(baseline.isGivenUp, "a quiet application does not hold the run")
            return
        }
        #expect(measured?.seconds == 0.002)
        #expect(measured.map { $0.atSeconds <= end } == true, "\(String(describing: measured))")
    }

    @Test func onlyWhatItAloneHoldsCountsAsWaiting() {
        var baseline = ForegroundBaseline()
        // A night outside of the hours in which batches may start, and nobody reads.
        for second in 0..<28_800 {
            _ = baseline.observe(
                latencySeconds: nil, isIdle: true, isAwaited: false, nowSeconds: Double(second))
        }
        #expect(!baseline.isGivenUp && !baseline.hasSeen)
        // Nor does a server that could not be asked for a while.
        _ = baseline.observe(latencySeconds: nil, isIdle: true, nowSeconds: 40_000)
        #expect(!baseline.isGivenUp)
        #expect(Self.measure(&baseline, from: 40_000, to: 40_060) { _ in nil } == nil)
        #expect(baseline.isGivenUp)
        // It stays so while batches run, and a measure that comes for nothing is taken.
        _ = baseline.observe(latencySeconds: nil, isIdle: false, nowSeconds: 40_100)
        #expect(baseline.isGivenUp)
        let measured = Self.measure(&baseline, from: 40_101, to: 40_200) { _ in 0.003 }
        #expect(measured?.seconds == 0.003)
    }
}
