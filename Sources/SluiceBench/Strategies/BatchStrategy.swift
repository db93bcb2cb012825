public import SluicePostgres

/// A way to fill a column of a large table.
///
/// Those of other systems are their rules, written from their descriptions: not the products, whose
/// languages and protocols cost more or less.
public protocol BatchStrategy: Sendable {
    /// What it is called on the command line.
    var name: String { get }
    /// What it does, and whose rule that is, in a sentence.
    var rule: String { get }
    /// Why it cannot do a job; `nil` where it can.
    func obstacle(to job: FillJob) -> String?
    /// Fills the column in every row that the job is about.
    ///
    /// - Throws: whatever the server refuses.
    func fill(_ target: FillTarget) async throws
}

extension BatchStrategy {
    /// Whatever the job.
    public func obstacle(to job: FillJob) -> String? { nil }
}

/// A table that waits to be filled.
public struct FillTarget: Sendable {
    /// How to reach its database.
    public let parameters: ConnectionParameters
    /// What is to be done.
    public let job: FillJob
    /// Where a strategy notes how long its batches take.
    public let batches: BatchLog
    /// What it should keep to.
    public let limits: FillLimits

    /// A target.
    public init(
        parameters: ConnectionParameters, job: FillJob, batches: BatchLog,
        limits: FillLimits = FillLimits()
    ) {
        self.parameters = parameters
        self.job = job
        self.batches = batches
        self.limits = limits
    }

    /// Works on a connection of its own.
    func withConnection<Value: Sendable>(
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        try await parameters.setting("application_name", to: "sluice bench").withSession(body)
    }
}
