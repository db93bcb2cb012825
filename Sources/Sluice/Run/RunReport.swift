/// How a process's part in a run ended.
public struct RunReport: Sendable, Equatable {
    /// The run as it stands at the end.
    public internal(set) var status: RunStatus
    /// 0 done · 1 failed · 3 paused, drained or cancelled · 4 done, but rows are quarantined
    /// or were missed · 69 server unreachable.
    public internal(set) var exitCode: Int32
    /// One sentence for a person.
    public internal(set) var message: String
    /// Seconds that this process worked on the run.
    public let seconds: Double
    /// Highest replica lag that this process saw, in seconds; `nil` without replicas.
    public let replicaLagSecondsMax: Double?
    /// Bytes that the server's log grew meanwhile, everybody's writes included.
    public let walBytes: Int?
    /// Whether anything was done at all: `false` when the run was already completed.
    public let didWork: Bool
    /// Seconds between the last batch of the worker that ran dry first and the last batch of all,
    /// among this process's workers; `nil` unless two of them worked.
    public var tailSeconds: Double?
    /// How often this process vacuumed a table of the run.
    public var vacuums = 0
    /// Seconds that this took.
    public var vacuumSeconds = 0.0
    /// The forecast beside what was measured; `nil` unless this process completed the run.
    public var forecast: ForecastOutcome?
    /// What the verification after the run found; `nil` where there was none.
    public var verification: VerifyReport?
    /// Whether it was this process that completed the run.
    var hasCompletedRun = false
}

/// What a process tells while it carries out a run.
public enum RunEvent: Sendable {
    /// Something a person should know, one sentence.
    case note(String)
    /// Waiting for transactions that were already writing to the table; one line about each.
    case waitingForWriters([String], secondsLeft: Double)
    /// The run is open: number and name, whether it was begun before, ranges in all.
    case started(run: Int64, job: String, resumed: Bool)
    /// How it stands, about once a second.
    case progress(RunStatus)
    /// How far the verification is, about twice a second.
    case verifying(VerifyProgress)
}
