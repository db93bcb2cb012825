import Testing

@testable import SluiceCore

@Suite struct ConcurrencyControlTests {
    private typealias Server = WorkedServer

    @Test(arguments: [1, 8]) func theApplicationStaysWithinItsBudget(fewest: Int) {
        var server = Server()
        server.limits.workers = fewest...16
        server.limits.foregroundBudgetSeconds = 0.010
        server.run(60)
        #expect(server.foregroundSeconds <= 0.010)
        #expect(server.foregroundSeconds >= 0.009)
        server.load = 0.5
        server.run(6)
        #expect(server.foregroundSeconds <= 0.0115)
        server.load = 0.2
        server.run(20)
        #expect(server.foregroundSeconds >= 0.009)
    }

    @Test func anIdleGateDoesNotWindTheBudgetUp() {
        var server = Server()
        server.limits.foregroundBudgetSeconds = 0.010
        server.run(60)
        let settled = server.average
        // Held back for long, with a latency far below the budget.
        server.waitShare = 0.9
        server.load = 0
        server.run(300)
        server.waitShare = 0
        server.load = 0.2
        server.run(2)
        #expect(server.average <= settled * 1.3)
    }

    @Test func aBudgetThatDoesNotBindOnlyFalls() {
        var budget = ForegroundBudget()
        budget.observe(latencySeconds: 0.001, elapsedSeconds: 0.25)
        for _ in 0..<100 {
            budget.step(budgetSeconds: 0.010, isBinding: false, workers: 1, most: 16)
        }
        #expect(budget.allowed == ForegroundBudget.first)
        for _ in 0..<5 {
            budget.step(budgetSeconds: 0.010, isBinding: true, workers: 1, most: 16)
        }
        let grown = budget.allowed
        #expect(grown > 4)
        for _ in 0..<20 { budget.observe(latencySeconds: 0.030, elapsedSeconds: 0.25) }
        budget.step(budgetSeconds: 0.010, isBinding: false, workers: 1, most: 16)
        #expect(budget.allowed < grown)
    }

    @Test func onceItWasPassedItIsApproachedSlowly() {
        var budget = ForegroundBudget()
        func step(_ latencySeconds: Double, _ steps: Int) -> [Double] {
            (0..<steps).map { _ in
                for _ in 0..<8 {
                    budget.observe(latencySeconds: latencySeconds, elapsedSeconds: 0.25)
                }
                let before = budget.allowed
                budget.step(budgetSeconds: 0.010, isBinding: true, workers: 1, most: 1_000)
                return budget.allowed / before
            }
        }
        #expect(step(0.001, 4).allSatisfy { $0 > 2.4 }, "nothing is known: ever faster")
        let falls = step(0.100, 6)
        #expect(falls.dropFirst().allSatisfy { $0 < 0.5 }, "ten times too much: halved and more")
        let rises = step(0.001, 10)
        #expect(rises.dropFirst(2).allSatisfy { $0 > 1.2 && $0 < 1.23 })
    }

    @Test func aBudgetThatIsMeasuredFirstBeginsLow() {
        var control = ConcurrencyControl()
        func step(_ now: Double, _ budgetSeconds: Double?, active: Double) -> Double {
            control.step(
                ConcurrencyControl.Observation(
                    nowSeconds: now, foregroundSeconds: 0.002, waitShare: 0,
                    activeBatches: active, batchSeconds: 0.1, rows: active * 1_000),
                ConcurrencyControl.Limits(workers: 1...8, foregroundBudgetSeconds: budgetSeconds)
            ).average
        }
        for tick in 0..<30 { _ = step(Double(tick) * 0.25, nil, active: 0) }
        for tick in 30..<36 { _ = step(Double(tick) * 0.25, 0.003, active: 0) }
        let begun = step(9, 0.003, active: 0)
        #expect(begun >= ForegroundBudget.first && begun < 0.7)
    }

    @Test func hardlyAnythingRunsWhileItIsLookedForWhatABudgetIsOf() {
        var server = WorkedServer()
        server.limits.foregroundBudgetSeconds = 0.010
        server.limits.foregroundLookSeconds = 7
        server.isRunning = false
        server.run(10)
        #expect(server.average <= ForegroundBudget.first, "nothing is learned while nothing runs")
        server.isRunning = true
        for _ in 0..<27 {
            server.poll()
            #expect(server.average <= ForegroundBudget.looking, "at \(server.now)")
            #expect(server.control.bound(server.limits) == .look)
        }
        let looked = server.average
        #expect(looked > 0.05, "and no less, within the budget")
        // From there on in steps as ever, and from there.
        while server.average < 1.1 * looked, server.now < 30 { server.poll() }
        #expect(server.average >= 1.1 * looked && server.average < 2.6 * looked)
        server.run(60)
        let settled = server.average
        #expect(settled > 3)
        #expect(server.control.bound(server.limits) == .foreground)
        // Another measure is another look.
        server.limits.foregroundBudgetSeconds = nil
        server.poll()
        server.limits.foregroundBudgetSeconds = 0.010
        server.run(5)
        #expect(server.average <= ForegroundBudget.looking)
        server.limits.foregroundLookSeconds = nil
        server.run(60)
        #expect(server.average > 0.8 * settled)
    }

    @Test func aBudgetThatComesLaterBeginsWithWhatRuns() {
        var budget = ForegroundBudget()
        budget.observe(latencySeconds: 0.010, elapsedSeconds: 0.25)
        budget.step(budgetSeconds: nil, isBinding: true, workers: 3, most: 16)
        #expect(budget.allowed == 16)
        budget.step(budgetSeconds: 0.010, isBinding: false, workers: 3, most: 16)
        #expect(budget.allowed > 2.8 && budget.allowed <= 3)
    }

    @Test func whatWasWaitedCountsForAsLongAsItLasted() {
        var control = ConcurrencyControl()
        func step(_ now: Double, waitShare: Double) {
            _ = control.step(
                ConcurrencyControl.Observation(
                    nowSeconds: now, foregroundSeconds: nil, waitShare: waitShare,
                    activeBatches: 1, batchSeconds: 0.1, rows: 100),
                ConcurrencyControl.Limits(workers: 1...4))
        }
        for tick in 0...5 { step(Double(tick) * 0.1, waitShare: 1) }
        step(1.5, waitShare: 0)
        #expect(abs(control.waitShare - 1 / 3) < 1e-9, "half a second of one and a half")
    }

    @Test func workersThatTheUserAsksForAtTheLeastAreJudgedAsWhatTheyAre() {
        var server = Server.of(workers: 4...8)
        server.run(5)
        #expect(server.average == 8)
        server = Server.of(workers: 2...4, contention: 0.98)
        server.run(200)
        #expect(server.average == 2)
        server.contention = 0
        server.run(300)
        #expect(server.average == 4)
    }

    @Test func theBudgetAndLocksOverrideTheLeastAndTheWindowDoesNot() {
        var server = Server.of(workers: 4...4)
        server.run(30)
        #expect(server.average == 4)
        server.waitShare = 0.9
        server.run(20)
        #expect(server.average == 4)
        server.waitShare = 0
        server.othersWait = true
        server.poll()
        #expect(server.average <= 4 * 0.71)
        server.run(10)
        #expect(server.average < 1.5)
        #expect(server.control.bound(server.limits) == .locks)
        server.othersWait = false
        server.run(120)
        #expect(server.average == 4)
        // A budget that comes takes them down, and a run that has one begins low.
        server.load = 0.6
        server.limits.foregroundBudgetSeconds = 0.010
        server.run(20)
        #expect(server.average < 2 && server.foregroundSeconds <= 0.0115)
        #expect(server.control.bound(server.limits) == .foreground)
        server = Server.of(workers: 4...4)
        server.limits.foregroundBudgetSeconds = 0.010
        server.poll()
        #expect(server.average <= ForegroundBudget.first)
    }

    @Test func moreThatIsAllowedLiveIsUsedSoon() {
        var server = Server.of(workers: 1...2)
        server.run(10)
        #expect(server.average == 2)
        server.limits.workers = 1...8
        server.run(10)
        #expect(server.average == 8)
    }

    @Test func whereFourDidNotPayTwoAreKeptForAMinute() {
        var server = Server.of(workers: 1...4, contention: 0.5, coherence: 0.4)
        server.run(10)
        #expect(server.average == 2)
        while server.now < 59 {
            server.poll()
            #expect(server.average >= 2)
        }
    }

    @Test func fewerThatAreTriedAreNotKeptForTheGate() {
        var server = Server.of(workers: 1...2)
        server.runUntilFewerAreTried()
        #expect(server.average == 1)
        server.waitShare = 0.2
        server.run(4)
        server.waitShare = 0
        server.run(8)
        #expect(server.average == 2)
    }

    @Test func workersThatWaitAreFewer() {
        var server = Server()
        server.run(60)
        server.waitShare = 0.8
        server.run(20)
        #expect(server.average <= 6)
        server.waitShare = 0
        server.run(20)
        #expect(server.average >= 12)
    }

    @Test func blockedSessionsMakeRoomAtOnce() {
        var server = Server()
        server.run(60)
        let before = server.average
        server.othersWait = true
        server.poll()
        #expect(server.average <= before * 0.71)
        server.run(20)
        #expect(server.average < 3)
        server.othersWait = false
        server.run(120)
        #expect(server.average == before)
    }

    /// Up to two unjudged; then gain is measured for 0.75 s, 0.3 s after a change.
    @Test func atTheStartEachPollDecidesUnlessABudgetLeads() {
        var server = Server()
        server.contention = 0
        server.coherence = 0
        server.poll()
        #expect(server.average == 2)
        server.run(1)
        #expect(server.average == 2)
        server.run(0.5)
        #expect(server.average == 4)
        var budgeted = Server()
        budgeted.limits.foregroundBudgetSeconds = 0.010
        budgeted.run(0.75)
        #expect(budgeted.average <= ForegroundBudget.first)
        budgeted.poll()
        #expect(budgeted.average > ForegroundBudget.first)
    }

    /// A retreat puts off the next decision by a step, at whichever poll of one it comes.
    @Test func whatWasGivenUpIsNotTakenBackInTheSameBreath() {
        for polls in 1...8 {
            var server = Server()
            server.run(30)
            server.run(Double(polls) / 4)
            server.othersWait = true
            server.poll()
            let given = server.average
            server.othersWait = false
            server.run(1.75)
            #expect(server.average <= given, "after \(polls) polls")
            server.run(0.25)
            #expect(server.average > given, "after \(polls) polls")
        }
    }

    /// The least holds where neither a budget nor a lock is above it.
    @Test(arguments: [false, true]) func theUsersBoundsHold(isHeldBack: Bool) {
        for seed in UInt64(1)...20 {
            var random = SeededGenerator(seed: seed)
            var server = Server()
            if isHeldBack { server.limits.foregroundBudgetSeconds = 0.010 }
            for _ in 0..<400 {
                let least = 1 + Int(random.nextUnit() * 4)
                let most = least + Int(random.nextUnit() * 10)
                server.limits.workers = least...most
                server.waitShare = random.nextUnit() * 1.5 - 0.2
                server.load = random.nextUnit()
                server.othersWait = isHeldBack && random.nextUnit() < 0.05
                server.isMeasured = random.nextUnit() < 0.8
                server.poll()
                #expect(server.average <= Double(most), "seed \(seed)")
                #expect(server.average > 0, "seed \(seed)")
                if least > 1, !isHeldBack {
                    #expect(server.average >= Double(least), "seed \(seed)")
                }
            }
        }
    }

    @Test func restingKeepsTheAverage() {
        // Workers that rest as told, in a simulation of their own.
        for average in [0.3, 1, 1.5, 2.25, 3.4, 5] {
            let concurrency = Concurrency(average: average)
            var free = Array(repeating: 0.0, count: concurrency.workers)
            var busyUntil = Array(repeating: 0.0, count: concurrency.workers)
            var busy = 0.0
            var now = 0.0
            let step = 0.005
            var random = SeededGenerator(seed: 1)
            while now < 60 {
                for worker in free.indices where busyUntil[worker] <= now {
                    if busyUntil[worker] > 0, free[worker] < busyUntil[worker] {
                        let others = busyUntil.filter { $0 > now }.count
                        free[worker] =
                            now + concurrency.restSeconds(afterSeconds: 0.1, othersRunning: others)
                    }
                    if free[worker] <= now {
                        busyUntil[worker] = now + 0.08 + 0.04 * random.nextUnit()
                    }
                }
                busy += step * Double(busyUntil.filter { $0 > now }.count)
                now += step
            }
            #expect(abs(busy / 60 - average) < 0.05 * average + 0.02, "\(average): \(busy / 60)")
        }
    }
}
