import SluiceCore
import Testing

@Suite struct LatencyRingTests {
    @Test func thePercentileIsOfTheLastSpan() {
        var ring = LatencyRing()
        ring.note(latencySeconds: 9, nowSeconds: 0)
        ring.note(latencySeconds: 8, nowSeconds: 0.1)
        #expect(ring.percentileSeconds(nowSeconds: 0.1) == nil)
        ring.note(latencySeconds: 7, nowSeconds: 0.2)
        #expect(ring.percentileSeconds(nowSeconds: 0.2) == 9)
        for tick in 0..<20 {
            ring.note(latencySeconds: Double(tick), nowSeconds: 3 + Double(tick) * 0.1)
        }
        // 19 is the highest of twenty, 18 the nearest rank to 95 %.
        #expect(ring.percentileSeconds(nowSeconds: 4.9) == 18)
        #expect(ring.percentileSeconds(nowSeconds: 7.85) == nil)
    }
}
