/// Steers one process's batches by the control law, within what the user allows.
///
/// It turns what workers and polls report into the law's terms: who waited at the gate and for how
/// long, how many batches run, what a row costs in log.
public struct BatchSteering: Sendable {
    /// What a poll of the server shows.
    public struct Sighting: Sendable, Equatable {
        /// Where the primary's log ends, in bytes.
        public var position: UInt64
        /// The primary's timeline: a higher one means that a replica became the primary.
        public var timeline: Int
        /// Every replica; `nil` where they cannot be seen.
        public var replicas: [ReplicaSighting]?
        /// Slots that the primary keeps for replicas, there or not; `nil` where they are not known.
        public var slots: [String]?
        /// The application's latency, in seconds; `nil` where it is not measured.
        public var foregroundSeconds: Double?
        /// Whether other sessions wait for locks that batches hold.
        public var othersWait: Bool
        /// Processes that work on the run, this one included: they share its rates.
        public var processes: Int

        /// A poll.
        public init(
            position: UInt64, timeline: Int = 0, replicas: [ReplicaSighting]?,
            slots: [String]? = nil, foregroundSeconds: Double? = nil, othersWait: Bool = false,
            processes: Int = 1
        ) {
            self.position = position
            self.timeline = timeline
            self.replicas = replicas
            self.slots = slots
            self.foregroundSeconds = foregroundSeconds
            self.othersWait = othersWait
            self.processes = processes
        }
    }

    /// A batch carries at most so many seconds of a rate that the user allows, whatever size was
    /// asked for: a range must not be held for minutes by a batch that may not start.
    static let allowedSecondsMax = 0.5

    /// How soon a worker that was refused asks again, as a share of a batch's duration (no unit),
    /// and within which bounds, in seconds: what a short batch gains must not be lost by waiting,
    /// and the longest is a tenth of the least lag that is kept.
    static let retryShare = 0.25
    static let retrySecondsMin = 0.002
    static let retrySecondsMax = 0.025
    /// Most of a batch's time that is taken for its fixed cost (no unit): rows always cost some.
    static let overheadShareMax = 0.9
    /// Weight of a batch in the duration of batches (no unit): ten of them, about a second.
    static let batchWeight = 0.1

    /// The law.
    public private(set) var control: AdaptiveControl
    /// What kept the last batch that was refused from starting.
    public private(set) var lastWait: WaitReason?
    /// Share of the workers' time that was spent waiting at the gate, at the last poll.
    public private(set) var waitShare = 0.0
    /// What happened since it was last asked for, if it is kept.
    private(set) var trace: [ControlTrace.Event]?
    private var limits: Limits
    private var processes = 1
    private let requiredReplicas: Set<String>
    private var fixedCost = FixedCost()
    private var waitingSince: [Int: Double] = [:]
    private var waitedSeconds = 0.0
    private var busySince: [Int: Double] = [:]
    private var busySeconds = 0.0
    private var rowsSincePoll = 0
    /// What a batch takes, smoothed, in seconds.
    private var batchSeconds = 0.0
    private var lastPollSeconds: Double?

    /// Begins with small batches, and waits for the first poll.
    ///
    /// `requiredReplicas` are those without which nothing starts, even if they were never seen.
    public init(
        limits: Limits, requiredReplicas: Set<String> = [], isTraced: Bool = false
    ) {
        self.limits = limits
        self.requiredReplicas = requiredReplicas
        control = AdaptiveControl(limits: Self.bounds(limits, requiredReplicas, processes: 1))
        trace = isTraced ? [] : nil
        note(.limits(control.limits))
    }

    // MARK: What the user allows

    mutating func limitsChanged(to limits: Limits) {
        self.limits = limits
        rebound()
    }

    private mutating func rebound() {
        control.limits = Self.bounds(limits, requiredReplicas, processes: processes)
        note(.limits(control.limits))
    }

    /// Rates are the run's: each process has its share of them.
    private static func bounds(
        _ limits: Limits, _ required: Set<String>, processes: Int
    ) -> AdaptiveControl.Limits {
        AdaptiveControl.Limits(
            replicas: ReplicaWindow.Limits(
                maxLagSeconds: limits.maxLagSeconds, requiredReplicas: required),
            workers: ConcurrencyControl.Limits(
                workers: limits.workers,
                foregroundBudgetSeconds: limits.foregroundBudget?.aimSeconds(
                    aloneSeconds: limits.foregroundAloneSeconds),
                foregroundLookSeconds: limits.foregroundLookSeconds),
            rates: BatchGate.Limits(
                rowsPerSecondMax: limits.maxRowsPerSecond.map { $0 / Double(processes) },
                walBytesPerSecondMax: limits.maxWalBytesPerSecond.map {
                    $0 / Double(processes)
                }),
            batchKeysMax: Limits.batchKeysMax, batchSecondsMax: limits.batchSecondsBound,
            ownCostMax: limits.foregroundBudget.map(\.ownCostMax))
    }

    /// Keys of the next batch.
    public var batchKeys: Int {
        guard !limits.sizesBatches else { return control.decision.batch.batchKeys }
        guard let rate = control.limits.rates.rowsPerSecondMax else { return limits.batchKeys }
        return max(1, min(limits.batchKeys, Int(rate * Self.allowedSecondsMax)))
    }

    /// Workers that have something to do; the others hold nothing and wait.
    public var workersAllowed: Int {
        min(limits.workers.upperBound, control.decision.concurrency.workers)
    }

    /// Whether the server was looked at yet.
    var hasLooked: Bool { lastPollSeconds != nil }

    /// Why nothing at all may start, whatever the window says.
    public var stop: WaitReason? { control.decision.window.stop }

    /// The same in words with a cure.
    var stopWords: String? { stop?.words(limits, required: requiredReplicas) }

    /// How soon a worker that was refused asks again, in seconds.
    var retrySeconds: Double {
        min(Self.retrySecondsMax, max(Self.retrySecondsMin, batchSeconds * Self.retryShare))
    }

    // MARK: What happens

    /// Takes in a poll.
    mutating func poll(_ seen: Sighting, nowSeconds: Double) {
        let elapsed = lastPollSeconds.map { nowSeconds - $0 } ?? 0
        lastPollSeconds = nowSeconds
        if max(1, seen.processes) != processes {
            processes = max(1, seen.processes)
            rebound()
        }
        for (id, since) in waitingSince {
            waitedSeconds += max(0, nowSeconds - since)
            waitingSince[id] = nowSeconds
        }
        for (id, since) in busySince {
            busySeconds += max(0, nowSeconds - since)
            busySince[id] = nowSeconds
        }
        let running = elapsed > 0 ? busySeconds / elapsed : Double(busySince.count)
        busySeconds = 0
        let workers = max(1, busySince.count + waitingSince.count)
        waitShare = elapsed > 0 ? min(1, waitedSeconds / elapsed / Double(workers)) : 0
        waitedSeconds = 0
        let observation = AdaptiveControl.Observation(
            replicas: ReplicaWindow.Observation(
                nowSeconds: nowSeconds, primaryPosition: seen.position, replicas: seen.replicas,
                slots: seen.slots, timeline: seen.timeline),
            workers: ConcurrencyControl.Observation(
                nowSeconds: nowSeconds, foregroundSeconds: seen.foregroundSeconds,
                waitShare: waitShare, activeBatches: running,
                batchSeconds: batchSeconds, rows: Double(rowsSincePoll), othersWait: seen.othersWait
            ))
        rowsSincePoll = 0
        control.poll(observation)
        note(.poll(observation, control.decision))
    }

    /// May the worker start a batch of so many keys now? The ticket, or `nil`.
    mutating func admit(worker: Int, keys: Int, nowSeconds: Double) -> BatchGate.Ticket? {
        switch control.start(nowSeconds: nowSeconds, keys: keys, enforcesWorkers: false) {
        case .start(let ticket):
            if busySince[worker] == nil { busySince[worker] = nowSeconds }
            moveOn(worker: worker, nowSeconds: nowSeconds)
            note(.started(nowSeconds: nowSeconds, keys: keys, ticket: ticket))
            return ticket
        case .wait(let reason):
            lastWait = reason
            return nil
        }
    }

    /// The worker has nothing else to do than to wait at the gate.
    mutating func wait(worker: Int, nowSeconds: Double) {
        if waitingSince[worker] == nil { waitingSince[worker] = nowSeconds }
    }

    /// The worker does not wait at the gate, or no longer.
    mutating func moveOn(worker: Int, nowSeconds: Double) {
        guard let since = waitingSince.removeValue(forKey: worker) else { return }
        waitedSeconds += max(0, nowSeconds - since)
    }

    /// The worker has no batch in flight any more.
    mutating func idle(worker: Int, nowSeconds: Double) {
        guard let since = busySince.removeValue(forKey: worker) else { return }
        busySeconds += max(0, nowSeconds - since)
    }

    /// What of a batch's time had nothing to do with its rows: what passed beside its statement,
    /// or more where larger batches do not take longer in proportion.
    private func overheadSeconds(_ timing: BatchTiming) -> Double {
        let most = timing.elapsedSeconds * Self.overheadShareMax
        return min(max(timing.overheadSeconds, fixedCost.fixedSeconds ?? 0), most)
    }

    /// Takes in a batch's end; how long its worker rests, in seconds.
    mutating func finished(
        _ ticket: BatchGate.Ticket, keys: Int, _ timing: BatchTiming?,
        outcome: BatchSample.Outcome, othersRunning: Int, nowSeconds: Double
    ) -> Double {
        if outcome == .committed { rowsSincePoll += keys }
        if let timing, outcome == .committed {
            batchSeconds += Self.batchWeight * (timing.elapsedSeconds - batchSeconds)
            fixedCost.observe(keys: keys, seconds: timing.elapsedSeconds)
        }
        let sample = BatchSample(
            nowSeconds: nowSeconds, rows: timing == nil ? 0 : keys,
            overheadSeconds: timing.map(overheadSeconds) ?? 0,
            latencySeconds: timing?.elapsedSeconds ?? 0,
            // A last visit wrote next to nothing; what failed may have written all of it.
            walBytes: outcome == .yielded && timing != nil ? 0 : nil, outcome: outcome)
        let rest = control.finished(ticket, sample, othersRunning: othersRunning)
        note(.finished(ticket, sample, othersRunning: othersRunning, batch: control.decision.batch))
        return rest
    }

    // MARK: The trace

    private mutating func note(_ event: ControlTrace.Event) {
        trace?.append(event)
    }

    /// What was kept since it was last taken.
    mutating func takeTrace() -> [ControlTrace.Event] {
        guard let kept = trace, !kept.isEmpty else { return [] }
        trace = []
        return kept
    }
}

/// How long a batch took, and what of it had nothing to do with its rows.
public struct BatchTiming: Sendable, Equatable {
    /// From the answer before it, or from its sending, to its own answer.
    public let elapsedSeconds: Double
    /// What passed beside its one statement: BEGIN, COMMIT, the network.
    public let overheadSeconds: Double

    /// Describes a batch's time.
    public init(elapsedSeconds: Double, overheadSeconds: Double) {
        self.elapsedSeconds = elapsedSeconds
        self.overheadSeconds = overheadSeconds
    }
}
