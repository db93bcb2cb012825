/// The whole law: batch size, replica window, number of workers, and the gate.
///
/// Pure: times are arguments, nothing is read and nothing is random. The shell calls `poll` every
/// 0.1 to 1.25 s, `start` before each batch, and `finished` after it.
public struct AdaptiveControl: Sendable {
    /// What the user allows; may be changed at any time.
    public struct Limits: Sendable, Equatable, Codable {
        /// Lag that no replica may reach, and which replicas count.
        public var replicas: ReplicaWindow.Limits
        /// Workers, and the application's latency budget.
        public var workers: ConcurrencyControl.Limits
        /// Rows and bytes of log a second.
        public var rates: BatchGate.Limits
        /// Keys in a batch at the most.
        public var batchKeysMax: Int
        /// Seconds that a batch is meant to last at the most; `nil` for what pays.
        public var batchSecondsMax: Double?
        /// How many times its least a row may cost where the application's latency is not known
        /// (no unit); `nil` for no such limit.
        public var ownCostMax: Double?

        /// Limits of a run.
        public init(
            replicas: ReplicaWindow.Limits, workers: ConcurrencyControl.Limits,
            rates: BatchGate.Limits = BatchGate.Limits(), batchKeysMax: Int = .max,
            batchSecondsMax: Double? = nil, ownCostMax: Double? = nil
        ) {
            self.replicas = replicas
            self.workers = workers
            self.rates = rates
            self.batchKeysMax = batchKeysMax
            self.batchSecondsMax = batchSecondsMax
            self.ownCostMax = ownCostMax
        }
    }

    /// What one poll shows.
    public struct Observation: Sendable, Equatable, Codable {
        /// The primary's log and the replicas.
        public var replicas: ReplicaWindow.Observation
        /// The application and the workers.
        public var workers: ConcurrencyControl.Observation

        /// A poll.
        public init(
            replicas: ReplicaWindow.Observation, workers: ConcurrencyControl.Observation
        ) {
            self.replicas = replicas
            self.workers = workers
        }
    }

    /// What holds until the next poll, for the trace and the live view.
    public struct Decision: Sendable, Equatable, Codable {
        /// Bytes that may be outstanding, the lag, the emergency stop.
        public let window: ReplicaWindow.Decision
        /// Batches at once.
        public let concurrency: Concurrency
        /// The next batch.
        public let batch: BatchSizer.Decision
    }

    /// What the user allows.
    public var limits: Limits
    /// What the last poll and the last batch led to.
    public private(set) var decision: Decision
    private var sizer = BatchSizer()
    private var window = ReplicaWindow()
    private var concurrency = ConcurrencyControl()
    private var gate = BatchGate()
    private var logShare = LogShare()
    private var ownCost = OwnCost()
    /// Whether the application's budget was known at the last poll, in seconds.
    private var isBudgetKnown = false

    /// Begins with small batches, and waits for the first poll.
    public init(limits: Limits) {
        self.limits = limits
        decision = Decision(
            window: ReplicaWindow.Decision(), concurrency: Concurrency(average: 1),
            batch: BatchSizer().first(
                BatchSizer.Conditions(
                    keysMax: limits.batchKeysMax, secondsMax: limits.batchSecondsMax)))
    }

    /// Batches that are running.
    public var runningBatches: Int { gate.runningBatches }
    /// What keeps the number of workers from being larger.
    public var workersBound: ConcurrencyControl.Bound {
        var bounds = limits.workers
        if limits.ownCostMax != nil { bounds.foregroundBudgetSeconds = bounds.budgetOrUnit }
        return concurrency.bound(bounds)
    }
    /// How often the application's budget has taken the number of workers down far: latencies of
    /// before such a fall say nothing of the number after it.
    public var foregroundFalls: Int { concurrency.foregroundFalls }
    /// True while batches wait at the gate for a good part of the time.
    public var isGated: Bool { concurrency.isGated }
    /// What batches cost, as measured.
    public var cost: BatchCost { sizer.cost }

    /// Takes in what a poll shows.
    @discardableResult
    public mutating func poll(_ observation: Observation) -> Decision {
        logShare.observe(
            position: observation.replicas.primaryPosition, rows: Int(observation.workers.rows),
            nowSeconds: observation.replicas.nowSeconds)
        let seen = window.step(observation.replicas, limits.replicas)
        let workers = workers(observation.workers)
        gate.observe(seen, limits.rates, nowSeconds: observation.replicas.nowSeconds)
        decision = Decision(window: seen, concurrency: workers, batch: decision.batch)
        return decision
    }

    /// How many batches run at once, by the application's latency, or by the run's own cost where
    /// that is not seen: as if the budget were used up at ``Limits/ownCostMax``.
    private mutating func workers(_ seen: ConcurrencyControl.Observation) -> Concurrency {
        let isKnown = limits.workers.foregroundBudgetSeconds != nil
        if isKnown != isBudgetKnown { concurrency.forgetForeground() }
        isBudgetKnown = isKnown
        if limits.ownCostMax != nil, sizer.cost.rowSeconds == nil,
            limits.workers.foregroundBudgetSeconds == nil
        {
            // A budget that is a multiple of what is not known yet, and nothing to go by instead.
            concurrency.skip(nowSeconds: seen.nowSeconds)
            return Concurrency(average: min(concurrency.average, ForegroundBudget.first))
        }
        guard let most = limits.ownCostMax, let row = sizer.cost.rowSeconds,
            seen.foregroundSeconds == nil || limits.workers.foregroundBudgetSeconds == nil
        else { return concurrency.step(seen, limits.workers) }
        let now = seen.nowSeconds
        let inflation = ownCost.inflation(
            rowSeconds: row, workers: decision.concurrency.average, nowSeconds: now)
        if ownCost.isAlone(nowSeconds: now) {
            concurrency.skip(nowSeconds: now)
            return Concurrency(average: min(1, concurrency.average))
        }
        var (load, bounds) = (seen, limits.workers)
        // Of a budget that is not known yet only the share counts.
        bounds.foregroundBudgetSeconds = bounds.budgetOrUnit
        load.foregroundSeconds = inflation / most * bounds.budgetOrUnit
        return concurrency.step(load, bounds)
    }

    /// May a batch start now? `decision.batch` says which.
    ///
    /// `keys` is the batch's size where it is another. With `enforcesWorkers` false the caller sees
    /// to it that only so many workers work as the decision says; each of them may have several
    /// batches in flight.
    public mutating func start(
        nowSeconds: Double, keys: Int? = nil, enforcesWorkers: Bool = true
    ) -> BatchGate.Answer {
        let keys = keys ?? decision.batch.batchKeys
        return gate.decide(
            nowSeconds: nowSeconds, batch: decision.batch, keys: keys,
            expectedBytes: sizer.expectedBytes(keys: keys),
            workers: enforcesWorkers ? decision.concurrency.workers : .max)
    }

    /// Takes in a batch's end, sizes the next one, and says how long its worker rests, in seconds.
    ///
    /// `othersRunning` workers have a batch in flight beside it; `nil` counts batches.
    @discardableResult
    public mutating func finished(
        _ ticket: BatchGate.Ticket, _ sample: BatchSample, othersRunning: Int? = nil
    ) -> Double {
        var sample = sample
        if sample.walBytes == nil, sample.rows > 0 {
            sample.walBytes = logShare.bytesPerRow.map { $0 * Double(sample.rows) }
        }
        let rows = sample.outcome == .committed ? sample.rows : 0
        gate.finished(ticket, rows: rows, walBytes: sample.walBytes)
        let batch = sizer.step(
            sample,
            BatchSizer.Conditions(
                applyBytesPerSecond: decision.window.applyBytesPerSecond,
                isGated: concurrency.isGated, keysMax: limits.batchKeysMax,
                rowsPerSecondMax: limits.rates.rowsPerSecondMax,
                walBytesPerSecondMax: limits.rates.walBytesPerSecondMax,
                secondsMax: limits.batchSecondsMax))
        decision = Decision(
            window: decision.window, concurrency: decision.concurrency, batch: batch)
        return decision.concurrency.restSeconds(
            afterSeconds: sample.latencySeconds,
            othersRunning: othersRunning ?? gate.runningBatches)
    }
}
