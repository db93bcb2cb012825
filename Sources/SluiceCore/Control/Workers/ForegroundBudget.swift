/// How many batches at once leave the application within its latency budget.
///
/// An integrator in log space: latency rises with the load's share of the server, so the step is
/// a share of the number, and the same at 1 worker and at 16.
struct ForegroundBudget: Sendable, Equatable {
    /// Aimed at, as a share of the budget: noise must stay below the whole.
    static let setpoint = 0.97
    /// Time constant of the measured latency, in seconds: 20 % of the news at 0.25 s a poll.
    static let smoothingSeconds = 1.12
    /// Share of the distance (in log space) that one step goes; more oscillates, since the
    /// smoothed latency lags a step behind.
    static let gain = 0.3
    /// Error (log space) above which the latency is far below the budget, and the share then:
    /// there latency hardly rises with the number, so larger steps do not overshoot.
    static let farError = 0.3
    static let farGain = 0.7
    /// Bounds of a step in log space: halve at most, grow by 42 % at most.
    static let fallMax = -0.7
    static let riseMax = 0.6
    /// Never fewer workers on average: one that works a tenth of the time still measures.
    static let least = 0.1

    /// The batches at once that it allows.
    private(set) var allowed = 1.0
    private var smoothed: Double?
    private var isOff = false

    mutating func observe(latencySeconds: Double, elapsedSeconds: Double) {
        guard let known = smoothed else {
            smoothed = latencySeconds
            return
        }
        let weight = 1 - Exponential.exp(-elapsedSeconds / Self.smoothingSeconds)
        smoothed = known + weight * (latencySeconds - known)
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
        let error = Exponential.log(Self.setpoint * budget / latency)
        if error < 0 || isBinding {
            let gain = error > Self.farError ? Self.farGain : Self.gain
            let change = min(max(gain * error, Self.fallMax), Self.riseMax)
            allowed *= Exponential.exp(change)
        }
        allowed = min(most, max(Self.least, allowed))
    }
}
