import Testing

@testable import SluiceCore

/// A slow moment beside a run with a budget, which is 10 ms in all of these.
@Suite struct ForegroundFallTests {
    private static let budgetSeconds = 0.010

    private func step(
        _ budget: inout ForegroundBudget, _ latencySeconds: Double, polls: Int = 8
    )
        -> Double
    {
        for _ in 0..<polls {
            budget.observe(latencySeconds: latencySeconds, elapsedSeconds: 0.25)
        }
        let before = budget.allowed
        budget.step(
            budgetSeconds: Self.budgetSeconds, isBinding: true, workers: 1, most: 1_000)
        return budget.allowed / before
    }

    @Test func aFarFallIsJudgedByWhatComesBehindIt() {
        var budget = ForegroundBudget()
        for _ in 0..<4 { _ = step(&budget, 0.004) }
        #expect(step(&budget, 0.200) < 0.55 && budget.falls == 1)
        // Still in what is measured for four polls, and with nothing newer it is not judged again.
        #expect(step(&budget, 0.200, polls: 4) == 1 && budget.falls == 1)
        // One that stays takes it down with every look that is new.
        #expect(step(&budget, 0.200) < 0.55 && step(&budget, 0.200) < 0.55 && budget.falls == 3)
        // A little too much is noise, and smoothed as ever.
        #expect(step(&budget, 0.0101, polls: 20) <= 1 && budget.falls == 3)
    }

    /// So much was borne: far below it a rise is larger, however near the latency is.
    @Test(arguments: [(0.004, 1.35), (0.007, 1.25), (0.009, 1.06)])
    func theWayBackIsFaster(latencySeconds: Double, least: Double) {
        var budget = ForegroundBudget()
        for _ in 0..<4 { _ = step(&budget, latencySeconds) }
        let borne = budget.allowed
        _ = step(&budget, 0.200)
        #expect(budget.allowed < 0.55 * borne)
        let back = step(&budget, latencySeconds)
        #expect(back > least, "by \(back)")
        // Where the budget was passed it goes on slowly, and never by more than a fifth.
        for _ in 0..<60 where budget.allowed < 0.75 * borne { _ = step(&budget, latencySeconds) }
        let near = step(&budget, latencySeconds)
        #expect(near > 1 && near < 1.23)
    }

    /// What is seen first of another budget counts, though the one before had just been passed.
    @Test func anotherBudgetIsNotHeldUpByAFall() {
        var budget = ForegroundBudget()
        budget.observe(latencySeconds: 0.200, elapsedSeconds: 0.25)
        budget.step(budgetSeconds: 0.010, isBinding: true, workers: 1, most: 16)
        let fallen = budget.allowed
        budget.step(budgetSeconds: 0.010, isBinding: true, workers: 1, most: 16)
        #expect(budget.allowed == fallen && budget.falls == 1, "nothing new was seen")
        budget.forget()
        budget.observe(latencySeconds: 0.200, elapsedSeconds: 0.25)
        budget.step(budgetSeconds: 0.1, isBinding: true, workers: 1, most: 16)
        #expect(budget.allowed < fallen && budget.falls == 2)
    }

    /// With what measures: probes that take so long one after the other, of which those that end
    /// within six tenths of a second are slow, whenever in the law's steps that is.
    @Test(arguments: [0.025, 0.050, 0.150], 0..<8)
    func oneSlowMomentTakesTheNumberDownOnce(probeSeconds: Double, phase: Int) {
        var (ring, budget) = (LatencyRing(), ForegroundBudget())
        var (probed, fallsSeen) = (0.0, 0)
        let slow = 20 + Double(phase) * 0.25..<20.6 + Double(phase) * 0.25
        var borne = 0.0
        for poll in 1...160 {
            let now = Double(poll) * 0.25
            while probed + probeSeconds <= now {
                probed += probeSeconds
                ring.note(
                    latencySeconds: slow.contains(probed) ? 0.2 : 0.004, nowSeconds: probed)
            }
            if budget.falls != fallsSeen { ring.beginAnew(nowSeconds: now) }
            fallsSeen = budget.falls
            if let latency = ring.percentileSeconds(nowSeconds: now) {
                budget.observe(latencySeconds: latency, elapsedSeconds: 0.25)
            }
            if now < slow.lowerBound { borne = budget.allowed }
            guard poll % 8 == 0 else { continue }
            // Nothing but the moment bounds it at sixteen.
            budget.step(
                budgetSeconds: Self.budgetSeconds, isBinding: true, workers: 1, most: 16)
        }
        #expect(borne == 16 && budget.falls == 1)
        #expect(budget.allowed == 16, "back by then")
    }
}
