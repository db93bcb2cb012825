import Testing

@testable import SluiceCore

/// A worker that fills a region in lanes, step by step.
@Suite struct LaneSchedulingTests {
    private let range = HeldRange(number: 1, epoch: 1, hasCursor: true, batches: 0)
    private let survey = LaneSurvey(
        slices: [LaneSlice(lane: 0, step: 0, keys: 80), LaneSlice(lane: 1, step: 0, keys: 120)],
        transaction: 100, horizon: 100)

    /// A worker whose first plain batch is committed and whose horizon is young.
    private func begun(_ setting: LaneSetting = .fixed(2), steered: Bool = false) -> RunScheduler {
        var limits = Limits(batchKeys: 100)
        limits.lanes = setting
        var scheduler = RunScheduler(
            limits: limits, seed: 1,
            steering: steered ? BatchSteering(limits: limits, isTraced: true) : nil,
            laneFacts: [1: LaneFacts()])
        _ = scheduler.workersToStart()
        if steered {
            scheduler.observe(BatchSteering.Sighting(position: 1, replicas: []), nowSeconds: 0)
        }
        scheduler.horizonSeen(100, next: 100, nowSeconds: 0)
        #expect(scheduler.next(worker: 0, after: .started, nowSeconds: 0) == .connect)
        #expect(scheduler.next(worker: 0, after: .connected, nowSeconds: 0) == .claim)
        guard case .send = scheduler.next(worker: 0, after: .claimed(range), nowSeconds: 0) else {
            Issue.record("no plain batch goes first")
            return scheduler
        }
        return scheduler
    }

    /// What is asked of the server for two lanes.
    private var request: LaneRequest {
        guard case .lanes(let shape) = LaneChoice.decide(LaneFacts(), .fixed(2)) else {
            return LaneRule.request(shape: LaneShape(uniform: 1), batchKeys: 100)
        }
        return LaneRule.request(shape: shape, batchKeys: 100)
    }

    private func counts(
        _ keys: Int, _ transaction: UInt64? = nil, horizon: UInt64 = 100
    ) -> WorkerEvent {
        var counts = BatchCounts(keysScanned: keys, rowsChanged: keys, finishedRange: false)
        counts.lane = transaction.map {
            LaneMark(transaction: $0, horizon: horizon, hotRows: keys)
        }
        return .committed(counts)
    }

    /// The same with its region surveyed, and what it does then.
    private func surveyed(steered: Bool = false) -> (RunScheduler, WorkerAction) {
        var scheduler = begun(steered: steered)
        var action = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        while action == .receive || isPlain(action) {
            action = scheduler.next(
                worker: 0, after: action == .receive ? counts(100) : .sent, nowSeconds: 0)
        }
        #expect(action == .survey(range, request))
        action = scheduler.next(worker: 0, after: .surveyed(survey), nowSeconds: 0)
        return (scheduler, action)
    }

    private func isPlain(_ action: WorkerAction) -> Bool {
        if case .send = action { return true }
        return false
    }

    private func sent(_ action: WorkerAction) -> LaneBatch? {
        if case .sendLane(_, let batch) = action { return batch }
        return nil
    }

    @Test func aRegionIsFilledLaneByLaneAndThenPlainBatchesMayFollow() {
        var (scheduler, action) = surveyed()
        #expect(sent(action) == LaneBatch(slice: 0, first: 0, keys: 80, endsRegion: false))
        // What the second lane meets is still in the pipe.
        #expect(scheduler.next(worker: 0, after: .sent, nowSeconds: 0) == .receive)
        action = scheduler.next(worker: 0, after: counts(80, 101), nowSeconds: 0)
        #expect(action == .lookAtHorizon(afterSeconds: LaneRule.lookSeconds))
        action = scheduler.next(worker: 0, after: .horizon(102), nowSeconds: 0.1)
        #expect(sent(action) == LaneBatch(slice: 1, first: 0, keys: 120, endsRegion: true))
        #expect(scheduler.next(worker: 0, after: .sent, nowSeconds: 0.1) == .receive)
        action = scheduler.next(worker: 0, after: counts(120, 102), nowSeconds: 0.1)
        #expect(action == .survey(range, request))
        // Too little is ahead for another one.
        let empty = LaneSurvey(slices: [], transaction: 103, horizon: 102)
        action = scheduler.next(worker: 0, after: .surveyed(empty), nowSeconds: 0.1)
        #expect(isPlain(action))
    }

    @Test func whoWaitsForLongMakesOneLaneOfTheRest() {
        var (scheduler, action) = surveyed()
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        action = scheduler.next(worker: 0, after: counts(80, 101), nowSeconds: 0)
        action = scheduler.next(worker: 0, after: .horizon(101), nowSeconds: 0.9)
        #expect(action == .lookAtHorizon(afterSeconds: LaneRule.lookSeconds))
        action = scheduler.next(worker: 0, after: .horizon(101), nowSeconds: 1)
        guard case .survey(_, let request) = action else {
            Issue.record("\(action)")
            return
        }
        #expect(request.mergesRest)
        let merged = LaneSurvey(
            slices: [LaneSlice(lane: 1, step: 0, keys: 120)], transaction: 102, horizon: 101,
            isMerged: true)
        action = scheduler.next(worker: 0, after: .surveyed(merged), nowSeconds: 1)
        #expect(sent(action)?.keys == 120)
    }

    /// Behind a region a horizon that has just turned old is waited for, but not by who has just
    /// waited for it in the region.
    @Test(arguments: [false, true]) func aRegionWaitsForAHorizonUnlessItWasMerged(isMerged: Bool) {
        var (scheduler, action) = surveyed()
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        action = scheduler.next(worker: 0, after: counts(80, 101), nowSeconds: 0)
        scheduler.horizonSeen(101, next: 101, nowSeconds: 0.2)
        if isMerged {
            action = scheduler.next(worker: 0, after: .horizon(101), nowSeconds: 0)
            action = scheduler.next(worker: 0, after: .horizon(101), nowSeconds: 1)
            let merged = LaneSurvey(
                slices: [LaneSlice(lane: 1, step: 0, keys: 120)], transaction: 102, horizon: 101,
                isMerged: true)
            action = scheduler.next(worker: 0, after: .surveyed(merged), nowSeconds: 1)
        } else {
            action = scheduler.next(worker: 0, after: .horizon(102), nowSeconds: 1)
        }
        #expect(sent(action)?.keys == 120)
        // The oldest transaction began nine tenths of a second ago.
        scheduler.horizonSeen(102, next: 102, nowSeconds: 0.3)
        scheduler.horizonSeen(102, next: 105, nowSeconds: 1.2)
        #expect(scheduler.next(worker: 0, after: .sent, nowSeconds: 1.2) == .receive)
        action = scheduler.next(worker: 0, after: counts(120, 103, horizon: 102), nowSeconds: 1.2)
        if isMerged {
            #expect(isPlain(action), "\(action)")
        } else {
            guard case .wait = action else {
                Issue.record("\(action)")
                return
            }
        }
    }

    /// Regions that were merged say nothing of the table, however many there were.
    @Test func mergedRegionsDoNotEndLanes() {
        var (scheduler, action) = surveyed()
        let merged = LaneSurvey(
            slices: [LaneSlice(lane: 1, step: 0, keys: 120)], transaction: 102, horizon: 101,
            isMerged: true)
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        action = scheduler.next(worker: 0, after: counts(80, 101), nowSeconds: 0)
        action = scheduler.next(worker: 0, after: .horizon(101), nowSeconds: 0)
        action = scheduler.next(worker: 0, after: .horizon(101), nowSeconds: 1)
        for _ in 0..<LaneRule.poorRegionsMax {
            guard case .survey = action else {
                Issue.record("\(action)")
                return
            }
            action = scheduler.next(worker: 0, after: .surveyed(merged), nowSeconds: 1)
            #expect(sent(action)?.keys == 120)
            #expect(scheduler.next(worker: 0, after: .sent, nowSeconds: 1) == .receive)
            var counts = BatchCounts(keysScanned: 120, rowsChanged: 120, finishedRange: false)
            counts.lane = LaneMark(transaction: 103, horizon: 101, hotRows: 0)
            action = scheduler.next(worker: 0, after: .committed(counts), nowSeconds: 1)
        }
        #expect(action == .survey(range, request))
    }

    /// A survey that takes longer than a statement may, twice in sequence, leaves the range to
    /// plain batches, and the next range is surveyed; the same where its session is lost, which is
    /// what the bound on a transaction does.
    @Test(arguments: [true, false])
    func aRangeWhoseSurveysTakeTooLongGoesByPlainBatches(isLost: Bool) {
        var (scheduler, action) = (begun(), WorkerAction.receive)
        action = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        while action == .receive || isPlain(action) {
            action = scheduler.next(
                worker: 0, after: action == .receive ? counts(100) : .sent, nowSeconds: 0)
        }
        let slow = Failure(
            origin: isLost ? .connectionLost : .server, sqlState: isLost ? "25P04" : "57014",
            message: "too long", elapsedMilliseconds: 20_000)
        for step in 1...2 {
            guard case .survey = action else {
                Issue.record("\(action)")
                return
            }
            let now = Double(step) * 60
            action = scheduler.next(worker: 0, after: .failed(slow), nowSeconds: now)
            action = scheduler.next(worker: 0, after: .waited, nowSeconds: now + 50)
            if action == .connect {
                action = scheduler.next(worker: 0, after: .connected, nowSeconds: now + 50)
            }
            #expect(action == .reattach(range))
            action = scheduler.next(worker: 0, after: .reattached(range), nowSeconds: now + 50)
        }
        #expect(isPlain(action), "\(action)")
        #expect(scheduler.outcome == nil)
        // Whatever else becomes of this range, it is not surveyed again; another one is.
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 200)
        let deadlock = Failure(origin: .server, sqlState: "40P01", message: "no")
        _ = scheduler.next(worker: 0, after: .failed(deadlock), nowSeconds: 200)
        _ = scheduler.next(worker: 0, after: .waited, nowSeconds: 260)
        action = scheduler.next(worker: 0, after: .reattached(range), nowSeconds: 260)
        #expect(isPlain(action), "\(action)")
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 260)
        _ = scheduler.next(worker: 0, after: .failed(deadlock), nowSeconds: 260)
        _ = scheduler.next(worker: 0, after: .waited, nowSeconds: 320)
        #expect(
            scheduler.next(worker: 0, after: .reattached(nil), nowSeconds: 320) == .claim)
        let next = HeldRange(number: 2, epoch: 1, hasCursor: true, batches: 0)
        action = scheduler.next(worker: 0, after: .claimed(next), nowSeconds: 320)
        guard case .survey = action else {
            Issue.record("\(action)")
            return
        }
    }

    @Test func aFailureIsFollowedByTheLedgerAndASurvey() {
        var (scheduler, _) = surveyed()
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        let deadlock = Failure(origin: .server, sqlState: "40P01", message: "no")
        _ = scheduler.next(worker: 0, after: .failed(deadlock), nowSeconds: 0)
        #expect(
            scheduler.next(worker: 0, after: .waited, nowSeconds: 60) == .reattach(range.filling))
        var held = range
        held.hasRegion = true
        let action = scheduler.next(worker: 0, after: .reattached(held), nowSeconds: 60)
        guard case .survey(let again, let request) = action else {
            Issue.record("\(action)")
            return
        }
        #expect(again.hasRegion && !request.mergesRest)
    }

    @Test func aKeyThatCannotBeChangedIsFoundAndPassedInItsLane() {
        var (scheduler, action) = surveyed()
        let failure = Failure(origin: .server, sqlState: "23514", message: "no")
        var keys = 80
        while keys > 1 {
            #expect(sent(action)?.keys == keys && sent(action)?.first == 0)
            _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
            action = scheduler.next(worker: 0, after: .failed(failure), nowSeconds: 0)
            if case .wait = action {
                action = scheduler.next(worker: 0, after: .waited, nowSeconds: 60)
            }
            keys /= 2
        }
        let one = LaneBatch(slice: 0, first: 0, keys: 1, endsRegion: false)
        #expect(action == .probeLane(range.filling, one))
        let poison = PoisonKey(columns: ["7"], failure: failure)
        action = scheduler.next(worker: 0, after: .poisoned(poison), nowSeconds: 0)
        #expect(action == .quarantineLane(range.filling, poison, one))
        action = scheduler.next(
            worker: 0, after: .quarantined(.setAside(finishedRange: false)), nowSeconds: 0)
        #expect(sent(action) == LaneBatch(slice: 0, first: 1, keys: 79, endsRegion: false))
    }

    @Test func theLawIsToldWhatALaneReallyTakes() {
        var (scheduler, action) = surveyed(steered: true)
        #expect(sent(action)?.keys == 80)
        #expect(scheduler.batchKeys == 120)
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        action = scheduler.next(worker: 0, after: counts(80, 101, horizon: 200), nowSeconds: 0)
        #expect(sent(action)?.keys == 120)
        let told = scheduler.takeTrace().compactMap { event in
            if case .started(_, let keys, _) = event { keys } else { nil }
        }
        #expect(Array(told.suffix(2)) == [80, 120])
    }

    @Test func offMeansPlainBatchesEvenWhereARegionWasBegunByOthers() {
        var scheduler = begun(.off)
        #expect(!scheduler.hasLanes)
        var action = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        for _ in 0..<6 {
            let event = action == .receive ? counts(100) : .sent
            action = scheduler.next(worker: 0, after: event, nowSeconds: 0)
            #expect(action == .receive || isPlain(action))
        }
        // One that is under way has to be ended the way it was begun.
        var limits = Limits()
        limits.lanes = .off
        var other = RunScheduler(limits: limits, seed: 1, laneFacts: [1: LaneFacts()])
        _ = other.workersToStart()
        _ = other.next(worker: 0, after: .started, nowSeconds: 0)
        _ = other.next(worker: 0, after: .connected, nowSeconds: 0)
        guard case .survey = other.next(worker: 0, after: .claimed(range.filling), nowSeconds: 0)
        else {
            Issue.record("a region is left alone")
            return
        }
    }

    /// A claim of our own is under way at the first look, and over at the next.
    @Test func theHorizonIsAskedForUntilItsAgeIsKnown() {
        var scheduler = RunScheduler(limits: Limits(), seed: 1, laneFacts: [1: LaneFacts()])
        #expect(scheduler.needsHorizon)
        scheduler.horizonSeen(99, next: 100, nowSeconds: 0)
        #expect(scheduler.needsHorizon)
        scheduler.horizonSeen(100, next: 103, nowSeconds: 0.02)
        #expect(!scheduler.needsHorizon)
        let plain = RunScheduler(limits: Limits(), seed: 1)
        #expect(!plain.needsHorizon)
    }
}

extension HeldRange {
    /// The same with a region under way.
    fileprivate var filling: HeldRange {
        var range = self
        range.hasRegion = true
        return range
    }
}
