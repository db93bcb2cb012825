/// How many batches run at once: as many as the application's latency allows, as still gain
/// throughput, and as the replicas' window needs; the least of the three.
///
/// The user's least number overrides what only costs the run, the gain and the window, and neither
/// the application's budget nor locks that others wait for.
public struct ConcurrencyControl: Sendable, Equatable {
    /// What happened since the step before.
    public struct Observation: Sendable, Equatable, Codable {
        /// Seconds of the run's clock.
        public var nowSeconds: Double
        /// The application's latency (p95) now, in seconds; `nil` where it is not measured.
        public var foregroundSeconds: Double?
        /// Share of the workers' time spent waiting at the gate, 0 to 1.
        public var waitShare: Double
        /// Batches running, mean since the step before.
        public var activeBatches: Double
        /// How long batches take now, in seconds.
        public var batchSeconds: Double
        /// Rows changed since the step before.
        public var rows: Double
        /// True where other sessions wait for locks that batches hold.
        public var othersWait: Bool

        /// An observation.
        public init(
            nowSeconds: Double, foregroundSeconds: Double?, waitShare: Double,
            activeBatches: Double, batchSeconds: Double, rows: Double, othersWait: Bool = false
        ) {
            self.nowSeconds = nowSeconds
            self.foregroundSeconds = foregroundSeconds
            self.waitShare = waitShare
            self.activeBatches = activeBatches
            self.batchSeconds = batchSeconds
            self.rows = rows
            self.othersWait = othersWait
        }
    }

    /// What the user allows; may differ from step to step.
    public struct Limits: Sendable, Equatable, Codable {
        /// Workers at the least, unless the application or its locks ask for fewer, and at the
        /// most.
        public var workers: ClosedRange<Int>
        /// The application's latency may reach this, in seconds; `nil` for no such limit.
        public var foregroundBudgetSeconds: Double?
        /// Seconds of work in which hardly any batch runs, since a budget in multiples is of what
        /// is still looked for (``ForegroundLeast``); `nil` where nothing is.
        public var foregroundLookSeconds: Double?

        /// The budget, or 1 where it is not known yet and only the share of it counts.
        var budgetOrUnit: Double { foregroundBudgetSeconds ?? 1 }

        /// Limits of a step.
        public init(
            workers: ClosedRange<Int>, foregroundBudgetSeconds: Double? = nil,
            foregroundLookSeconds: Double? = nil
        ) {
            self.workers = workers
            self.foregroundBudgetSeconds = foregroundBudgetSeconds
            self.foregroundLookSeconds = foregroundLookSeconds
        }
    }

    /// What is remembered of one observation.
    private struct Moment: Sendable, Equatable {
        let seconds: Double
        /// How long it lasted: looks are more frequent at the start.
        let elapsedSeconds: Double
        let waitShare: Double
        let active: Double
    }

    /// Seconds from decision to decision: a batch and its effect on the latency must be over.
    static let stepSeconds = 2.0
    /// The same until more workers have failed to gain: the budget's steps are small, and the
    /// best number is far.
    static let stepSecondsStartup = 1.0
    /// Waiting and running are means over the last so many seconds: a step's worth.
    static let waitSeconds = 2.0
    /// Below this share of waiting the gate is not what limits: more workers may help.
    static let freeShare = 0.15
    /// Above this share the workers are too many for the window.
    static let gatedShare = 0.3
    /// A limit binds where the number in use is at least this share of it.
    static let bindingShare = 0.9
    /// Kept over what ran on average while gated: 30 % and half a worker, to find out that the
    /// window grew.
    static let gatedGain = 1.3
    static let gatedExtra = 0.5
    /// The window's limit grows so fast a step once it does not gate.
    static let releaseGain = 1.5
    /// Left of the number when others wait for our locks, and its growth a step afterwards: a
    /// blocked session costs the application more than ten seconds of a worker cost the run.
    static let retreatShare = 0.7
    static let retreatRelease = 1.1
    /// Never fewer for that (batches at once): smaller batches are what lets others through.
    static let retreatLeast = 0.1

    private var budget = ForegroundBudget()
    private var probe = GainProbe()
    private var windowAllows = Double.infinity
    private var locksAllow = Double.infinity
    private var nextRetreatSeconds = -Double.infinity
    /// Batches at once by the last decision.
    private(set) var average = 1.0
    /// Whether any batch ran yet.
    private var hasRun = false
    /// Seconds of work since a budget came whose measure is looked for.
    private var lookedSeconds = 0.0
    private var moments: [Moment] = []
    private var lastSeconds: Double?
    private var dueSeconds: Double?

    /// Begins with two workers at the first poll, or with less than one where there is a budget.
    public init() {}

    /// What keeps the number from being larger.
    public enum Bound: Sendable, Equatable {
        /// The application's latency.
        case foreground
        /// What that is without the run, which is looked for.
        case look
        /// More workers change no more rows.
        case gain
        /// The replicas' window.
        case window
        /// Others waited for locks that batches held.
        case locks
        /// The most that the user allows.
        case workers
    }

    /// What that is now.
    func bound(_ limits: Limits) -> Bound {
        let budgeted = limits.foregroundBudgetSeconds == nil ? .infinity : budget.allowed
        let bounds: [(Double, Bound)] = [
            (Double(limits.workers.upperBound), .workers), (budgeted, .foreground),
            (locksAllow, .locks), (windowAllows, .window), (probe.allowed, .gain),
        ]
        let bound = bounds.min { $0.0 < $1.0 }?.1 ?? .workers
        return bound == .foreground && isLooking(limits) ? .look : bound
    }

    /// How often the application's budget has taken the number down far.
    var foregroundFalls: Int { budget.falls }

    /// Mean share of waiting over the last 2 s.
    public private(set) var waitShare = 0.0

    /// True while batches wait at the gate, and so more or larger ones gain nothing.
    public var isGated: Bool { waitShare > Self.freeShare }

    /// Takes in an observation; the number changes every 1 or 2 s.
    public mutating func step(_ observation: Observation, _ limits: Limits) -> Concurrency {
        let now = observation.nowSeconds
        let elapsed = lastSeconds.map { max(0, now - $0) } ?? 0
        lastSeconds = now
        remember(observation, elapsedSeconds: elapsed)
        if observation.activeBatches > 0 || observation.rows > 0 { hasRun = true }
        if !hasRun || dueSeconds == nil, limits.foregroundBudgetSeconds != nil {
            average = min(average, ForegroundBudget.first)
        }
        look(observation, limits, elapsedSeconds: elapsed)
        if let latency = observation.foregroundSeconds {
            budget.observe(latencySeconds: latency, elapsedSeconds: elapsed)
        }
        // A user who asks for at least two workers means running ones, not resting ones.
        let least = limits.workers.lowerBound > 1 ? Double(limits.workers.lowerBound) : 0
        probe.observe(
            rows: observation.rows, workers: running(limits, least: least),
            active: observation.activeBatches, batchSeconds: observation.batchSeconds,
            elapsedSeconds: elapsed, nowSeconds: now)
        if observation.othersWait { retreat(limits, least: least, nowSeconds: now) }
        if now >= dueSeconds ?? stepLength(limits) {
            decide(limits, least: least, nowSeconds: now)
            dueSeconds = now + stepLength(limits)
        }
        return Concurrency(average: running(limits, least: least))
    }

    /// Batches at once by the last decision, and no fewer than the user's least where neither the
    /// budget nor locks allow less.
    private func running(_ limits: Limits, least: Double) -> Double {
        var most = min(Double(limits.workers.upperBound), locksAllow)
        if limits.foregroundBudgetSeconds != nil {
            most = min(most, hasRun ? budget.allowed : ForegroundBudget.first)
            if isLooking(limits) { most = min(most, ForegroundBudget.looking) }
        }
        return min(most, max(average, least))
    }

    /// Whether what the application's statements take alone is still looked for.
    private func isLooking(_ limits: Limits) -> Bool {
        limits.foregroundLookSeconds.map { lookedSeconds < $0 } ?? false
    }

    /// Only work counts, since only then do statements take what they take beside a run.
    private mutating func look(
        _ observation: Observation, _ limits: Limits, elapsedSeconds: Double
    ) {
        if limits.foregroundBudgetSeconds == nil || limits.foregroundLookSeconds == nil {
            lookedSeconds = 0
        } else if observation.activeBatches > 0 {
            lookedSeconds += elapsedSeconds
        }
    }

    /// Passes over a poll at which another number ran than was decided: nothing is learned of it.
    mutating func skip(nowSeconds: Double) {
        lastSeconds = nowSeconds
        probe.skip(nowSeconds: nowSeconds)
    }

    /// Forgets what was seen of the application, and that its measure was looked for: another
    /// budget holds, which may be of another kind of number.
    mutating func forgetForeground() {
        budget.forget()
        lookedSeconds = 0
    }

    /// Seconds to the next decision.
    ///
    /// While the number doubles and nothing but the gain bounds it, each poll decides: what the
    /// gain needs to be measured is the pace then, and a run of ten seconds has its workers after
    /// two instead of four.
    private func stepLength(_ limits: Limits) -> Double {
        guard probe.isStartup else { return Self.stepSeconds }
        let most = Double(limits.workers.upperBound)
        let isBound =
            limits.foregroundBudgetSeconds != nil || windowAllows < most || locksAllow < most
        return isBound ? Self.stepSecondsStartup : 0
    }

    /// At once, and once a step: waiters do not go away while their batch is being cancelled.
    private mutating func retreat(_ limits: Limits, least: Double, nowSeconds: Double) {
        guard nowSeconds >= nextRetreatSeconds else { return }
        let running = running(limits, least: least)
        nextRetreatSeconds = nowSeconds + Self.stepSeconds
        // What was just given up is not taken back in the same breath.
        dueSeconds = nextRetreatSeconds
        locksAllow = max(Self.retreatLeast, running * Self.retreatShare)
        average = min(average, locksAllow)
    }

    private mutating func remember(_ observation: Observation, elapsedSeconds: Double) {
        let now = observation.nowSeconds
        moments.append(
            Moment(
                seconds: now, elapsedSeconds: elapsedSeconds,
                waitShare: min(1, max(0, observation.waitShare)),
                active: observation.activeBatches))
        while let first = moments.first, now - first.seconds >= Self.waitSeconds {
            moments.removeFirst()
        }
        waitShare = mean(\.waitShare) ?? 0
    }

    /// The mean over the moments that are remembered, each for as long as it lasted.
    private func mean(_ value: (Moment) -> Double) -> Double? {
        var (sum, seconds) = (0.0, 0.0)
        for moment in moments {
            sum += value(moment) * moment.elapsedSeconds
            seconds += moment.elapsedSeconds
        }
        return seconds > 0 ? sum / seconds : moments.last.map(value)
    }

    private mutating func decide(_ limits: Limits, least: Double, nowSeconds: Double) {
        let most = Double(limits.workers.upperBound)
        // While nothing runs (the user's throttle, a first measure) nothing is learned of a number.
        let isFree = waitShare < Self.freeShare && moments.contains { $0.active > 0 }
        let running = running(limits, least: least)
        budget.step(
            budgetSeconds: limits.foregroundBudgetSeconds,
            isBinding: isFree && running >= Self.bindingShare * budget.allowed,
            workers: hasRun ? running : ForegroundBudget.first,
            most: isLooking(limits) ? min(most, ForegroundBudget.looking) : most)
        probe.step(
            workers: running, isGated: !isFree,
            isBinding: isFree && running >= Self.bindingShare * probe.allowed,
            isLed: limits.foregroundBudgetSeconds != nil, bounds: least...max(least, most),
            nowSeconds: nowSeconds)
        if waitShare > Self.gatedShare {
            let active = mean(\.active) ?? 0
            // Those of the start wait because nothing is known yet: fewer would be as few later.
            let isUnknown = probe.isStartup && limits.foregroundBudgetSeconds == nil
            let floor = isUnknown ? GainProbe.unjudgedMost : 1
            windowAllows = max(floor, Self.gatedGain * active + Self.gatedExtra)
        } else {
            windowAllows *= Self.releaseGain
        }
        // Not bounded by the user's limit, which may be raised at any time.
        locksAllow *= Self.retreatRelease
        average = min(budget.allowed, probe.allowed, windowAllows, locksAllow)
        probe.changed(to: self.running(limits, least: least), nowSeconds: nowSeconds)
    }
}
