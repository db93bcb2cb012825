/// What one look at a cluster showed.
struct LagSample: Sendable {
    /// What a replica said of itself; nothing while it does not answer.
    struct Replica: Sendable {
        var replayedBytes: Double?
        /// The age of the last transaction that it replayed, where it has not replayed all.
        var ownLagSeconds: Double?
    }

    /// Of the recording's clock.
    let seconds: Double
    /// Where the primary's log ends.
    let writtenBytes: Double
    /// Rows that the run has changed, as committed.
    let rows: Double
    let replicas: [Replica]
    /// What the run's last heartbeat said that batches wait for.
    let waitingFor: String?
}
