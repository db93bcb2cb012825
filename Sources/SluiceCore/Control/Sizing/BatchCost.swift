/// What a batch costs: a fixed part, a part for each row, and log for each row, as measured.
///
/// Two numbers and no latency target: a target would shrink batches whenever the server is busy,
/// and so add the fixed cost to the load just then.
public struct BatchCost: Sendable, Equatable {
    /// Weight of a batch in the fixed cost (no unit): ten batches, about a second.
    static let fixedWeight = 0.1
    /// A fixed cost counts at most so many times the known one: a slow COMMIT is an outlier.
    static let fixedOutlier = 4.0
    /// Weight of a batch in the row cost, in log space: seven batches; smaller is slow at ×50.
    static let rowWeight = 0.15
    /// A row cost counts at most so many times the known one, or as little as its inverse.
    static let rowOutlier = 3.0
    /// After so many outliers to one side in sequence they are the new cost, and count in full and
    /// by this weight: half of the way a batch, for rows that became fifty times as dear (with
    /// ``rowWeight`` it took ten batches more to come down to their target).
    static let outliersBelieved = 3
    static let believedWeight = 0.5
    /// Weight of a batch in the bytes of log a row: five batches; the batch says it exactly.
    static let bytesWeight = 0.2
    /// A timed-out batch costs at least its timeout: believe so many times the known row cost.
    static let timeoutFactor = 3.0
    /// No row costs less, in seconds: the division needs more than zero.
    static let rowSecondsMin = 1e-7
    /// A row cost to begin with where the very first batch times out, in seconds.
    static let rowSecondsUnknown = 1e-4

    /// Seconds of a batch that do not depend on its rows; 5 ms until measured, a local COMMIT.
    public private(set) var fixedSeconds = 0.005
    /// Seconds for one more row; `nil` before the first batch.
    public private(set) var rowSeconds: Double?
    /// Bytes of log for one more row; 400 until measured, a short row's update.
    public private(set) var bytesPerRow = 400.0
    private var outliers = 0

    /// Nothing measured yet.
    public init() {}

    /// Takes in a batch; one without rows, or that only met a lock, says nothing.
    mutating func observe(_ sample: BatchSample) {
        switch sample.outcome {
        case .yielded: return
        case .timedOut: rowSeconds = (rowSeconds ?? Self.rowSecondsUnknown) * Self.timeoutFactor
        case .committed where sample.rows > 0: learn(sample)
        case .committed: return
        }
    }

    private mutating func learn(_ sample: BatchSample) {
        let overhead = min(max(0, sample.overheadSeconds), fixedSeconds * Self.fixedOutlier)
        fixedSeconds += Self.fixedWeight * (overhead - fixedSeconds)
        let rows = Double(sample.rows)
        let measured = max(
            Self.rowSecondsMin, (sample.latencySeconds - sample.overheadSeconds) / rows)
        if let known = rowSeconds {
            let (ratio, weight) = trusted(measured / known)
            rowSeconds = known * Exponential.power(ratio, weight)
        } else {
            rowSeconds = measured
        }
        if let bytes = sample.walBytes {
            bytesPerRow += Self.bytesWeight * (max(0, bytes) / rows - bytesPerRow)
        }
    }

    /// The ratio to the known cost and its weight, clipped unless outliers have become the rule.
    private mutating func trusted(_ ratio: Double) -> (ratio: Double, weight: Double) {
        let clipped = min(max(ratio, 1 / Self.rowOutlier), Self.rowOutlier)
        guard clipped != ratio else {
            outliers = 0
            return (ratio, Self.rowWeight)
        }
        outliers = ratio > 1 ? max(0, outliers) + 1 : min(0, outliers) - 1
        return abs(outliers) < Self.outliersBelieved
            ? (clipped, Self.rowWeight) : (ratio, Self.believedWeight)
    }
}
