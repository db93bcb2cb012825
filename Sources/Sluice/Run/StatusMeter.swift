import SluiceCore
import SluicePostgres
import Synchronization

/// Puts together how a run stands, from the ledger and from what this process knows itself.
final class StatusMeter: Sendable {
    private let record: RunRecord
    private let rate = Mutex(RateMeter())

    init(record: RunRecord) {
        self.record = record
    }

    /// Asks for the ranges' counters.
    var question: Statement { Statement(StatusSQL.one, [.text("\(record.id)")]) }

    /// What the answer means, with the rate smoothed over all processes.
    func read(
        _ row: [String?]?, view: Coordinator.View, lagSeconds: Double?, nowSeconds: Double
    ) throws(PostgresError) -> RunStatus {
        guard let row, var status = StatusReader.status(row) else {
            throw PostgresError(kind: .usage, message: "the run's row is gone from the ledger")
        }
        let scanned = status.keysScanned
        let perSecond = rate.withLock { meter in
            meter.observe(total: scanned, nowSeconds: nowSeconds)
            return meter.perSecond
        }
        status.rowsPerSecond = perSecond
        let progress = Progress(
            keysDone: 0, keysScannedInOpenRanges: scanned,
            keysEstimateOpen: status.keysTotalEstimate, isComplete: status.state == .completed)
        status.etaSeconds = progress.etaSeconds(keysPerSecond: perSecond)
        status.workers = max(status.workers, view.workers)
        status.processes = max(status.processes, 1)
        status.batchKeys = view.batchKeys
        status.replicaLagSeconds = lagSeconds
        status.waitingFor = view.waitingFor
        status.limitedBy = view.limitedBy
        return status
    }
}
