/// How many batches at once leave the application within its latency budget.
///
/// An integrator in log space: latency rises with the load's share of the server, so the step is
/// a share of the number, and the same at 1 worker and at 16.
struct ForegroundBudget: Sendable, Equatable {
    /// Aimed at, as a share of what is given: less than the user's budget already
    /// (``LatencyBudget/aimShare``), so that noise does not have to stay below it; and of the
    /// run's own cost, where the application is not seen, nothing so sharp is known.
    static let setpoint = 0.99
    /// Time constant of the measured latency, in seconds: 20 % of the news at 0.25 s a poll.
    static let smoothingSeconds = 1.12
    /// Share of the distance (in log space) that one step goes; more oscillates, since the
    /// smoothed latency lags a step behind.
    static let gain = 0.3
    /// Error (log space) above which the latency is far from the budget, and the share then: far
    /// below it hardly rises with the number, so larger steps do not overshoot, and far above it
    /// the application waits for every step that is too small.
    static let farError = 0.3
    static let farGain = 0.7
    /// Bounds of a step in log space: halve at most, grow by a factor of 2.5 at most.
    static let fallMax = -0.7
    static let riseMax = 0.9
    /// The most that it grows by once the budget has been passed: what the latency was at a smaller
    /// number says little of a larger one, since a 95th percentile is flat until a twentieth of the
    /// time is taken, and steep from there.
    static let riseMaxKnown = 0.2
    /// The same while it is below ``backShare`` of where the budget was last passed, where a rise
    /// goes ``farGain`` of the distance too: so much was borne, and one slow moment may have taken
    /// it down.
    static let riseMaxBack = 0.5
    static let backShare = 0.7
    /// What is seen for so long after a far fall (seconds) is of the number before: what is
    /// measured learns of the fall a poll later, settles for half a second and is told anew after
    /// another quarter (``LatencyRing/beginAnew(nowSeconds:)``); the server's statistics are means
    /// of a second.
    static let settleSeconds = 1.0
    /// Never fewer workers on average: one that works for less than a twentieth of the time does
    /// not show in a 95th percentile.
    static let least = 0.02
    /// Begun with so many batches at once, since nothing is known of what the application bears;
    /// two of the largest steps lead from here to two workers.
    static let first = 0.35
    /// Never more while what statements take alone is still looked for: beside a tenth of a worker
    /// an application's reads took what they take alone, and half as much again beside three
    /// tenths (docs/decisions/0017-steering-on-real-servers.md).
    static let looking = 0.1

    /// The batches at once that it allows.
    private(set) var allowed = first
    private var smoothed: Double?
    private var isOff = false
    /// The number with which the budget was last passed; where it lies is known since.
    private var passedAt: Double?
    /// How long what is seen is still of the number before a fall, in seconds.
    private var unsettledSeconds = 0.0
    /// Whether what was seen is of the number before a fall.
    private var isStale = false
    /// How often it has fallen far: what was measured before is not to be held against the new
    /// number.
    private(set) var falls = 0

    mutating func observe(latencySeconds: Double, elapsedSeconds: Double) {
        guard unsettledSeconds <= 0 else {
            unsettledSeconds -= elapsedSeconds
            return
        }
        guard let known = smoothed, !isStale else {
            smoothed = latencySeconds
            isStale = false
            return
        }
        let weight = 1 - Exponential.exp(-elapsedSeconds / Self.smoothingSeconds)
        smoothed = known + weight * (latencySeconds - known)
    }

    /// Forgets the latency that was seen, and not the number.
    mutating func forget() {
        smoothed = nil
        isStale = false
        unsettledSeconds = 0
    }

    /// One step; it grows only while it is what `isBinding` says it is, or it would wind up.
    ///
    /// A budget that comes while a run goes on begins with the number of `workers` that run.
    mutating func step(budgetSeconds: Double?, isBinding: Bool, workers: Double, most: Double) {
        guard let budget = budgetSeconds, let latency = smoothed, latency > 0 else {
            allowed = most
            isOff = true
            return
        }
        if isOff { allowed = workers }
        isOff = false
        guard !isStale else { return }
        let error = Exponential.log(Self.setpoint * budget / latency)
        if error < 0 || isBinding {
            let isFar = abs(error) > Self.farError || error > 0 && isBelowWhatWasBorne
            let gain = isFar ? Self.farGain : Self.gain
            if error < 0 { passedAt = allowed }
            let change = min(max(gain * error, Self.fallMax), mostRise)
            allowed *= Exponential.exp(change)
            if error < -Self.farError { fell() }
        }
        allowed = min(most, max(Self.least, allowed))
    }

    private var isBelowWhatWasBorne: Bool {
        passedAt.map { allowed < Self.backShare * $0 } ?? false
    }

    /// How much it may grow by, in log space.
    private var mostRise: Double {
        guard let passedAt else { return Self.riseMax }
        let back = Exponential.log(Self.backShare * passedAt / allowed)
        return max(Self.riseMaxKnown, min(Self.riseMaxBack, back))
    }

    /// Judges the new number by what comes from now on: the same slow moment took it down once for
    /// each step within the span of what was measured.
    private mutating func fell() {
        falls += 1
        isStale = true
        unsettledSeconds = Self.settleSeconds
    }
}
