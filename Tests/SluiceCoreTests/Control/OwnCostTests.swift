import Testing

@testable import SluiceCore

/// What the run's own rows say of a server whose application is not seen.
@Suite struct OwnCostTests {
    /// A server on which a row costs more the more batches run and the busier the application is.
    private struct Server {
        var control: AdaptiveControl
        var now = 0.0
        var load = 1.0
        var foregroundSeconds: Double?
        private var budget: Double?

        init(budget: Double?, ownCostMax: Double?) {
            control = AdaptiveControl(
                limits: AdaptiveControl.Limits(
                    replicas: ReplicaWindow.Limits(maxLagSeconds: nil),
                    workers: ConcurrencyControl.Limits(
                        workers: 1...16, foregroundBudgetSeconds: budget),
                    ownCostMax: ownCostMax))
            self.budget = budget
        }

        var average: Double { control.decision.concurrency.average }
        var rowSeconds: Double { 0.0001 * load * (1 + 0.1 * average) }

        mutating func run(_ seconds: Double) {
            for _ in 0..<Int(seconds * 4) {
                now += 0.25
                var rows = 0.0
                for _ in 0..<4 {
                    guard
                        case .start(let ticket) = control.start(
                            nowSeconds: now, enforcesWorkers: false)
                    else { continue }
                    let keys = control.decision.batch.batchKeys
                    rows += Double(keys)
                    control.finished(
                        ticket,
                        BatchSample(
                            nowSeconds: now, rows: keys, overheadSeconds: 0.001,
                            latencySeconds: 0.001 + Double(keys) * rowSeconds, walBytes: 100,
                            outcome: .committed), othersRunning: 0)
                }
                control.poll(
                    AdaptiveControl.Observation(
                        replicas: ReplicaWindow.Observation(
                            nowSeconds: now, primaryPosition: 0, replicas: [], timeline: 1),
                        workers: ConcurrencyControl.Observation(
                            nowSeconds: now, foregroundSeconds: foregroundSeconds, waitShare: 0,
                            activeBatches: average, batchSeconds: 0.05,
                            rows: average / (1 + 0.1 * average) * 1000)))
            }
        }
    }

    @Test func aBusierServerLeavesFewerWorkers() {
        for budget in [nil, 0.010] {
            var server = Server(budget: budget, ownCostMax: 1.5)
            server.run(90)
            // 1.1 of the least at one worker, so 1.5 times that at six and a half.
            let quiet = server.average
            #expect(quiet > 3 && quiet < 8, "\(quiet)")
            server.load = 2
            server.run(15)
            #expect(server.average < quiet / 2)
            #expect(server.control.workersBound == .foreground)
            // A minute later that is how things are.
            server.run(120)
            #expect(server.average > quiet / 2)
        }
    }

    @Test func whatIsSeenOfTheApplicationCountsMore() {
        var server = Server(budget: 0.010, ownCostMax: 1.5)
        server.foregroundSeconds = 0.002
        server.run(60)
        #expect(server.average > 10)
        // Without a limit nothing is held to it.
        var free = Server(budget: nil, ownCostMax: nil)
        free.run(60)
        #expect(free.average > 10)
    }

    @Test func theLeastIsOfTheLastMinuteAlone() {
        var cost = OwnCost()
        func inflation(_ row: Double, _ workers: Double, at seconds: Double) -> Double {
            cost.inflation(rowSeconds: row, workers: workers, nowSeconds: seconds)
        }
        func isAlone(at seconds: Double) -> Bool { cost.isAlone(nowSeconds: seconds) }
        #expect(inflation(2, 1, at: 0) == 1)
        #expect(inflation(1, 1, at: 0.5) == 1)
        #expect(inflation(3, 1, at: 10) == 3)
        #expect(!isAlone(at: 60))
        // A minute of many workers ends with one alone, and what it costs replaces the least.
        #expect(inflation(3, 4, at: 75) == 3)
        #expect(isAlone(at: 75))
        #expect(inflation(2.5, 1.5, at: 75.5) == 2.5)
        #expect(inflation(2, 1.5, at: 76) == 1)
        #expect(isAlone(at: 76.5))
        #expect(!isAlone(at: 77))
        #expect(inflation(3, 4, at: 77) == 1.5)
        #expect(inflation(0, 4, at: 78) == 1)
    }

    /// A budget of a multiple of what is not known yet, and no batch to go by either.
    @Test func beforeAnythingIsKnownOfABudgetAThirdOfAWorkerRuns() {
        var control = AdaptiveControl(
            limits: AdaptiveControl.Limits(
                replicas: ReplicaWindow.Limits(maxLagSeconds: nil),
                workers: ConcurrencyControl.Limits(workers: 1...16), ownCostMax: 1.5))
        for poll in 1...40 {
            control.poll(
                AdaptiveControl.Observation(
                    replicas: ReplicaWindow.Observation(
                        nowSeconds: Double(poll) / 4, primaryPosition: 0, replicas: [],
                        timeline: 1),
                    workers: ConcurrencyControl.Observation(
                        nowSeconds: Double(poll) / 4, foregroundSeconds: nil, waitShare: 0,
                        activeBatches: 1, batchSeconds: 0, rows: 0)))
            #expect(control.decision.concurrency.average == ForegroundBudget.first)
        }
    }

    /// While another multiple is measured the run's own cost stands in, which is no latency.
    @Test func anotherMultipleIsLookedForAnewAndBeginsWithWhatIsSeenThen() {
        var server = Server(budget: 0.010, ownCostMax: 1.5)
        server.control.limits.workers.foregroundLookSeconds = 7
        server.foregroundSeconds = 0.004
        server.run(60)
        #expect(server.average > 3, "what was looked for is known")
        server.control.limits.workers.foregroundBudgetSeconds = nil
        server.run(5)
        server.control.limits.workers.foregroundBudgetSeconds = 0.005
        for _ in 0..<24 {
            server.run(0.25)
            #expect(server.average <= ForegroundBudget.looking)
        }
        server.run(1)
        #expect(server.average > 0.9 * ForegroundBudget.looking, "the budget was never passed")
        server.run(10)
        #expect(server.average > 1.5 * ForegroundBudget.looking)
    }

    /// Its own load does not become the least, however long a run takes.
    @Test func theNumberDoesNotCreepUp() {
        var server = Server(budget: nil, ownCostMax: 1.5)
        server.run(90)
        let early = server.average
        server.run(3_600)
        #expect(server.average < early * 1.3 && server.average > early / 1.3, "\(early)")
        #expect(server.average > 3 && server.average < 8, "as many as keep the budget")
    }
}
