import SluiceBench
import Testing

@Suite struct LagClockTests {
    @Test func whoIsNotBehindHasNoLag() {
        var clock = LagClock(ceilingSeconds: 1)
        for second in 0..<10 {
            let end = Double(second) * 100
            clock.observe(written: end, replayed: end, nowSeconds: Double(second))
        }
        #expect(clock.lagSecondsMax == 0 && clock.secondsAbove == 0)
    }

    @Test func aReplicaThatStoppedIsBehindSinceWhatItHasNot() {
        var clock = LagClock(ceilingSeconds: 3)
        for second in 0...10 {
            clock.observe(
                written: Double(second) * 100, replayed: min(Double(second), 4) * 100,
                nowSeconds: Double(second))
        }
        // What was written at 5 s is not there at 10 s.
        #expect(clock.lagSecondsMax == 5)
        // At 9 and 10 s it was 4 and 5.
        #expect(clock.secondsAbove == 2)
        clock.observe(written: 1_000, replayed: 1_000, nowSeconds: 11)
        clock.observe(written: 1_000, replayed: 1_000, nowSeconds: 60)
        #expect(clock.lagSecondsMax == 5 && clock.secondsAbove == 2)
    }

    @Test func aPrimaryAtRestMakesNoLag() {
        var clock = LagClock(ceilingSeconds: 3)
        clock.observe(written: 100, replayed: 90, nowSeconds: 0)
        clock.observe(written: 100, replayed: 100, nowSeconds: 1)
        clock.observe(written: 100, replayed: 100, nowSeconds: 100)
        #expect(clock.lagSecondsMax == 0)
        clock.observe(written: 200, replayed: 100, nowSeconds: 101)
        #expect(clock.lagSecondsMax == 0, "it was written just now")
        clock.observe(written: 200, replayed: 100, nowSeconds: 102)
        #expect(clock.lagSecondsMax == 1)
    }

    @Test func aLongSeriesKeepsItsEndsAndItsShape() throws {
        var clock = LagClock(ceilingSeconds: 3)
        // Nothing is replayed for an hour.
        for step in 0...36_000 {
            let now = 100 + Double(step) / 10
            clock.observe(written: now, replayed: 99, nowSeconds: now)
        }
        let series = clock.series
        #expect((60...121).contains(series.count), "\(series.count)")
        #expect(series.first == LagPoint(atSeconds: 0, lagSeconds: 0))
        #expect(try #require(series.last).atSeconds > 3_400)
        for point in series {
            #expect(abs(point.lagSeconds - point.atSeconds) < 0.001, "all of it is lag")
        }
        for (one, next) in zip(series, series.dropFirst()) {
            #expect(one.atSeconds < next.atSeconds)
        }
    }
}
