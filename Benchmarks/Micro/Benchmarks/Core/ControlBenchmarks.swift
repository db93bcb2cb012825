import Benchmark
import SluiceCore

/// The law: a look at the server four times a second, a decision for every batch.
func addControl() {
    for replicas in [0, 2, 8] {
        Benchmark("control: a look, \(replicas) replicas") { benchmark in
            var control = AdaptiveControl(limits: limits)
            var now = 0.0
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations {
                now += 0.25
                blackHole(control.poll(observation(replicas, nowSeconds: now)))
            }
        }
    }
    Benchmark("control: a batch begins and ends") { benchmark in
        var control = AdaptiveControl(limits: limits)
        var now = 0.25
        _ = control.poll(observation(2, nowSeconds: now))
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            now += 0.01
            guard case .start(let ticket) = control.start(nowSeconds: now) else {
                _ = control.poll(observation(2, nowSeconds: now))
                continue
            }
            let sample = BatchSample(
                nowSeconds: now + 0.005, rows: 2_000, overheadSeconds: 0.000_5,
                latencySeconds: 0.02, walBytes: 200_000, outcome: .committed)
            blackHole(control.finished(ticket, sample))
        }
    }
}

private let limits = AdaptiveControl.Limits(
    replicas: ReplicaWindow.Limits(maxLagSeconds: 10),
    workers: ConcurrencyControl.Limits(workers: 1...4))

/// A run at 100 MB of log a second, whose replicas follow at once.
private func observation(_ replicas: Int, nowSeconds: Double) -> AdaptiveControl.Observation {
    let position = UInt64(nowSeconds * 100_000_000)
    return AdaptiveControl.Observation(
        replicas: ReplicaWindow.Observation(
            nowSeconds: nowSeconds, primaryPosition: position,
            replicas: (0..<replicas).map {
                ReplicaSighting(
                    id: "replica \($0)", flushed: position, replayed: position, isConnected: true)
            }),
        workers: ConcurrencyControl.Observation(
            nowSeconds: nowSeconds, foregroundSeconds: nil, waitShare: 0, activeBatches: 4,
            batchSeconds: 0.02, rows: 50_000, othersWait: false))
}
