/// When half of a range that somebody works on is worth taking over, and where it is cut.
///
/// Keys ahead of the cursor are counted in steps, quarters of a batch: at the end of a run, whole
/// batches would leave the last worker alone for the time of three.
public struct SplitRule: Sendable, Equatable {
    /// Steps of one batch.
    public static let stepsPerBatch = 4
    /// Batches whose keys are walked at most to find the middle.
    ///
    /// Of 5,000 keys that is 320,000 entries of the index, which take about 30 ms and are seconds
    /// of work. Where more is ahead, the cut is made there.
    public static let walkedBatches = 64
    /// Seconds before a worker that found nothing to split looks again; it asks for freed ranges
    /// more often.
    public static let retrySeconds = 1.0

    /// Keys of one step.
    public let stepKeys: Int
    /// Steps that the batch which is being executed may take: it cannot be cut off any more.
    public let executingSteps: Int

    /// The rule for batches of so many keys.
    public init(batchKeys: Int) {
        stepKeys = max(1, batchKeys / Self.stepsPerBatch)
        executingSteps = (max(1, batchKeys) + stepKeys - 1) / stepKeys
    }

    /// Keys to walk at most.
    public var walkedKeys: Int { stepKeys * executingSteps * Self.walkedBatches }
    /// Keys that must be ahead: beyond the batch that is being executed, a step for each side.
    public var fewestKeys: Int { stepKeys * (executingSteps + 2) }

    /// Keys that the range's owner keeps of `ahead` whole steps: the batch that is being executed
    /// and half of what follows it, or all that was walked where there may be more.
    public func keptKeys(ahead: Int) -> Int {
        if ahead >= walkedKeys { return walkedKeys }
        return (ahead / stepKeys + executingSteps + 1) / 2 * stepKeys
    }
}
