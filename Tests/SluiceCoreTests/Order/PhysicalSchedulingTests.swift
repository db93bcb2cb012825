import Testing

@testable import SluiceCore

/// A worker that goes by pages.
@Suite struct PhysicalSchedulingTests {
    private let pages = HeldRange(
        number: 1, epoch: 1, hasCursor: true, batches: 0, isPhysical: true)
    private let sweep = HeldRange(number: 9, epoch: 1, hasCursor: true, batches: 0)
    private let poison = Failure(origin: .server, sqlState: "22012", message: "division by zero")

    private func begun(
        _ range: HeldRange, _ change: (inout Limits) -> Void = { _ in }
    ) -> (RunScheduler, WorkerAction) {
        var limits = Limits(batchKeys: 100)
        limits.lanes = .fixed(2)
        change(&limits)
        var facts = LaneFacts()
        facts.isPhysical = true
        var scheduler = RunScheduler(limits: limits, seed: 1, laneFacts: [1: facts])
        _ = scheduler.workersToStart()
        scheduler.horizonSeen(100, next: 100, nowSeconds: 0)
        _ = scheduler.next(worker: 0, after: .started, nowSeconds: 0)
        _ = scheduler.next(worker: 0, after: .connected, nowSeconds: 0)
        let action = scheduler.next(worker: 0, after: .claimed(range), nowSeconds: 0)
        return (scheduler, action)
    }

    private func committed(_ keys: Int, rows: Int) -> WorkerEvent {
        .committed(BatchCounts(keysScanned: keys, rowsChanged: rows, finishedRange: false))
    }

    @Test func aRangeOfPagesGoesByPages() {
        let (_, first) = begun(pages)
        #expect(first == .sendPages(pages, keys: 100, skips: false))
        let (_, second) = begun(sweep)
        #expect(second == .send(sweep, keys: 100, firstOfRange: false))
    }

    @Test func lanesAreForPagesAndNotForTheSweep() {
        for (range, hasLanes) in [(pages, true), (sweep, false)] {
            var (scheduler, action) = begun(range)
            for _ in 0..<8 {
                if case .survey = action { break }
                let event: WorkerEvent =
                    action == .receive ? committed(100, rows: 100) : .sent
                action = scheduler.next(worker: 0, after: event, nowSeconds: 0)
            }
            if case .survey = action {
                #expect(hasLanes)
            } else {
                #expect(!hasLanes)
            }
        }
    }

    /// Others may keep the horizon a second old for ever: a worker waits once, and goes on.
    @Test func aRegionIsNotWaitedForForEver() {
        var (scheduler, _) = begun(pages)
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        // What came next a second ago is the oldest that anybody sees.
        func see(_ step: Int) {
            scheduler.horizonSeen(
                100 + UInt64(max(0, step - 20)), next: 101 + UInt64(step),
                nowSeconds: Double(step) / 20)
        }
        for step in 0...20 { see(step) }
        var action = scheduler.next(worker: 0, after: committed(100, rows: 100), nowSeconds: 1)
        var (plain, waited, inPipe, mostInPipe) = (0, 0.0, 0, 0)
        for step in 21...420 {
            let now = Double(step) / 20
            see(step)
            switch action {
            case .wait:
                waited += 1.0 / 20
                action = scheduler.next(worker: 0, after: .waited, nowSeconds: now)
            case .sendPages:
                plain += 1
                inPipe += 1
                mostInPipe = max(mostInPipe, inPipe)
                action = scheduler.next(worker: 0, after: .sent, nowSeconds: now)
            case .receive:
                inPipe -= 1
                action = scheduler.next(
                    worker: 0, after: committed(100, rows: 100), nowSeconds: now)
            default:
                Issue.record("\(action)")
                return
            }
        }
        #expect(mostInPipe > 1, "one goes out behind the other again")
        #expect(plain > 100, "\(plain) batches")
        #expect(waited > 0 && waited <= 2 * LaneRule.patienceSeconds, "\(waited) s")
    }

    /// The sweep finds the key; the pages of its batch are passed by.
    @Test(arguments: [100, 0]) func pagesThatCannotBeChangedAreSkipped(_ mayQuarantine: Int) {
        var (scheduler, _) = begun(pages) {
            $0.lanes = .off
            $0.maxQuarantine = mayQuarantine
        }
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        var action = scheduler.next(worker: 0, after: .failed(poison), nowSeconds: 0)
        if case .wait = action {
            action = scheduler.next(worker: 0, after: .waited, nowSeconds: 60)
        }
        #expect(action == .sendPages(pages, keys: 100, skips: true))
        // Nothing goes out behind it before it is answered; then the range goes on.
        action = scheduler.next(worker: 0, after: .sent, nowSeconds: 60)
        while action != .receive {
            action = scheduler.next(worker: 0, after: .sent, nowSeconds: 60)
        }
        action = scheduler.next(worker: 0, after: committed(100, rows: 0), nowSeconds: 60)
        #expect(scheduler.outcome == nil)
        #expect(
            action == .sendPages(pages, keys: 100, skips: false) || action == .receive)
    }

    @Test func aLaneOfPagesThatCannotBeChangedIsSkippedAsItWasSent() {
        var (scheduler, action) = begun(pages)
        for _ in 0..<8 {
            if case .survey = action { break }
            let event: WorkerEvent = action == .receive ? committed(100, rows: 100) : .sent
            action = scheduler.next(worker: 0, after: event, nowSeconds: 0)
        }
        let survey = LaneSurvey(
            slices: [
                LaneSlice(lane: 0, step: 0, keys: 260), LaneSlice(lane: 1, step: 0, keys: 80),
            ],
            transaction: 100, horizon: 100)
        action = scheduler.next(worker: 0, after: .surveyed(survey), nowSeconds: 0)
        guard case .sendLane(let range, let batch) = action else {
            Issue.record("\(action)")
            return
        }
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        action = scheduler.next(worker: 0, after: .failed(poison), nowSeconds: 0)
        if case .wait = action {
            action = scheduler.next(worker: 0, after: .waited, nowSeconds: 60)
        }
        #expect(action == .skipLane(range, batch))
        action = scheduler.next(worker: 0, after: .sent, nowSeconds: 60)
        if action == .receive {
            action = scheduler.next(worker: 0, after: committed(100, rows: 0), nowSeconds: 60)
        }
        guard case .sendLane(_, let next) = action else {
            Issue.record("\(action)")
            return
        }
        #expect(next.slice == 0 && next.first == batch.keys)
    }

    /// It waits a moment for what the last lane left, and then goes without; and that it finds
    /// nothing to change says nothing of the pages ahead.
    @Test func aLastVisitNeitherWaitsForLongNorEndsLanes() {
        var (scheduler, action) = begun(pages) { $0.lanes = .fixed(2) }
        func survey() {
            for _ in 0..<8 {
                if case .survey = action { return }
                let event: WorkerEvent = action == .receive ? committed(100, rows: 100) : .sent
                action = scheduler.next(worker: 0, after: event, nowSeconds: 0)
            }
        }
        func lane(_ transaction: UInt64, keys: Int, rows: Int) -> WorkerEvent {
            var counts = BatchCounts(keysScanned: keys, rowsChanged: rows, finishedRange: false)
            counts.lane = LaneMark(transaction: transaction, horizon: 100, hotRows: rows)
            return .committed(counts)
        }
        survey()
        let slices =
            [LaneSlice(lane: 0, step: 0, keys: 100)]
            + (0..<12).map { LaneSlice(lane: 1, step: $0, keys: 3, isLastVisit: true) }
        action = scheduler.next(
            worker: 0,
            after: .surveyed(LaneSurvey(slices: slices, transaction: 100, horizon: 100)),
            nowSeconds: 0)
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        action = scheduler.next(worker: 0, after: lane(150, keys: 100, rows: 100), nowSeconds: 0)
        #expect(action == .lookAtHorizon(afterSeconds: LaneRule.lookSeconds))
        action = scheduler.next(worker: 0, after: .horizon(100), nowSeconds: 0.2)
        var visits = 0
        var now = 0.2
        while case .sendLane(_, let batch) = action {
            #expect(batch.slice > 0)
            visits += 1
            now += 0.01
            _ = scheduler.next(worker: 0, after: .sent, nowSeconds: now)
            action = scheduler.next(worker: 0, after: lane(151, keys: 3, rows: 0), nowSeconds: now)
            if case .lookAtHorizon = action {
                now += 0.2
                action = scheduler.next(worker: 0, after: .horizon(100), nowSeconds: now)
            }
        }
        #expect(visits == 12)
        scheduler.horizonSeen(200, next: 200, nowSeconds: now)
        if case .survey(_, let request) = action {
            #expect(!request.mergesRest)
        } else {
            Issue.record("lanes ended: \(action)")
        }
    }

    /// What it took is no row's cost, though it found a few to change; its duration is what a
    /// budget's pause goes by.
    @Test func aLastVisitIsNoEvidenceOfCost() {
        var limits = Limits()
        limits.lanes = .fixed(2)
        var facts = LaneFacts()
        facts.isPhysical = true
        var scheduler = RunScheduler(
            limits: limits, seed: 1, steering: BatchSteering(limits: limits),
            laneFacts: [1: facts])
        _ = scheduler.workersToStart()
        scheduler.horizonSeen(100, next: 100, nowSeconds: 0)
        scheduler.observe(BatchSteering.Sighting(position: 1, replicas: []), nowSeconds: 0)
        func done(_ keys: Int, seconds: Double) -> WorkerEvent {
            var counts = BatchCounts(keysScanned: keys, rowsChanged: keys, finishedRange: false)
            counts.timing = BatchTiming(elapsedSeconds: seconds, overheadSeconds: 0.001)
            counts.lane = LaneMark(transaction: 50, horizon: 100, hotRows: keys)
            return .committed(counts)
        }
        _ = scheduler.next(worker: 0, after: .started, nowSeconds: 0)
        _ = scheduler.next(worker: 0, after: .connected, nowSeconds: 0)
        var action = scheduler.next(worker: 0, after: .claimed(pages), nowSeconds: 0)
        for _ in 0..<9 {
            if case .survey = action { break }
            let event = action == .receive ? done(100, seconds: 0.01) : .sent
            action = scheduler.next(worker: 0, after: event, nowSeconds: 0.1)
        }
        let slices = [
            LaneSlice(lane: 0, step: 0, keys: 50),
            LaneSlice(lane: 1, step: 0, keys: 3, isLastVisit: true),
            LaneSlice(lane: 1, step: 1, keys: 3, isLastVisit: true),
        ]
        action = scheduler.next(
            worker: 0,
            after: .surveyed(LaneSurvey(slices: slices, transaction: 40, horizon: 100)),
            nowSeconds: 0.1)
        var costs: [BatchCost?] = []
        var sizes: [Int] = []
        for _ in 0..<9 where costs.count < 3 {
            if action == .receive {
                let keys = costs.isEmpty ? 50 : 3
                action = scheduler.next(
                    worker: 0, after: done(keys, seconds: costs.isEmpty ? 0.005 : 9),
                    nowSeconds: 0.2)
                costs.append(scheduler.steering?.control.cost)
                sizes.append(scheduler.steering?.batchKeys ?? 0)
            } else {
                action = scheduler.next(worker: 0, after: .sent, nowSeconds: 0.2)
            }
        }
        #expect(costs.count == 3 && costs[0]?.rowSeconds != nil)
        #expect(costs[1] == costs[0] && costs[2] == costs[0])
        // The same size, or a smaller one where it is a trial's turn; 9 s would have quartered it.
        let usual = sizes.max() ?? 0
        let tried = Int(Double(usual) * BatchTrial.smallShare)
        #expect(sizes.allSatisfy { $0 == usual || $0 == tried }, "\(sizes)")
    }
}
