import Benchmark
import SluiceCore

/// What a worker's step costs: it is asked after everything that happens to a worker.
func addScheduling() {
    Benchmark("scheduling: a worker's batch is sent and committed") { benchmark in
        var limits = Limits(workers: 1...4, batchKeys: 2_000)
        limits.lanes = .off
        var scheduler = RunScheduler(limits: limits, seed: 7)
        let ids = scheduler.workersToStart()
        let range = HeldRange(number: 1, epoch: 1, hasCursor: true, batches: 0)
        for id in ids {
            _ = scheduler.next(worker: id, after: .started, nowSeconds: 0)
            _ = scheduler.next(worker: id, after: .connected, nowSeconds: 0)
            _ = scheduler.next(worker: id, after: .claimed(range), nowSeconds: 0)
        }
        let counts = BatchCounts(keysScanned: 2_000, rowsChanged: 2_000, finishedRange: false)
        var now = 0.0
        benchmark.startMeasurement()
        for step in benchmark.scaledIterations {
            now += 0.001
            let id = ids[step % ids.count]
            blackHole(scheduler.next(worker: id, after: .sent, nowSeconds: now))
            blackHole(scheduler.next(worker: id, after: .committed(counts), nowSeconds: now))
        }
    }
}
