import Sluice
import SluiceCore
import SluicePostgres

/// Sluice itself, whole or with one of its features off.
struct SluiceStrategy: BatchStrategy {
    let name: String
    let rule: String
    /// What differs from the defaults.
    private let change: @Sendable (inout LimitChanges) -> Void

    /// Everything by default.
    static let whole = SluiceStrategy(
        name: "sluice", rule: "Sluice with its defaults: ledger, exactly once, resumable"
    ) { _ in }

    /// With each feature off in turn; without the ledger it is `fixed-…`.
    static let parts = [
        SluiceStrategy(name: "sluice-no-lanes", rule: "Sluice, --lanes off") { $0.lanes = .off },
        SluiceStrategy(name: "sluice-no-order", rule: "Sluice, --order key") { $0.order = .key },
        SluiceStrategy(name: "sluice-no-vacuum", rule: "Sluice, --vacuum off") {
            $0.vacuum = .off
        },
        SluiceStrategy(name: "sluice-fixed", rule: "Sluice, --workers 2 --batch 5000") {
            $0.workers = 2...2
            $0.batchKeys = 5_000
        },
    ]

    func fill(_ target: FillTarget) async throws {
        let job = target.job
        let request = JobRequest(
            name: name, table: job.table,
            assignments: [Assignment(column: job.column, expression: job.expression)],
            predicate: job.remaining, key: job.key.map(\.name))
        let report = try await Sluice(target.parameters).run(
            request, options: options(for: target.limits, noting: target.batches))
        guard report.exitCode == 0 else { throw BenchError(report.message) }
    }

    /// How a run is carried out that keeps to limits and notes how long its batches take.
    ///
    /// In memory: no other strategy writes a file while it is measured.
    func options(for limits: FillLimits, noting batches: BatchLog) -> RunOptions {
        var options = RunOptions()
        options.confirmed = true
        // No other strategy looks at its work again.
        options.verify = .off
        change(&options.limits)
        Self.apply(limits, to: &options.limits)
        options.traced = { events in batches.note(events) }
        return options
    }

    /// What a person would write on the command line for these limits.
    private static func apply(_ limits: FillLimits, to changes: inout LimitChanges) {
        if let lag = limits.lagSecondsMax { changes.maxLagSeconds = lag }
        if let budget = limits.applicationSecondsMax, let probe = limits.probe {
            changes.foregroundBudget = .seconds(budget)
            changes.foregroundProbe = probe
        }
    }
}
