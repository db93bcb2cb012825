/// What one finished batch shows.
public struct BatchSample: Sendable, Equatable, Codable {
    /// How a batch ended.
    public enum Outcome: Sendable, Equatable, Codable {
        /// Its rows are changed.
        case committed
        /// The statement timeout ended it: it was larger than its row cost allows.
        case timedOut
        /// It made way for a lock, could not get one, or only looked at rows that are done: no
        /// evidence of any cost.
        case yielded
    }

    /// When it ended, in seconds of the run's clock.
    public var nowSeconds: Double
    /// Keys that it took; for one that failed, that it was asked to take.
    public var rows: Int
    /// What would have passed without any row: BEGIN, the boundary, the range's row, COMMIT and
    /// the round trips.
    public var overheadSeconds: Double
    /// From its first message to its last answer, the overhead included.
    public var latencySeconds: Double
    /// Bytes of write-ahead log, where known.
    public var walBytes: Double?
    /// How it ended.
    public var outcome: Outcome

    /// A finished batch.
    public init(
        nowSeconds: Double, rows: Int, overheadSeconds: Double, latencySeconds: Double,
        walBytes: Double?, outcome: Outcome
    ) {
        self.nowSeconds = nowSeconds
        self.rows = rows
        self.overheadSeconds = overheadSeconds
        self.latencySeconds = latencySeconds
        self.walBytes = walBytes
        self.outcome = outcome
    }
}
