import SluiceCore
import Testing

/// A server that is out of disk, memory or connections.
@Suite struct ShortageSchedulingTests {
    /// Two workers with one batch under way each.
    private func working() -> RunScheduler {
        var scheduler = RunScheduler(limits: Limits(workers: 2...2), seed: 1)
        _ = scheduler.workersToStart()
        for worker in 0...1 {
            _ = scheduler.next(worker: worker, after: .connected, nowSeconds: 0)
            let range = HeldRange(number: worker, epoch: 1, hasCursor: true, batches: 0)
            _ = scheduler.next(worker: worker, after: .claimed(range), nowSeconds: 0)
            _ = scheduler.next(worker: worker, after: .sent, nowSeconds: 0)
        }
        return scheduler
    }

    @Test func aFullDiskStopsEveryWorkerUntilOneBatchHasRoomAgain() {
        var scheduler = working()
        let full = Failure(origin: .server, sqlState: "53100", message: "No space left on device")
        _ = scheduler.next(worker: 0, after: .failed(full), nowSeconds: 1)
        let counts = BatchCounts(keysScanned: 5_000, rowsChanged: 1, finishedRange: false)
        // The other one's batch was under way and found room: it proves nothing.
        guard case .wait = scheduler.next(worker: 1, after: .committed(counts), nowSeconds: 1.5)
        else {
            Issue.record("the second worker goes on")
            return
        }
        #expect(scheduler.waitingFor == "No space left on device")
        let later = scheduler.next(worker: 1, after: .waited, nowSeconds: 60)
        guard case .send = later else {
            Issue.record("\(later)")
            return
        }
        // One batch tries; the pipe is filled when it has committed.
        #expect(scheduler.next(worker: 1, after: .sent, nowSeconds: 60) == .receive)
        #expect(scheduler.shortage != nil)
        _ = scheduler.next(worker: 1, after: .committed(counts), nowSeconds: 61)
        #expect(scheduler.shortage == nil && scheduler.waitingFor == nil)
    }

    @Test func tooManyConnectionsStopNobodyElse() {
        var scheduler = working()
        let full = Failure(origin: .connect, sqlState: "53300", message: "too many clients")
        _ = scheduler.next(worker: 1, after: .failed(full), nowSeconds: 0)
        #expect(scheduler.shortage == nil)
        let counts = BatchCounts(keysScanned: 5_000, rowsChanged: 1, finishedRange: false)
        let next = scheduler.next(worker: 0, after: .committed(counts), nowSeconds: 0)
        guard case .send = next else {
            Issue.record("\(next)")
            return
        }
    }
}
