import Sluice
import SluiceCore

/// A job as a file or the flags describe it, and how it asks to be carried out.
struct JobFile: Equatable {
    /// What is to be done.
    var request: JobRequest
    /// Limits that it gives.
    var limits = LimitChanges()
    /// The database, if it names one.
    var dsn: String?
    /// Seconds to wait for transactions that were already writing.
    var startWaitSeconds: Double?
    /// Seconds that a silent process keeps its ranges.
    var leaseSeconds: Double?
    /// How much is verified once the run is completed.
    var verify: VerifyScope?
    /// Whether to begin anew.
    var fresh = false
    /// Whether what would be asked is answered with yes.
    var yes = false
    /// How to show progress.
    var progress: String?

    /// Several job files as one: one pass for all that they ask for, under the limits of the first
    /// one that gives each.
    /// - Throws: `UsageError` where they cannot be one.
    static func merged(_ jobs: [JobFile]) throws(UsageError) -> JobFile {
        if let problem = JobRequest.mergeProblem(jobs.map(\.request)) {
            throw UsageError(Printable.clean(problem))
        }
        var merged = jobs[0]
        merged.request = JobRequest.merged(jobs.map(\.request))
        for job in jobs.dropFirst() {
            if let one = merged.dsn, let other = job.dsn, one != other {
                throw UsageError(
                    "the job files name different databases (dsn:): one pass is in one of them")
            }
            merged.limits = merged.limits.over(job.limits)
            merged.dsn = merged.dsn ?? job.dsn
            merged.startWaitSeconds = merged.startWaitSeconds ?? job.startWaitSeconds
            merged.leaseSeconds = merged.leaseSeconds ?? job.leaseSeconds
            merged.verify = merged.verify ?? job.verify
            merged.progress = merged.progress ?? job.progress
            merged.fresh = merged.fresh || job.fresh
            merged.yes = merged.yes || job.yes
        }
        return merged
    }

    /// The options of a run: the flags, and the file where they say nothing.
    /// - Throws: `UsageError`.
    func options(
        runner: RunnerOptions, limits flags: LimitOptions, fresh: Bool
    ) throws -> RunOptions {
        var options = try runner.runOptions()
        options.limits = try flags.changes().over(limits)
        if let problem = options.limits.problem { throw UsageError(problem) }
        if runner.startWait == nil, let startWaitSeconds {
            options.startWaitSeconds = startWaitSeconds
        }
        if runner.lease == nil, let leaseSeconds { options.leaseSeconds = leaseSeconds }
        if runner.verify == nil, let verify { options.verify = verify }
        options.fresh = fresh || self.fresh
        options.confirmed = options.confirmed || yes
        return options
    }
}
