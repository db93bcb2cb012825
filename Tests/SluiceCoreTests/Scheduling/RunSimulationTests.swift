import SluiceCore
import Testing

@Suite struct RunSimulationTests {
    /// 10,000 histories in which processes come and go, are taken for dead while they still work,
    /// lose connections and commits, and cut each other's ranges: after every step the ranges are
    /// disjoint and cover all keys and nothing was changed twice; at the end each key was changed.
    @Test(arguments: 0..<100)
    func everyKeyIsChangedOnceInEveryHistory(hundred: Int) throws {
        var splits = 0
        for history in hundred * 100..<hundred * 100 + 100 {
            splits += try run(history)
        }
        #expect(splits > 50, "histories without splits prove nothing about them")
    }

    /// Runs one history and says how often ranges were split in it.
    private func run(_ history: Int) throws -> Int {
        var random = SeededGenerator(seed: UInt64(history))
        let keys = Int.random(in: 1...800, using: &random)
        var ledger = SimulatedLedger(
            keys: keys, ranges: min(keys, Int.random(in: 1...12, using: &random)))
        let faults = Faults(
            lost: random.nextUnit() < 0.5 ? 0 : 0.03, refused: random.nextUnit() < 0.5 ? 0 : 0.05)
        var limits = Limits(workers: 1...Int.random(in: 1...6, using: &random))
        limits.batchKeys = Int.random(in: 1...20, using: &random)
        var processes = [SimulatedProcess(owner: 0, limits: limits, seed: 1)]
        // All but the last one are taken for dead, and the one before it is still at work.
        var gone: Set<Int> = []
        var now = 0.0
        var steps = 0
        while ledger.unfinished > 0 {
            steps += 1
            try #require(steps < 100_000, "history \(history) does not end")
            if random.nextUnit() < 0.004 {
                // A process dies, or is taken for dead; another one begins.
                gone = Set(processes.indices)
                processes.append(
                    SimulatedProcess(owner: processes.count, limits: limits, seed: 7))
            }
            let index = Int.random(
                in: max(0, processes.count - 2)..<processes.count, using: &random)
            if processes[index].pending.isEmpty { continue }
            if random.nextUnit() < 0.01 {
                processes[index].scheduler.gateChanged(
                    reason: random.nextUnit() < 0.3 ? "lag" : nil, nowSeconds: now)
            }
            processes[index].step(
                ledger: &ledger, gone: gone, faults: faults, now: &now, random: &random)
            try #require(ledger.fault == nil, "history \(history), step \(steps)")
            try #require(ledger.repeated == 0, "history \(history), step \(steps)")
            if processes[index].pending.isEmpty, ledger.unfinished > 0 {
                gone = Set(processes.indices)
                processes.append(
                    SimulatedProcess(owner: processes.count, limits: limits, seed: 9))
            }
        }
        #expect(ledger.changes == Array(repeating: 1, count: keys), "history \(history)")
        for process in processes {
            #expect(process.highestInFlight <= RunScheduler.pipelineDepth)
            #expect(process.sentWhileClosed == 0)
        }
        return ledger.splits
    }

    @Test func aRunEndsCompletedWhenAllWorkersFindNothingLeft() {
        var ledger = SimulatedLedger(keys: 1_000, ranges: 5)
        var process = SimulatedProcess(owner: 1, limits: Limits(batchKeys: 10), seed: 3)
        var random = SeededGenerator(seed: 5)
        var now = 0.0
        while !process.scheduler.isFinished {
            process.step(
                ledger: &ledger, gone: [], faults: Faults(lost: 0, refused: 0), now: &now,
                random: &random)
        }
        #expect(process.scheduler.outcome == .completed)
        #expect(ledger.changes.allSatisfy { $0 == 1 })
    }

    @Test func aDrainGivesEveryRangeBackAndSendsNothingMore() {
        var ledger = SimulatedLedger(keys: 10_000, ranges: 20)
        var process = SimulatedProcess(owner: 1, limits: Limits(batchKeys: 10), seed: 3)
        var random = SeededGenerator(seed: 6)
        var now = 0.0
        for _ in 0..<200 {
            process.step(
                ledger: &ledger, gone: [], faults: Faults(lost: 0, refused: 0), now: &now,
                random: &random)
        }
        process.scheduler.stop(.drained)
        while !process.scheduler.isFinished {
            process.step(
                ledger: &ledger, gone: [], faults: Faults(lost: 0, refused: 0), now: &now,
                random: &random)
        }
        #expect(process.sentWhileClosed == 0)
        #expect(ledger.ranges.allSatisfy { $0.isDone || $0.owner == nil })
        #expect(ledger.unfinished > 0)
    }
}
