import SluiceCore
import SluicePostgres

/// What a person has to confirm before a new run of a job begins.
struct Confirmation: Sendable {
    let connection: PostgresConnection
    let options: RunOptions

    /// Refuses what would do something twice or to every row, unless that was confirmed.
    func refuseUnconfirmed(
        _ job: PlannedJob, _ request: JobRequest, earlier: RunRecord?
    ) async throws {
        guard !options.confirmed else { return }
        if let reason = request.needsConfirmation { throw SluiceError(.refused, reason) }
        guard options.fresh, let earlier else { return }
        let what: String?
        switch job.identity.kind {
        case .update:
            let reads = try await connection.withSettings(job.session.settings) {
                try await SelfReference(connection: connection).reads(job)
            }
            what = reads ? "the job reads a column that it assigns, so rows which" : nil
        case .statement:
            what = "what the statement does to a row may not bear being done twice, and rows which"
        case .copy:
            // Where the target has a unique key, the server finds what is there already.
            let isFound = job.target?.conflictKey.isEmpty == false
            what = isFound ? nil : "the target has no unique key among its columns, so rows which"
        case .delete, .move: what = nil
        }
        guard let what else { return }
        let verb = job.identity.kind == .copy ? "copied" : "changed"
        throw SluiceError(
            .refused,
            "\(what) run \(earlier.id) \(verb) already would be \(verb) once more: add --yes if "
                + "that is meant, or `sluice resume \(earlier.id)`")
    }
}
