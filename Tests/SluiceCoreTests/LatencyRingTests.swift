import SluiceCore
import Testing

@Suite struct LatencyRingTests {
    @Test func thePercentileIsOfTheLastSpan() {
        var ring = LatencyRing()
        ring.note(latencySeconds: 0.009, nowSeconds: 0)
        ring.note(latencySeconds: 0.008, nowSeconds: 0.1)
        #expect(ring.percentileSeconds(nowSeconds: 0.1) == nil)
        ring.note(latencySeconds: 0.007, nowSeconds: 0.2)
        #expect(ring.percentileSeconds(nowSeconds: 0.2) == 0.009)
        for tick in 0..<20 {
            ring.note(latencySeconds: Double(tick) / 1_000, nowSeconds: 3 + Double(tick) * 0.1)
        }
        // 19 is the highest of twenty, 18 the nearest rank to 95 %.
        #expect(ring.percentileSeconds(nowSeconds: 4.9) == 0.018)
        #expect(ring.percentileSeconds(nowSeconds: 7.85) == nil)
    }

    /// What was slow before a run was taken down counts no longer once enough has come since.
    @Test func whatCameBeforeANewBeginningCountsUntilEnoughHasCome() {
        var ring = LatencyRing()
        for tick in 0..<40 {
            ring.note(latencySeconds: 0.1, nowSeconds: Double(tick) * 0.025)
        }
        ring.beginAnew(nowSeconds: 1)
        // Batches that were under way are of before as well.
        for tick in 0..<20 {
            ring.note(latencySeconds: 0.1, nowSeconds: 1 + Double(tick) * 0.025)
        }
        ring.note(latencySeconds: 0.2, nowSeconds: 1.6)
        for tick in 0..<20 {
            let now = 1.61 + Double(tick) * 0.02
            #expect(ring.percentileSeconds(nowSeconds: now) == 0.1, "at \(now)")
            ring.note(latencySeconds: 0.001, nowSeconds: now)
        }
        #expect(ring.percentileSeconds(nowSeconds: 2) == 0.001)
        // One in twenty-one that takes long is beyond the percentile.
        #expect(ring.percentileSeconds(nowSeconds: 2, pendingSeconds: 9) == 0.001)
        #expect(ring.percentileSeconds(nowSeconds: 9) == nil)
    }

    /// Of slow ones there are never twenty.
    @Test func threeThatAreSlowAreEnoughOnceTheyHaveComeForHalfASecond() {
        var ring = LatencyRing()
        for tick in 0..<12 {
            ring.note(latencySeconds: 0.2, nowSeconds: Double(tick) * 0.25)
        }
        ring.beginAnew(nowSeconds: 3)
        for tick in 0..<3 {
            ring.note(latencySeconds: 0.15, nowSeconds: 3.7 + Double(tick) * 0.125)
            #expect(ring.percentileSeconds(nowSeconds: 3.96) == 0.2)
        }
        #expect(ring.percentileSeconds(nowSeconds: 3.99) == 0.2)
        #expect(ring.percentileSeconds(nowSeconds: 4) == 0.15)
    }

    /// One after the other, each takes so long, with a pause after each.
    @Test(arguments: [(1.2, 0.0), (1.6, 0.0), (2.0, 0.0), (2.9, 0.0), (4.0, 0.0), (5.0, 0.25)])
    func whatIsSlowIsKnownAllTheTime(latency: Double, pause: Double) {
        var ring = LatencyRing()
        var began = 0.0
        for tick in 1...240 {
            let now = Double(tick) / 8
            if now - began >= latency {
                ring.note(latencySeconds: latency, nowSeconds: began + latency)
                began += latency + pause
            }
            let pending = now >= began ? now - began : nil
            let known = ring.percentileSeconds(nowSeconds: now, pendingSeconds: pending)
            if now >= LatencyRing.spanSeconds {
                #expect(known.map { $0 >= min(latency, 2.9) } == true, "at \(now)")
                #expect(known.map { $0 <= latency + 0.125 } == true, "at \(now)")
            } else if now < latency {
                #expect(known == nil, "at \(now)")
            }
        }
    }

    @Test func oneThatTookTheWholeSpanIsEnough() {
        var ring = LatencyRing()
        ring.note(latencySeconds: 2.9, nowSeconds: 2.9)
        #expect(ring.percentileSeconds(nowSeconds: 2.9) == nil)
        ring = LatencyRing()
        ring.note(latencySeconds: 3, nowSeconds: 3)
        #expect(ring.percentileSeconds(nowSeconds: 3) == 3)
        #expect(ring.percentileSeconds(nowSeconds: 6.5) == nil, "and nothing is under way")
        #expect(LatencyRing().percentileSeconds(nowSeconds: 3, pendingSeconds: 2.9) == nil)
        #expect(LatencyRing().percentileSeconds(nowSeconds: 3, pendingSeconds: 3) == 3)
    }

    @Test func oneThatHangsIsSeenBeforeItEnds() {
        var ring = LatencyRing()
        for tick in 0..<120 {
            ring.note(latencySeconds: 0.001, nowSeconds: Double(tick) * 0.025)
        }
        func known(after seconds: Double) -> Double? {
            ring.percentileSeconds(nowSeconds: 2.975 + seconds, pendingSeconds: seconds)
        }
        // One of many says nothing of a percentile, and is all there is later.
        #expect(known(after: 0.5) == 0.001)
        #expect(known(after: 2.75) == 2.75)
        #expect(known(after: 4) == 4)
        #expect(known(after: 0.0005) == 0.001, "shorter than what is known, it does not count")
    }
}
