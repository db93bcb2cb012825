/// How far a run is.
public struct Progress: Sendable, Equatable {
    /// Keys in the whole run: exact once every range is done, an estimate before.
    public let keysTotalEstimate: Int
    /// Keys walked over so far.
    public let keysScanned: Int
    /// Whether every range is done.
    public let isComplete: Bool

    /// Puts an estimate and what is known together.
    ///
    /// `keysDone` are the keys really found in the ranges that are done, `keysEstimateOpen` the
    /// estimates of the others, so that the total gets better as ranges end.
    public init(
        keysDone: Int, keysScannedInOpenRanges: Int, keysEstimateOpen: Int, isComplete: Bool
    ) {
        keysScanned = keysDone + keysScannedInOpenRanges
        self.isComplete = isComplete
        let open = max(keysEstimateOpen, keysScannedInOpenRanges)
        keysTotalEstimate = isComplete ? keysScanned : keysDone + open
    }

    /// Percent of the keys, never above 100, and below 100 until everything is done.
    public var percent: Double {
        if isComplete { return 100 }
        guard keysTotalEstimate > 0 else { return 0 }
        return min(99.9, Double(keysScanned) * 100 / Double(keysTotalEstimate))
    }

    /// Whether ``percent`` rests on an estimate.
    public var isEstimate: Bool { !isComplete }

    /// Seconds left at a rate; `nil` when that cannot be said.
    public func etaSeconds(keysPerSecond: Double?) -> Double? {
        if isComplete { return 0 }
        guard let rate = keysPerSecond, rate > 0.01 else { return nil }
        return Double(max(0, keysTotalEstimate - keysScanned)) / rate
    }
}
