import SluiceCore
import Testing

@Suite struct RunSchedulerTests {
    /// A scheduler whose only worker holds range 3 and has nothing in flight.
    private func holding(
        hasCursor: Bool = true, limits: Limits = Limits(workers: 1...1), batches: Int = 0,
        isPooled: Bool = false
    ) -> (RunScheduler, WorkerAction) {
        var scheduler = RunScheduler(limits: limits, seed: 1, isPooled: isPooled)
        #expect(scheduler.workersToStart() == [0])
        #expect(scheduler.next(worker: 0, after: .started, nowSeconds: 0) == .connect)
        #expect(scheduler.next(worker: 0, after: .connected, nowSeconds: 0) == .claim)
        let range = HeldRange(number: 3, epoch: 2, hasCursor: hasCursor, batches: batches)
        let action = scheduler.next(worker: 0, after: .claimed(range), nowSeconds: 0)
        return (scheduler, action)
    }

    private let range = HeldRange(number: 3, epoch: 2, hasCursor: true, batches: 0)

    @Test func aPipeHoldsTwoBatchesAndThenWaitsForTheOlder() {
        var (scheduler, action) = holding()
        #expect(action == .send(range, keys: 5_000, firstOfRange: false))
        action = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        #expect(action == .send(range, keys: 5_000, firstOfRange: false))
        #expect(scheduler.next(worker: 0, after: .sent, nowSeconds: 0) == .receive)
    }

    @Test func aPooledSessionIsGivenBackAfterEachBatch() {
        var (scheduler, action) = holding(isPooled: true)
        for _ in 0..<3 {
            #expect(action == .send(range, keys: 5_000, firstOfRange: false))
            #expect(scheduler.next(worker: 0, after: .sent, nowSeconds: 0) == .receive)
            let counts = BatchCounts(keysScanned: 5_000, rowsChanged: 1, finishedRange: false)
            action = scheduler.next(worker: 0, after: .committed(counts), nowSeconds: 0)
        }
    }

    @Test func onlyTheFirstBatchOfARangeThatIsOpenBelowHasNoLowerBound() {
        var (scheduler, action) = holding(hasCursor: false)
        let open = HeldRange(number: 3, epoch: 2, hasCursor: false, batches: 0)
        #expect(action == .send(open, keys: 5_000, firstOfRange: true))
        action = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        #expect(action == .send(open, keys: 5_000, firstOfRange: false))
    }

    /// What a batch changed before it met a row that somebody holds was for nothing: it is a
    /// quarter of that the next time, one row at last, which never fails the run, and grows back.
    @Test func aBatchThatMeetsAHeldLockGetsSmaller() {
        var (scheduler, action) = holding()
        let lock = Failure(origin: .server, sqlState: "55P03", message: "lock timeout")
        var asked: [Int] = []
        for step in 1...10 {
            guard case .send(_, let keys, _, _) = action else {
                Issue.record("\(action)")
                return
            }
            asked.append(keys)
            let now = Double(step) * 60
            _ = scheduler.next(worker: 0, after: .sent, nowSeconds: now)
            _ = scheduler.next(worker: 0, after: .failed(lock), nowSeconds: now)
            _ = scheduler.next(worker: 0, after: .waited, nowSeconds: now + 30)
            action = scheduler.next(worker: 0, after: .reattached(range), nowSeconds: now + 30)
        }
        #expect(asked == [5_000, 1_250, 312, 78, 19, 4, 1, 1, 1, 1])
        #expect(scheduler.outcome == nil)
        for _ in 0..<200 {
            _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 900)
            let counts = BatchCounts(keysScanned: 1, rowsChanged: 1, finishedRange: false)
            action = scheduler.next(worker: 0, after: .committed(counts), nowSeconds: 900)
        }
        #expect(action == .send(range, keys: 5_000, firstOfRange: false))
    }

    /// What else takes too long than a batch is not cured by smaller batches, nor blamed on a row,
    /// and ends the run only where it goes on.
    @Test func aSlowLedgerIsNoReasonForSmallerBatches() {
        var (scheduler, _) = holding()
        let slow = Failure(
            origin: .server, sqlState: "57014", message: "timeout", elapsedMilliseconds: 60_000)
        let lock = Failure(origin: .server, sqlState: "55P03", message: "lock timeout")
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        for step in 1...6 {
            _ = scheduler.next(worker: 0, after: .failed(lock), nowSeconds: Double(step) * 60)
            _ = scheduler.next(worker: 0, after: .waited, nowSeconds: Double(step) * 60 + 30)
            _ = scheduler.next(
                worker: 0, after: .reattached(range), nowSeconds: Double(step) * 60 + 30)
            _ = scheduler.next(worker: 0, after: .sent, nowSeconds: Double(step) * 60 + 30)
        }
        let counts = BatchCounts(keysScanned: 1, rowsChanged: 1, finishedRange: false)
        _ = scheduler.next(worker: 0, after: .committed(counts), nowSeconds: 500)
        _ = scheduler.next(worker: 0, after: .fenceMissed, nowSeconds: 500)
        for step in 1..<RunScheduler.slowAttemptsMax {
            _ = scheduler.next(worker: 0, after: .failed(slow), nowSeconds: 1_000 + Double(step))
            #expect(scheduler.outcome == nil, "\(step)")
        }
        _ = scheduler.next(worker: 0, after: .failed(slow), nowSeconds: 2_000)
        #expect(scheduler.outcome != nil)
    }

    @Test func afterAFailureTheLedgerIsReadBeforeAnythingIsSent() {
        var (scheduler, _) = holding()
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        let deadlock = Failure(origin: .server, sqlState: "40P01", message: "deadlock")
        var action = scheduler.next(worker: 0, after: .failed(deadlock), nowSeconds: 0)
        guard case .wait = action else {
            Issue.record("expected a wait, got \(action)")
            return
        }
        action = scheduler.next(worker: 0, after: .waited, nowSeconds: 60)
        #expect(action == .reattach(range))
        action = scheduler.next(worker: 0, after: .reattached(range), nowSeconds: 60)
        #expect(action == .send(range, keys: 5_000, firstOfRange: false))
    }

    @Test func aRangeThatIsNoLongerHeldAfterALostConnectionIsForgotten() {
        var (scheduler, _) = holding()
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        let lost = Failure(origin: .connectionLost, message: "gone")
        _ = scheduler.next(worker: 0, after: .failed(lost), nowSeconds: 0)
        #expect(scheduler.next(worker: 0, after: .waited, nowSeconds: 60) == .connect)
        #expect(scheduler.next(worker: 0, after: .connected, nowSeconds: 60) == .reattach(range))
        #expect(scheduler.next(worker: 0, after: .reattached(nil), nowSeconds: 60) == .claim)
    }

    @Test func theSecondBatchOfAFinishedRangeMissesWithoutHarm() {
        var (scheduler, _) = holding()
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        let last = BatchCounts(keysScanned: 7, rowsChanged: 7, finishedRange: true)
        #expect(scheduler.next(worker: 0, after: .committed(last), nowSeconds: 1) == .receive)
        #expect(scheduler.next(worker: 0, after: .fenceMissed, nowSeconds: 1) == .claim)
    }

    @Test func aLostFenceMakesTheWorkerReadOutThePipeAndClaimAnother() {
        var (scheduler, _) = holding()
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        #expect(scheduler.next(worker: 0, after: .fenceMissed, nowSeconds: 1) == .receive)
        #expect(scheduler.next(worker: 0, after: .fenceMissed, nowSeconds: 1) == .claim)
    }

    @Test func aClosedGateHoldsBatchesBackAndAfterAWhileGivesTheRangeBack() {
        var (scheduler, _) = holding()
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        scheduler.gateChanged(reason: "replica lag", nowSeconds: 0)
        let counts = BatchCounts(keysScanned: 1, rowsChanged: 1, finishedRange: false)
        var action = scheduler.next(worker: 0, after: .committed(counts), nowSeconds: 1)
        #expect(action == .wait(seconds: 0.2))
        #expect(scheduler.waitingFor == "replica lag")
        action = scheduler.next(worker: 0, after: .waited, nowSeconds: 6)
        #expect(action == .release(range))
    }

    @Test func aWorkerThatFindsNoFreeRangeTakesHalfOfAnother() {
        var (scheduler, _) = idle()
        var action = scheduler.next(
            worker: 0, after: .nothingClaimable(unfinished: 2), nowSeconds: 1)
        #expect(action == .split(batchKeys: 5_000))
        action = scheduler.next(worker: 0, after: .split(range), nowSeconds: 1)
        #expect(action == .send(range, keys: 5_000, firstOfRange: false))
    }

    @Test func whereNoCutPaysRangesAreAskedForMoreOftenThanCuts() {
        var (scheduler, _) = idle()
        _ = scheduler.next(worker: 0, after: .nothingClaimable(unfinished: 1), nowSeconds: 1)
        var now = 1.0
        var action = scheduler.next(worker: 0, after: .split(nil), nowSeconds: now)
        var claims = 0
        while action != .split(batchKeys: 5_000), now < 60 {
            if case .wait(let seconds) = action {
                now += seconds
                action = scheduler.next(worker: 0, after: .waited, nowSeconds: now)
            } else {
                #expect(action == .claim)
                claims += 1
                guard claims < 100 else { break }
                action = scheduler.next(
                    worker: 0, after: .nothingClaimable(unfinished: 1), nowSeconds: now)
            }
        }
        #expect(now >= 1 + SplitRule.retrySeconds)
        #expect(claims > 2)
    }

    @Test func theTailIsCountedFromTheLastBatchOfTheFirstWorkerThatRanDry() {
        var scheduler = RunScheduler(limits: Limits(workers: 1...3), seed: 1)
        let counts = BatchCounts(keysScanned: 1, rowsChanged: 1, finishedRange: false)
        _ = scheduler.next(worker: 0, after: .committed(counts), nowSeconds: 3)
        #expect(scheduler.tailSeconds == nil)
        _ = scheduler.next(worker: 1, after: .committed(counts), nowSeconds: 5)
        _ = scheduler.next(worker: 0, after: .committed(counts), nowSeconds: 7)
        _ = scheduler.next(worker: 2, after: .started, nowSeconds: 9)
        #expect(scheduler.tailSeconds == 2)
    }

    @Test func theEndIsSeenAtOnceByAWorkerThatWaitsForTheLastRange() {
        var (scheduler, _) = idle()
        _ = scheduler.next(worker: 0, after: .nothingClaimable(unfinished: 1), nowSeconds: 1)
        _ = scheduler.next(worker: 0, after: .split(nil), nowSeconds: 1)
        #expect(scheduler.next(worker: 0, after: .waited, nowSeconds: 1.2) == .claim)
        #expect(
            scheduler.next(worker: 0, after: .nothingClaimable(unfinished: 0), nowSeconds: 1.2)
                == .exit)
        #expect(scheduler.outcome == .completed)
    }

    /// A scheduler whose only worker is about to claim.
    private func idle() -> (RunScheduler, WorkerAction) {
        var scheduler = RunScheduler(limits: Limits(workers: 1...1), seed: 1)
        _ = scheduler.workersToStart()
        _ = scheduler.next(worker: 0, after: .started, nowSeconds: 0)
        let action = scheduler.next(worker: 0, after: .connected, nowSeconds: 0)
        return (scheduler, action)
    }

    @Test func aLedgerRowThatTookManyBatchesIsRenewed() {
        let (_, action) = holding(batches: RunScheduler.batchesPerLedgerRow)
        #expect(
            action
                == .renew(
                    HeldRange(
                        number: 3, epoch: 2, hasCursor: true,
                        batches: RunScheduler.batchesPerLedgerRow)))
    }

    @Test func aStatementTimeoutQuartersTheBatchAndSuccessGrowsItBack() {
        var (scheduler, _) = holding()
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        let slow = Failure(
            origin: .server, sqlState: "57014", message: "slow", elapsedMilliseconds: 20_000)
        _ = scheduler.next(worker: 0, after: .failed(slow), nowSeconds: 0)
        #expect(scheduler.batchKeys == 1_250)
        var action = scheduler.next(worker: 0, after: .reattached(range), nowSeconds: 60)
        let counts = BatchCounts(keysScanned: 1, rowsChanged: 1, finishedRange: false)
        for _ in 0..<16 {
            action = scheduler.next(worker: 0, after: .sent, nowSeconds: 60)
            action = scheduler.next(worker: 0, after: .committed(counts), nowSeconds: 60)
        }
        #expect(action == .send(range, keys: 5_000, firstOfRange: false))
    }

    @Test func aBatchThatMakesWayIsTriedSmallerAndNeverStopsTheRun() {
        var (scheduler, _) = holding()
        let yield = Failure(
            origin: .server, sqlState: "57014", message: "cancel", elapsedMilliseconds: 1_000,
            isYield: true)
        for _ in 0..<20 {
            _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
            _ = scheduler.next(worker: 0, after: .failed(yield), nowSeconds: 0)
        }
        #expect(scheduler.outcome == nil)
        #expect(scheduler.batchKeys == 1)
    }

    @Test func aCancelBySomebodyElseIsRetriedThreeTimesAndThenPausesTheRun() {
        var (scheduler, _) = holding()
        let cancelled = Failure(
            origin: .server, sqlState: "57014", message: "cancel", elapsedMilliseconds: 5)
        for attempt in 1...4 {
            #expect(scheduler.outcome == nil, "attempt \(attempt)")
            _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
            _ = scheduler.next(worker: 0, after: .failed(cancelled), nowSeconds: 0)
        }
        #expect(scheduler.outcome == .pausedByAdministrator(cancelled))
        #expect(scheduler.batchKeys == 5_000)
    }

    @Test func fewerWorkersRetireAndMoreWorkersStart() {
        var scheduler = RunScheduler(limits: Limits(workers: 1...3), seed: 1)
        #expect(scheduler.workersToStart() == [0, 1, 2])
        scheduler.limitsChanged(to: Limits(workers: 1...1))
        #expect(scheduler.next(worker: 2, after: .started, nowSeconds: 0) == .exit)
        #expect(scheduler.next(worker: 1, after: .started, nowSeconds: 0) == .exit)
        scheduler.limitsChanged(to: Limits(workers: 1...4))
        #expect(scheduler.workersToStart() == [1, 2, 3])
    }

    @Test func aServerThatStaysAwayEndsTheRunAsUnreachable() {
        var (scheduler, _) = holding()
        let refused = Failure(origin: .connect, message: "refused")
        var now = 0.0
        var action = scheduler.next(worker: 0, after: .failed(refused), nowSeconds: now)
        while action != .exit {
            now += 1
            action = scheduler.next(
                worker: 0, after: action == .connect ? .failed(refused) : .waited, nowSeconds: now)
        }
        #expect(scheduler.outcome == .unreachable(refused))
        #expect(now > RunScheduler.outageSecondsMax)
        #expect(scheduler.isFinished)
    }
}

@Suite struct OutageTests {
    @Test func anOutageIsCountedFromItsOwnBeginningAndNotFromAnEarlierOne() {
        var scheduler = RunScheduler(limits: Limits(workers: 1...1), seed: 1)
        _ = scheduler.workersToStart()
        let lost = Failure(origin: .connectionLost, message: "gone")
        _ = scheduler.next(worker: 0, after: .started, nowSeconds: 0)
        _ = scheduler.next(worker: 0, after: .failed(lost), nowSeconds: 0)
        _ = scheduler.next(worker: 0, after: .connected, nowSeconds: 10)
        _ = scheduler.next(worker: 0, after: .nothingClaimable(unfinished: 1), nowSeconds: 900)
        _ = scheduler.next(worker: 0, after: .failed(lost), nowSeconds: 1_000)
        #expect(scheduler.outcome == nil)
    }
}

@Suite struct CrashLoopTests {
    @Test func aBatchThatEndsItsSessionAgainAndAgainStopsTheRun() {
        var scheduler = RunScheduler(limits: Limits(workers: 1...1), seed: 1)
        _ = scheduler.workersToStart()
        let range = HeldRange(number: 1, epoch: 1, hasCursor: true, batches: 0)
        let lost = Failure(origin: .connectionLost, sqlState: "57P02", message: "crash")
        _ = scheduler.next(worker: 0, after: .connected, nowSeconds: 0)
        _ = scheduler.next(worker: 0, after: .claimed(range), nowSeconds: 0)
        var losses = 0
        while scheduler.outcome == nil, losses < 100 {
            _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
            _ = scheduler.next(worker: 0, after: .failed(lost), nowSeconds: 0)
            _ = scheduler.next(worker: 0, after: .connected, nowSeconds: 0)
            _ = scheduler.next(worker: 0, after: .reattached(range), nowSeconds: 0)
            losses += 1
        }
        #expect(losses == RunScheduler.lossesMax + 1)
        #expect(scheduler.outcome == .failed(lost))
    }
}

@Suite struct SplitRuleTests {
    @Test func theOwnerKeepsTheBatchInExecutionAndHalfOfWhatFollows() {
        let rule = SplitRule(batchKeys: 5_000)
        #expect(rule.stepKeys == 1_250)
        #expect(rule.fewestKeys == 7_500)
        #expect(rule.keptKeys(ahead: 7_500) == 6_250)
        #expect(rule.keptKeys(ahead: 25_000) == 15_000)
        #expect(rule.keptKeys(ahead: 320_000) == rule.walkedKeys)
    }

    @Test(arguments: 1...40)
    func bothSidesGetSomethingWhateverTheBatch(batchKeys: Int) {
        let rule = SplitRule(batchKeys: batchKeys)
        #expect(rule.walkedKeys.isMultiple(of: rule.stepKeys))
        for ahead in stride(from: rule.fewestKeys, to: rule.walkedKeys, by: rule.stepKeys) {
            let kept = rule.keptKeys(ahead: ahead)
            #expect(kept > batchKeys - rule.stepKeys && kept >= batchKeys && kept < ahead)
        }
    }
}
