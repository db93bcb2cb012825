/// What one strategy did to one copy of a table.
public struct CellFigures: Sendable, Codable, Equatable {
    /// Seconds from the first connection to the last row.
    public var seconds = 0.0
    /// Rows that were to be filled, a second.
    public var rowsPerSecond = 0.0
    /// Bytes of log a row, page images and whatever else the server wrote included.
    public var walBytesPerRow = 0.0
    /// Pages that were written to the log whole.
    public var fullPageImages = 0.0
    /// How much larger the table is than before, as a share.
    public var heapGrowth = 0.0
    /// How much larger its indexes are than before, as a share.
    public var indexGrowth = 0.0
    /// Share of the updates that stayed within their page and touched no index.
    public var hotShare = 0.0
    /// How often a row was updated in the mean: 1, if nothing was done twice.
    public var updatesPerRow = 0.0
    /// Transactions a row, those that only looked included.
    public var transactionsPerRow = 0.0
    /// Seconds of processor time that the client took; `nil` where it did other work as well.
    public var clientCPUSeconds: Double?
    /// Highest memory of the client meanwhile, in bytes; `nil` where the system does not say.
    public var clientPeakBytes: Double?
    /// Highest lag of the replica, until it had caught up, in seconds.
    public var lagSecondsMax: Double?
    /// How long the lag was above the limit, or else ten seconds, in seconds.
    public var secondsAboveLag: Double?
    /// Whether the replica had not caught up with what was written before, or did not afterwards:
    /// the lag may have been higher then, or another strategy's.
    public var isLagUnfinished: Bool?
    /// How long a batch took in the middle, in seconds; `nil` where there were none.
    public var batchP50Seconds: Double?
    /// Of a hundred batches one took longer, in seconds; `nil` where there were none.
    public var batchP99Seconds: Double?
    /// Seconds from the first batch's start to the last one's end; `nil` of others' strategies.
    public var batchesSeconds: Double?
    /// Share of that in which workers were held back, by the replica or by limits; `nil` of others'
    /// strategies.
    public var waitShare: Double?
    /// Of twenty transactions of the application alone one took longer, in seconds.
    public var applicationAloneP95Seconds: Double?
    /// Of twenty of its transactions meanwhile one took longer, in seconds.
    public var applicationP95Seconds: Double?
    /// Of a hundred of its transactions meanwhile one took longer, in seconds.
    public var applicationP99Seconds: Double?
    /// Whether it kept the scenario's limit; `nil` where there is none.
    public var keepsLimit: Bool?
    /// The lag over time, in seconds, from the first row on.
    public var lagSeries: [LagPoint]?

    /// Nothing measured.
    public init() {}
}

/// How far the slowest replica was behind at one moment.
public struct LagPoint: Sendable, Codable, Equatable {
    /// When, in seconds from the first row on.
    public let atSeconds: Double
    /// How far, in seconds.
    public let lagSeconds: Double

    /// A point.
    public init(atSeconds: Double, lagSeconds: Double) {
        self.atSeconds = atSeconds
        self.lagSeconds = lagSeconds
    }
}
