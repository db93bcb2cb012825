/// What a controller commands.
package struct Command: Sendable {
    package enum Unit: Sendable { case rows, bytes }

    package var keys = 1000
    package var workers = 1
    /// Rate of starts, and of what.
    package var ratePerSecond = Double.infinity
    package var unit = Unit.rows
    package var isPaused = false
    /// Rest of a worker after each batch, in seconds.
    package var gapSeconds = 0.0
    /// A batch that lasts longer is rolled back.
    package var timeoutSeconds = Double.infinity

    package init(keys: Int = 1000, workers: Int = 1) {
        self.keys = keys
        self.workers = workers
    }
}

/// A replica as it was last reported.
package struct ReportedReplica: Sendable {
    package var isConnected = true
    package var replayed = 0.0
    package var flushed = 0.0
}

/// What a controller sees at a poll.
package struct View: Sendable {
    package var seconds = 0.0
    /// Where the primary's log ends, in bytes.
    package var position = 0.0
    package var replicas: [ReportedReplica] = []
    /// Lag as a reader of pg_stat_replication sees it: `nil` where no row is left.
    package var lagSeconds: Double?
    /// Lag as a heartbeat on the replica shows it.
    package var trueLagSeconds = 0.0
    package var foregroundSeconds = 0.0
    package var activeBatches = 0.0
    /// Batches running, mean since the poll before.
    package var meanActiveBatches = 0.0
    /// Running threads of the server, the application's included.
    package var threads = 0.0
    package var waitShare = 0.0
    package var rows = 0.0
}

/// A batch that has ended.
package struct FinishedBatch: Sendable {
    package var rows: Double
    package var latencySeconds: Double
    package var overheadSeconds: Double
    package var walBytes: Double
    package var isCommitted: Bool
    package var seconds: Double
    /// What the controller named it when it admitted it.
    package var tag: Int
}

/// Steers a backfill in the plant.
package protocol Controller: SendableMetatype {
    /// Seconds between polls.
    var periodSeconds: Double { get }
    /// What holds now.
    var command: Command { get }
    /// Takes in a poll.
    mutating func poll(_ view: View)
    /// May a batch start? A tag for it, or `nil`.
    mutating func admit(seconds: Double) -> Int?
    /// Takes in a batch's end; the worker rests so many seconds.
    mutating func finished(_ batch: FinishedBatch) -> Double
}

extension Controller {
    package mutating func poll(_ view: View) {}
    package mutating func admit(seconds: Double) -> Int? { 0 }
}
