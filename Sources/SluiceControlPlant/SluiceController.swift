import SluiceCore

/// Sluice's own law in the plant, driven as the engine drives it.
package struct SluiceController: Controller {
    package let periodSeconds: Double
    private var control: AdaptiveControl
    private var batchSeconds = 0.0

    package init(
        periodSeconds: Double = 0.25, lagSecondsMax: Double = Duty.lagSecondsMax,
        foregroundBudgetSeconds: Double? = Duty.foregroundSecondsMax
    ) {
        self.periodSeconds = periodSeconds
        control = AdaptiveControl(
            limits: AdaptiveControl.Limits(
                replicas: ReplicaWindow.Limits(maxLagSeconds: lagSecondsMax),
                workers: ConcurrencyControl.Limits(
                    workers: 1...Duty.workersMax,
                    foregroundBudgetSeconds: foregroundBudgetSeconds)))
    }

    package var command: Command {
        let decision = control.decision
        var command = Command(
            keys: decision.batch.batchKeys, workers: decision.concurrency.workers)
        command.timeoutSeconds = decision.batch.statementTimeoutSeconds
        return command
    }

    package mutating func poll(_ view: View) {
        let sightings = view.replicas.enumerated().map { index, replica in
            ReplicaSighting(
                id: "replica \(index)", flushed: UInt64(replica.flushed),
                replayed: UInt64(replica.replayed), isConnected: replica.isConnected)
        }
        control.poll(
            AdaptiveControl.Observation(
                replicas: ReplicaWindow.Observation(
                    nowSeconds: view.seconds, primaryPosition: UInt64(view.position),
                    replicas: sightings),
                workers: ConcurrencyControl.Observation(
                    nowSeconds: view.seconds, foregroundSeconds: view.foregroundSeconds,
                    waitShare: view.waitShare, activeBatches: view.meanActiveBatches,
                    batchSeconds: batchSeconds, rows: view.rows)))
    }

    package mutating func admit(seconds: Double) -> Int? {
        guard case .start(let ticket) = control.start(nowSeconds: seconds) else { return nil }
        return ticket.number
    }

    package mutating func finished(_ batch: FinishedBatch) -> Double {
        batchSeconds += 0.1 * (batch.latencySeconds - batchSeconds)
        return control.finished(
            BatchGate.Ticket(number: batch.tag),
            BatchSample(
                nowSeconds: batch.seconds, rows: Int(batch.rows),
                overheadSeconds: batch.overheadSeconds, latencySeconds: batch.latencySeconds,
                walBytes: batch.walBytes, outcome: batch.isCommitted ? .committed : .timedOut))
    }
}
