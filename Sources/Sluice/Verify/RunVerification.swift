import SluiceCore
import SluicePostgres

/// The verification that follows a run by itself.
struct RunVerification: Sendable {
    let parameters: ConnectionParameters
    let options: RunOptions
    let report: @Sendable (RunEvent) -> Void

    /// Verifies the run if it was this process that completed it.
    ///
    /// Whatever comes of that, the run is completed: trouble on the way is said, not thrown.
    func verified(_ ended: RunReport, drain: DrainSwitch) async throws -> RunReport {
        guard ended.hasCompletedRun, options.verify != .off else { return ended }
        let again = "sluice verify \(ended.status.run)"
        var wanted = VerifyOptions()
        wanted.scope = options.verify
        wanted.replica = options.verifyOn
        var ended = ended
        do {
            let found = try await Sluice(parameters).verify(
                "\(ended.status.run)", options: wanted, drain: drain, report: report)
            ended.verification = found
            ended.status.rowsMissed = found.rowsMissed
            // The run answers for the rows that were there; those written since are told.
            if found.rowsMissed > 0 || found.ledgerProblem != nil {
                ended.exitCode = 4
                ended.message += ", but it is not as it should be: \(again)"
            } else if !found.isComplete {
                ended.exitCode = max(ended.exitCode, 3)
                ended.message += "; its verification was interrupted: \(again)"
            }
        } catch let error as SluiceError {
            ended.message += "; it could not be verified: \(error.message); then \(again)"
        }
        return ended
    }
}
