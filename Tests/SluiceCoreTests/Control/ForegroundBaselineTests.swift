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
}
