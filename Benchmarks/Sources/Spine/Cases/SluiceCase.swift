import Sluice
import SluiceCore
import SluicePostgres

/// The engine through the library's front door: planning, ledger, fence and all.
struct SluiceCase: BackfillCase {
    let workers: Int
    let batchKeys: Int
    let synchronousCommit: Bool

    var subject: String { "sluice, commit \(synchronousCommit ? "on" : "off")" }

    func change(_ copy: FreshCopy) async throws -> [String: Double] {
        try await run(try ConnectionParameters(dsn: copy.dsn))
        return [:]
    }

    /// Runs the job to its end.
    func run(_ parameters: ConnectionParameters) async throws {
        var options = RunOptions()
        options.limits.workers = workers...workers
        options.limits.batchKeys = batchKeys
        options.limits.synchronousCommit = synchronousCommit
        options.limits.maxLagSeconds = .some(nil)
        let report = try await Sluice(parameters).run(Self.job, options: options)
        guard report.exitCode == 0 else { throw BenchError("sluice: \(report.message)") }
    }

    static var job: JobRequest {
        JobRequest(
            table: AccountsTable.name,
            assignments: [
                Assignment(
                    column: AccountsTable.assignment.column,
                    expression: AccountsTable.assignment.expression)
            ])
    }
}
