import Testing

@testable import SluiceCore

/// The scheduler under the control law.
struct SteeringTests {
    /// A process whose workers hold a range each, on a server without anybody else.
    struct Process {
        var scheduler: RunScheduler
        var pending: [Int: WorkerEvent] = [:]
        var sent: [(worker: Int, keys: Int)] = []
        var released: [Int] = []
        var now = 0.0
        var position: UInt64 = 1 << 30
        var replicas: [ReplicaSighting] = []
        /// What every statement takes beside its rows, in seconds, as with a trigger for each.
        var statementSeconds = 0.0
        var sentAt: [Double] = []
        /// Processes of the run, this one included.
        var processes = 1
        private var inFlight: [Int: [(keys: Int, endsAt: Double)]] = [:]

        init(limits: Limits, isTraced: Bool = false) {
            scheduler = RunScheduler(
                limits: limits, seed: 1,
                steering: BatchSteering(limits: limits, isTraced: isTraced))
            for id in scheduler.workersToStart() { pending[id] = .started }
        }

        mutating func poll(foregroundSeconds: Double? = nil, othersWait: Bool = false) {
            scheduler.observe(
                BatchSteering.Sighting(
                    position: position, timeline: 1, replicas: replicas,
                    foregroundSeconds: foregroundSeconds, othersWait: othersWait,
                    processes: processes),
                nowSeconds: now)
        }

        /// Lets time pass; a batch takes 4 ms and 20 µs a key, a row writes 400 bytes of log.
        mutating func run(
            seconds: Double, polling: Bool = true, _ observe: (inout Process) -> Void = { _ in }
        ) {
            let end = now + seconds
            var nextPoll = now
            while now < end {
                if polling, now >= nextPoll {
                    observe(&self)
                    poll()
                    nextPoll = now + 0.25
                }
                for id in pending.keys.sorted() { step(id) }
                now += 0.005
            }
        }

        private mutating func step(_ id: Int) {
            guard let event = pending[id] else { return }
            if case .waited = event, let first = inFlight[id]?.first, first.endsAt > now { return }
            let action = scheduler.next(worker: id, after: event, nowSeconds: now)
            switch action {
            case .connect: pending[id] = .connected
            case .claim:
                pending[id] = .claimed(
                    HeldRange(number: id, epoch: 1, hasCursor: true, batches: 0))
            case .send(_, let keys, _, _):
                sent.append((id, keys))
                sentAt.append(now)
                let after = max(now, inFlight[id]?.last?.endsAt ?? now)
                inFlight[id, default: []].append((keys, after + seconds(keys)))
                pending[id] = .sent
            case .receive: receive(id)
            case .renew(let range):
                pending[id] = .renewed(
                    HeldRange(number: range.number, epoch: 1, hasCursor: true, batches: 0))
            case .release:
                released.append(id)
                pending[id] = .released
            default: pending[id] = .waited
            }
        }

        private func seconds(_ keys: Int) -> Double {
            0.004 + statementSeconds + Double(keys) * 20e-6
        }

        private mutating func receive(_ id: Int) {
            guard let first = inFlight[id]?.first else { return }
            inFlight[id]?.removeFirst()
            position += UInt64(first.keys * 400)
            var counts = BatchCounts(
                keysScanned: first.keys, rowsChanged: first.keys, finishedRange: false)
            counts.timing = BatchTiming(
                elapsedSeconds: seconds(first.keys), overheadSeconds: 0.004)
            pending[id] = .committed(counts)
        }
    }

    private func limits(_ workers: ClosedRange<Int> = 1...4, fixed: Int? = nil) -> Limits {
        var limits = Limits(workers: workers)
        limits.sizesBatches = fixed == nil
        if let fixed { limits.batchKeys = fixed }
        return limits
    }

    @Test func nothingStartsBeforeTheServerWasLookedAt() {
        var process = Process(limits: limits())
        process.run(seconds: 2, polling: false)
        #expect(process.sent.isEmpty)
        #expect(process.scheduler.limitedBy?.isEmpty == false)
        process.run(seconds: 1)
        #expect(!process.sent.isEmpty)
    }

    @Test func nothingStartsOnceTheServerIsSilent() {
        var process = Process(limits: limits())
        process.run(seconds: 3)
        process.run(seconds: 6, polling: false)
        let before = process.sent.count
        process.run(seconds: 5, polling: false)
        #expect(process.sent.count == before)
    }

    @Test func batchesGrowFromSmallOnesToWhatTheirFixedCostIsWorth() {
        var process = Process(limits: limits(1...1))
        process.run(seconds: 10)
        #expect(process.sent.first?.keys ?? .max <= 100)
        let last = process.sent.suffix(5).map(\.keys)
        #expect(last.allSatisfy { $0 > 2_000 && $0 < 20_000 }, "\(last)")
    }

    @Test func whatEveryStatementCostsIsNotTakenForTheCostOfRows() {
        var process = Process(limits: limits(1...1))
        process.statementSeconds = 0.2
        process.run(seconds: 30)
        let last = process.sent.suffix(10).map(\.keys)
        #expect(last.allSatisfy { $0 > 1_000 }, "\(last)")
    }

    @Test func thoseThatStayGoOnAtOnceWhenTheNumberOfWorkersFalls() {
        var process = Process(limits: limits(2...2, fixed: 5_000))
        process.run(seconds: 5)
        #expect(Set(process.sent.suffix(4).map(\.worker)) == [0, 1])
        process.scheduler.limitsChanged(to: limits(1...1, fixed: 5_000))
        let fell = process.now
        process.run(seconds: 5)
        let times = [fell] + process.sentAt.filter { $0 > fell }
        let gaps = zip(times.dropFirst(), times).map { $0 - $1 }
        // A batch lasts a tenth of a second.
        #expect(gaps.max() ?? .infinity < 0.4, "\(gaps.max() ?? 0)")
    }

    @Test func aSizeThatWasAskedForIsKept() {
        var process = Process(limits: limits(2...2, fixed: 700))
        process.run(seconds: 3)
        #expect(process.sent.allSatisfy { $0.keys == 700 })
        #expect(Set(process.sent.map(\.worker)) == [0, 1])
    }

    @Test func smallBatchesThatWereAskedForAreCountedAsWhatTheyAre() {
        var process = Process(limits: limits(2...2, fixed: 50))
        process.run(seconds: 10) { process in
            process.replicas = [
                ReplicaSighting(
                    id: "east", flushed: process.position, replayed: process.position,
                    isConnected: true)
            ]
        }
        // Taken for batches of the law's own size, a few a second would fill what may be written.
        #expect(process.sent.count > 1_000, "\(process.sent.count)")
    }

    @Test func itBeginsWithTwoWorkersAndTheOthersHoldNothing() {
        var process = Process(limits: limits(1...4))
        process.run(seconds: 0.2)
        #expect(Set(process.sent.map(\.worker)) == [0, 1])
        #expect(process.scheduler.workingCount == 2)
        process.run(seconds: 20)
        #expect(Set(process.sent.map(\.worker)).count > 2)
    }

    @Test func whoIsNeededIsAskedForSoonUntilTheFirstLook() {
        let limits = limits(1...4)
        var scheduler = RunScheduler(
            limits: limits, seed: 1, steering: BatchSteering(limits: limits))
        _ = scheduler.workersToStart()
        let before = scheduler.next(worker: 3, after: .started, nowSeconds: 0)
        #expect(before == .wait(seconds: RunScheduler.firstSliceSeconds))
        // A server that cannot be asked may stay so for minutes.
        scheduler.gateChanged(reason: "the server cannot be asked", nowSeconds: 0)
        let blind = scheduler.next(worker: 3, after: .waited, nowSeconds: 0.1)
        #expect(blind == .wait(seconds: RunScheduler.sliceSeconds))
        scheduler.gateChanged(reason: nil, nowSeconds: 0.1)
        scheduler.observe(
            BatchSteering.Sighting(position: 1, timeline: 1, replicas: []), nowSeconds: 0)
        let after = scheduler.next(worker: 3, after: .waited, nowSeconds: 0.1)
        #expect(after == .wait(seconds: RunScheduler.sliceSeconds))
    }

    @Test func whatThoseWhoWorkWaitForIsSaidThoughOthersStandBy() {
        let limits = limits(1...4)
        var scheduler = RunScheduler(
            limits: limits, seed: 1, steering: BatchSteering(limits: limits))
        _ = scheduler.workersToStart()
        scheduler.observe(
            BatchSteering.Sighting(position: 1, timeline: 1, replicas: []), nowSeconds: 0)
        let lock = Failure(origin: .server, sqlState: "55P03", message: "lock timeout")
        for worker in 0..<2 {
            let range = HeldRange(
                number: worker + 1, epoch: 1, hasCursor: true, batches: 0)
            for event in [WorkerEvent.started, .connected, .claimed(range), .sent, .failed(lock)] {
                _ = scheduler.next(worker: worker, after: event, nowSeconds: 0.1)
            }
        }
        for other in 2..<4 {
            let action = scheduler.next(worker: other, after: .started, nowSeconds: 0.1)
            guard case .wait = action else {
                Issue.record("\(action)")
                continue
            }
        }
        #expect(scheduler.waitingFor == "lock timeout")
    }

    @Test func aRateThatTheUserAllowsIsKept() {
        var bounded = limits(1...4, fixed: 5_000)
        bounded.maxRowsPerSecond = 2_000
        var process = Process(limits: bounded)
        process.run(seconds: 30)
        let rows = process.sent.map(\.keys).reduce(0, +)
        #expect(rows > 50_000 && rows < 64_000, "\(rows)")
        #expect(process.sent.allSatisfy { $0.keys <= 1_000 })
        #expect(process.scheduler.limitedBy?.contains("--max-rate 2000") == true)
    }

    @Test func aRateIsTheRunsAndNotEachProcesss() {
        var bounded = limits(1...4, fixed: 5_000)
        bounded.maxRowsPerSecond = 2_000
        var process = Process(limits: bounded)
        process.run(seconds: 10)
        process.processes = 4
        let alone = process.sent.count
        process.run(seconds: 30)
        let rows = process.sent[alone...].map(\.keys).reduce(0, +)
        #expect(rows > 12_000 && rows < 17_000, "\(rows)")
        #expect(process.sent[(alone + 4)...].allSatisfy { $0.keys <= 250 })
        // What the user asked for is what is said.
        #expect(
            process.scheduler.limitedBy?.contains(
                "--max-rate 2000 rows/s, which 4 processes share") == true)
        process.processes = 1
        let shared = process.sent.count
        process.run(seconds: 10)
        let again = process.sent[shared...].map(\.keys).reduce(0, +)
        #expect(again > 17_000 && again < 22_000, "\(again)")
    }

    @Test func aReplicaThatStandsStillStopsItAndRangesAreGivenBack() {
        var process = Process(limits: limits(2...2))
        process.run(seconds: 5) { process in
            process.replicas = [
                ReplicaSighting(
                    id: "east", flushed: process.position, replayed: process.position,
                    isConnected: true)
            ]
        }
        #expect(!process.sent.isEmpty)
        let replayed = process.position
        process.run(seconds: 12) { process in
            process.replicas = [
                ReplicaSighting(
                    id: "east", flushed: process.position, replayed: replayed,
                    isConnected: true)
            ]
        }
        let before = process.sent.count
        process.run(seconds: 12) { process in
            process.replicas = [
                ReplicaSighting(
                    id: "east", flushed: process.position, replayed: replayed,
                    isConnected: true)
            ]
        }
        #expect(process.sent.count == before)
        #expect(process.scheduler.waitingFor?.hasPrefix("replica lag") == true)
        #expect(Set(process.released) == [0, 1])
        process.run(seconds: 5) { process in
            process.replicas = [
                ReplicaSighting(
                    id: "east", flushed: process.position, replayed: process.position,
                    isConnected: true)
            ]
        }
        #expect(process.sent.count > before)
        #expect(process.scheduler.waitingFor == nil)
    }

    @Test(arguments: [1, 4]) func theApplicationsLatencyHoldsWorkersBack(fewest: Int) {
        var bounded = limits(fewest...4)
        bounded.foregroundBudget = .seconds(0.010)
        var process = Process(limits: bounded)
        var free = Process(limits: limits(fewest...4))
        for _ in 0..<120 {
            process.poll(foregroundSeconds: 0.030)
            process.run(seconds: 0.25, polling: false)
            free.poll()
            free.run(seconds: 0.25, polling: false)
        }
        let (held, whole) = (process.sent.suffix(1_000).count, free.sent.count)
        #expect(held * 4 < whole, "\(held) of \(whole)")
        #expect(process.scheduler.limitedBy?.contains("--foreground-budget") == true)
    }

    @Test func afterAFailoverTheReplicaThatBecameThePrimaryIsNotMissed() {
        var process = Process(limits: limits(2...2))
        process.run(seconds: 40) { process in
            process.replicas = [
                ReplicaSighting(
                    id: "east", flushed: process.position, replayed: process.position,
                    isConnected: true)
            ]
        }
        process.replicas = []
        process.run(seconds: 1)
        #expect(process.scheduler.waitingFor?.contains("east") == true)
        let before = process.sent.count
        for _ in 0..<8 {
            process.scheduler.observe(
                BatchSteering.Sighting(
                    position: process.position, timeline: 2, replicas: []),
                nowSeconds: process.now)
            process.run(seconds: 0.25, polling: false)
        }
        #expect(process.sent.count > before)
    }

    @Test func whatWasTracedIsDecidedAgainInTheSameWay() {
        var process = Process(limits: limits(1...4), isTraced: true)
        process.run(seconds: 15) { process in
            process.replicas = [
                ReplicaSighting(
                    id: "east", flushed: process.position,
                    replayed: process.position - min(process.position, 300_000),
                    isConnected: true)
            ]
        }
        var events = process.scheduler.takeTrace()
        #expect(events.count > 200)
        #expect(ControlTrace.firstDifference(in: events) == nil)
        // A poll that saw another thing leads somewhere else.
        let index = events.firstIndex { event in
            if case .poll(let seen, _) = event { return seen.replicas.nowSeconds > 5 }
            return false
        }
        guard let index, case .poll(var seen, let decision) = events[index] else {
            Issue.record("no poll")
            return
        }
        seen.replicas.primaryPosition += 1 << 32
        events[index] = .poll(seen, decision)
        #expect(ControlTrace.firstDifference(in: events) != nil)
    }
}
