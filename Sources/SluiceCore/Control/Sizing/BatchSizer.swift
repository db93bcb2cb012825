/// How many keys the next batch takes: enough to be worth its fixed cost, and no more.
///
/// A batch that lasts longer than its fixed cost divided by `overheadShare` gains at most that
/// share of throughput, and costs time under locks, lag in steps, and work lost when it fails.
public struct BatchSizer: Sendable, Equatable {
    /// What the size depends on beside the batches.
    public struct Conditions: Sendable, Equatable {
        /// The slowest replica's measured apply rate; `nil` where none is known.
        public var applyBytesPerSecond: Double?
        /// True while batches wait at the gate: then their fixed cost costs no throughput.
        public var isGated: Bool
        /// Keys in a batch at the most: the user's limit.
        public var keysMax: Int
        /// Rows a second at the most, over the whole run: the user's limit.
        public var rowsPerSecondMax: Double?
        /// Bytes of log a second at the most, over the whole run: the user's limit.
        public var walBytesPerSecondMax: Double?
        /// Seconds that it should last at the most: the user's limit.
        public var secondsMax: Double?

        /// Conditions of a step.
        public init(
            applyBytesPerSecond: Double? = nil, isGated: Bool = false, keysMax: Int = .max,
            rowsPerSecondMax: Double? = nil, walBytesPerSecondMax: Double? = nil,
            secondsMax: Double? = nil
        ) {
            self.applyBytesPerSecond = applyBytesPerSecond
            self.isGated = isGated
            self.keysMax = keysMax
            self.rowsPerSecondMax = rowsPerSecondMax
            self.walBytesPerSecondMax = walBytesPerSecondMax
            self.secondsMax = secondsMax
        }
    }

    /// What the next batch is to be.
    public struct Decision: Sendable, Equatable, Codable {
        /// Keys to take.
        public let batchKeys: Int
        /// After so long it is given up, rolled back, and tried again smaller.
        public let statementTimeoutSeconds: Double
        /// How long it should last.
        public let targetSeconds: Double
    }

    /// Keys of a run's first batches: 100 rows cost milliseconds even at 1,000 times the usual.
    public static let firstKeys = 100
    /// Share of a batch's time that its fixed cost may be, while batches wait at the gate.
    static let overheadShareGated = 0.08
    /// The same while workers are what limits the rate.
    static let overheadShareFree = 0.02
    /// Shortest target, in seconds: below it round trips rule, whatever was measured.
    static let targetSecondsMin = 0.02
    /// Longest target, in seconds: rows are locked that long, and applications wait for them.
    static let targetSecondsMax = 0.4
    /// A batch carries at most so many seconds of the slowest replica's apply rate: it arrives
    /// there as one piece.
    static let applySecondsMax = 0.25
    /// A batch carries at most so many seconds of a rate that the user allows.
    static let allowedSecondsMax = 0.5
    /// The size at most doubles, and at most halves, from batch to batch.
    static let stepFactor = 2.0
    /// A timeout divides the size by it: its own time is lost, so the next try must fit.
    static let timeoutDivisor = 4.0
    /// The statement timeout as a multiple of the target, and at the least in seconds: five
    /// times is beyond what noise does to a batch (random plants: under 1 % of rows twice).
    static let timeoutMultiple = 5.0
    static let timeoutSecondsMin = 0.25

    /// What batches cost, as measured.
    public private(set) var cost = BatchCost()
    private var trial = BatchTrial()
    private var keys = Double(firstKeys)

    /// Begins small.
    public init() {}

    /// The first batches' size, before anything is measured.
    public func first(_ conditions: Conditions) -> Decision {
        Decision(
            batchKeys: Int(max(1, min(keys, ceiling(conditions)))),
            statementTimeoutSeconds: timeoutSeconds(targetSeconds(conditions)),
            targetSeconds: targetSeconds(conditions))
    }

    /// Takes in a finished batch and sizes the next one.
    public mutating func step(_ sample: BatchSample, _ conditions: Conditions) -> Decision {
        cost.observe(sample)
        if sample.outcome == .committed {
            trial.observe(
                BatchTrial.Sample(
                    nowSeconds: sample.nowSeconds, rows: Double(sample.rows),
                    latencySeconds: sample.latencySeconds, usualRows: keys,
                    rowSeconds: cost.rowSeconds ?? 0,
                    overheadShare: overheadShare(conditions)))
        }
        let target = targetSeconds(conditions)
        var wanted = keys
        if let row = cost.rowSeconds {
            // Where the fixed cost alone takes longer than the user's limit, smaller batches keep
            // that no better, and cost more.
            wanted = max(1, max(target - cost.fixedSeconds, target / 2) / row)
        }
        wanted = min(wanted, ceiling(conditions))
        switch sample.outcome {
        case .committed:
            keys = max(keys / Self.stepFactor, min(keys * Self.stepFactor, wanted))
        case .timedOut:
            keys = max(1, min(keys / Self.timeoutDivisor, wanted))
        case .yielded:
            break
        }
        keys = max(1, min(keys, Double(max(1, conditions.keysMax))))
        return Decision(
            batchKeys: Int(max(1, keys * trial.nextShare())),
            statementTimeoutSeconds: timeoutSeconds(target), targetSeconds: target)
    }

    /// The bytes of log that a batch of so many keys is expected to write.
    public func expectedBytes(keys: Int) -> Double {
        Double(keys) * cost.bytesPerRow
    }

    private func overheadShare(_ conditions: Conditions) -> Double {
        conditions.isGated ? Self.overheadShareGated : Self.overheadShareFree
    }

    private func targetSeconds(_ conditions: Conditions) -> Double {
        let wanted = cost.fixedSeconds / overheadShare(conditions) * trial.scale
        let most = min(Self.targetSecondsMax, conditions.secondsMax ?? .infinity)
        return min(most, max(Self.targetSecondsMin, wanted))
    }

    private func timeoutSeconds(_ target: Double) -> Double {
        max(Self.timeoutSecondsMin, Self.timeoutMultiple * target)
    }

    /// Keys at the most, for the replicas' sake and by the user's limits.
    private func ceiling(_ conditions: Conditions) -> Double {
        var most = Double(max(1, conditions.keysMax))
        let bytes = max(1, cost.bytesPerRow)
        if let apply = conditions.applyBytesPerSecond {
            most = min(most, Self.applySecondsMax * apply / bytes)
        }
        if let rate = conditions.walBytesPerSecondMax {
            most = min(most, Self.allowedSecondsMax * rate / bytes)
        }
        if let rate = conditions.rowsPerSecondMax {
            most = min(most, Self.allowedSecondsMax * rate)
        }
        return max(1, most)
    }
}
