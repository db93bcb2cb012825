import SluiceCore
import Testing

@Suite struct LagTests {
    @Test func lagIsTheAgeOfTheFirstMomentBeyondWhatIsReplayed() {
        var clock = LagClock()
        for second in 0...10 {
            clock.observe(position: UInt64(1_000 + second * 100), nowSeconds: Double(second))
        }
        #expect(clock.lagSeconds(replayed: 2_000, nowSeconds: 10) == 0)
        #expect(clock.lagSeconds(replayed: 1_500, nowSeconds: 10) == 4)
        #expect(clock.lagSeconds(replayed: 1_450, nowSeconds: 10) == 5)
        #expect(clock.lagSeconds(replayed: 0, nowSeconds: 10) == 10)
    }

    @Test func anIdlePrimaryMakesNobodyLate() {
        var clock = LagClock()
        for second in 0...3_600 { clock.observe(position: 500, nowSeconds: Double(second)) }
        #expect(clock.lagSeconds(replayed: 500, nowSeconds: 3_600) == 0)
    }

    @Test func aReplicaThatStandsStillFallsBehindSecondBySecond() {
        var clock = LagClock()
        var lags: [Double] = []
        for second in 0...20 {
            clock.observe(position: UInt64(second), nowSeconds: Double(second))
            lags.append(clock.lagSeconds(replayed: 5, nowSeconds: Double(second)))
        }
        #expect(lags[5] == 0)
        #expect(lags[20] == 14)
    }

    @Test func theGateClosesAboveTheLimitAndOpensBelowHalfOfIt() {
        var gate = LagGate()
        func closed(_ seconds: Double) -> Bool {
            gate.decide(.lag(seconds: seconds), maxLagSeconds: 10) != nil
        }
        #expect(
            [9.9, 10, 10.1, 7, 5.1, 5, 9].map(closed) == [
                false, false, true, true, true, false, false,
            ])
    }

    @Test func whatCannotBeSeenClosesTheGateUnlessItIsOff() {
        var gate = LagGate()
        let hidden = LagObservation.unobservable(reason: "no GRANT")
        #expect(gate.decide(hidden, maxLagSeconds: 10) == "no GRANT")
        #expect(gate.decide(hidden, maxLagSeconds: nil) == nil)
        #expect(gate.decide(.noReplica, maxLagSeconds: 10) == nil)
    }
}
