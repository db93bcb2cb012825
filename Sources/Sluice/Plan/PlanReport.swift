public import SluiceCore

/// What a run would do, for `sluice plan`.
public struct PlanReport: Sendable {
    /// The job's name.
    public let job: String
    /// The table, quoted.
    public let table: String
    /// The tables that hold its rows, quoted: itself, or its partitions.
    public let parts: [String]
    /// Key columns in order, quoted.
    public let key: [String]
    /// Rows in the table, by the planner's own estimate.
    public let keysTotalEstimate: Int
    /// The ranges that a run would begin with.
    public let ranges: [KeyRange]
    /// How the bounds between ranges were found, in words.
    public let splitMethod: String
    /// The partial index that drives the scan, quoted: ranges and batches then count only keys
    /// that match the predicate.
    public var drivingIndex: String?
    /// The limits.
    public let limits: Limits
    /// In which order rows are visited, and why, as a sentence.
    public var order = ""
    /// Whether rows are changed in lanes, and why, as a sentence.
    public var lanes = ""
    /// Whether the table is vacuumed meanwhile, and why, as a sentence.
    public var vacuum = ""
    /// The statements of a batch, in order.
    public let statements: [String]
    /// The plan of the batch's change, as the server explains it.
    public let explanation: String
    /// Things to know before starting: triggers that fire, replicas that are missing and so on.
    public let warnings: [String]
    /// Why the job would be refused, although it is well-formed; empty when it would run.
    public let refusals: [String]
    /// What a run is reckoned to cost; `nil` for a statement of the user's own, and for a job that
    /// would be refused.
    public var forecast: Forecast?
    /// The kind of change.
    public var kind = JobKind.update
    /// The table that a copy or a move goes to, quoted.
    public var target: String?
}
