/// Finds how many batches at once still pay, by whether more rows changed where more ran.
///
/// A comparison needs no model of the server: the marginal gain falls long before the peak is
/// reached, and below nothing past it.
struct GainProbe: Sendable, Equatable {
    /// What a number of workers has achieved.
    private struct Level: Sendable, Equatable {
        var workers: Double
        var rowsPerSecond: Double
    }

    /// Sums since the number last changed.
    private struct Sums: Sendable, Equatable {
        var rows = 0.0
        var workers = 0.0
        var seconds = 0.0
    }

    /// More workers are kept if the rate grew by this share of what they grew by.
    ///
    /// Two cores that serve everything gain a tenth by the second worker and a third by four; whom
    /// that costs too much has a budget for it. The simulated servers come out the same from 0.07
    /// to 0.25.
    static let gainShare = 0.07
    /// The same while the number doubles, where it is judged at once.
    ///
    /// A rate over less than a second scatters by a tenth. A server with cores to spare gains well
    /// over half by a doubling; one without loses up to a tenth by it, and a run of seconds would
    /// be over before that is sure. (BBR takes its pipe for full below a quarter as well.)
    static let gainShareStartup = 0.25
    /// Doublings that must fail before the start is over, the smaller number measured anew between
    /// them: in lanes the rate swings by a third as regions go from cheap to dear ones.
    static let startupFailures = 2
    /// A number that differs by less (share) is the same: the budget moves it all the time.
    static let sameShare = 0.15
    /// Seconds after a change of the number before anything counts: batches of before must end.
    static let settleSeconds = 0.3
    /// Seconds that a rate is measured over, while the number doubles, and afterwards, where a
    /// few percent must be told from noise.
    static let measureSecondsStartup = 0.75
    static let measureSeconds = 4.0
    /// Without a budget this is where it begins, without being judged: hardly a server has one
    /// core alone, and judging takes a second.
    static let unjudgedMost = 2.0
    /// After so many seconds it is tried whether fewer do as well: that halves the rate for some
    /// seconds, which a short run would pay for nothing.
    static let lowerSeconds = 60.0
    /// At least so many batches of each worker must fit into it: rows are counted when one ends.
    static let measureBatches = 3.0
    /// A failure after the start must last for so many times as long, and no rate looks back
    /// further.
    static let confirmMultiple = 2.5
    /// Seconds to the next try after one that failed; doubled with each, up to the most.
    static let backoffSeconds = 15.0
    static let backoffSecondsMax = 240.0

    /// The batches at once that it allows.
    private(set) var allowed = 1.0
    /// True until a try has failed: the number doubles.
    private(set) var isStartup = true
    private var batchSeconds = 0.0
    private var base: Level?
    private var sums = Sums()
    private var backoff = backoffSeconds
    private var nextSeconds = 0.0
    private var settledSeconds = settleSeconds
    /// Whether fewer are still to be tried, since nobody judged the number.
    private var mayLower = false
    /// When that is due.
    private var lowerAtSeconds = 0.0
    /// Doublings of the start that did not pay.
    private var failures = 0
    /// Whether any rate was measured yet.
    private var hasMeasured = false
    /// What more of them achieved, while fewer are tried.
    private var lowering: Level?
    /// Whether a number was found not to pay.
    private var hasFailed = false
    /// The most that was allowed before.
    private var knownMost = 0.0
    /// The number by the last decision.
    private var current = 1.0

    /// Takes in the rows of a poll, and how many workers ran.
    mutating func observe(
        rows: Double, workers: Double, batchSeconds: Double, elapsedSeconds: Double,
        nowSeconds: Double
    ) {
        self.batchSeconds = batchSeconds
        guard nowSeconds - elapsedSeconds >= settledSeconds else { return }
        sums.rows += rows
        sums.workers += workers * elapsedSeconds
        sums.seconds += elapsedSeconds
        guard sums.seconds > 2 * Self.confirmMultiple * needSeconds else { return }
        sums.rows /= 2
        sums.workers /= 2
        sums.seconds /= 2
    }

    /// One step; while the gate holds batches back, what is measured is its limit.
    ///
    /// With `isLed` the budget's own steps lead the number up and this one follows at once, since
    /// they are small enough to be judged one by one; alone it measures before each step.
    ///
    /// `bounds` are the workers that run at the least and at the most.
    mutating func step(
        workers: Double, isGated: Bool, isBinding: Bool, isLed: Bool,
        bounds: ClosedRange<Double>, nowSeconds: Double
    ) {
        let most = bounds.upperBound
        defer { allowed = max(bounds.lowerBound, min(allowed, most)) }
        allowMore(upTo: most)
        // Whatever the gate says: two share what it lets through as one has it.
        if isStartup, !isLed, allowed < min(most, Self.unjudgedMost) {
            allowed = min(most, Self.unjudgedMost)
            base = nil
            mayLower = true
            lowerAtSeconds = nowSeconds + Self.lowerSeconds
            isStartup = allowed < most
            return
        }
        guard !isGated else {
            if let more = lowering {
                lowering = nil
                allowed = more.workers
                lowerAtSeconds = nowSeconds + Self.lowerSeconds
            }
            base = nil
            // The minute is one of work.
            if !hasMeasured { lowerAtSeconds = nowSeconds + Self.lowerSeconds }
            restart(nowSeconds)
            return
        }
        let isMeasured = sums.seconds >= needSeconds
        if isMeasured {
            hasMeasured = true
            let level = Level(
                workers: sums.workers / sums.seconds, rowsPerSecond: sums.rows / sums.seconds)
            if let more = lowering {
                judge(level, against: more, nowSeconds: nowSeconds)
                return
            }
            if let base, level.workers > base.workers * (1 + Self.sameShare) {
                let share = isStartup ? Self.gainShareStartup : Self.gainShare
                guard pays(level, over: base, share: share) else {
                    fail(workers: workers, back: base.workers, nowSeconds: nowSeconds)
                    return
                }
                backoff = Self.backoffSeconds
                mayLower = false
            }
            base = level
        }
        if mayLower, isMeasured, isBinding, nowSeconds >= lowerAtSeconds, let base,
            workers / 2 >= max(1, bounds.lowerBound)
        {
            lowering = base
            allowed = workers / 2
            isStartup = false
            return
        }
        guard isBinding, allowed < most else { return }
        if isStartup {
            if isLed || isMeasured { allowed = max(allowed, workers * 2) }
        } else if isMeasured, nowSeconds >= nextSeconds {
            allowed += 1
        }
    }

    /// A user who allows more while nothing was found not to pay has the start over again.
    private mutating func allowMore(upTo most: Double) {
        if most > knownMost, !hasFailed, lowering == nil { isStartup = true }
        knownMost = most
    }

    /// The number has changed; what was measured is of the number before, if it changed enough.
    mutating func changed(to workers: Double, nowSeconds: Double) {
        let mean = sums.seconds > 0 ? sums.workers / sums.seconds : current
        if abs(workers - mean) > Self.sameShare * mean { restart(nowSeconds) }
        current = workers
    }

    /// Forgets what is being measured: another number of workers ran.
    mutating func skip(nowSeconds: Double) { restart(nowSeconds) }

    private var needSeconds: Double {
        let least = isStartup ? Self.measureSecondsStartup : Self.measureSeconds
        return max(least, Self.measureBatches * batchSeconds)
    }

    private mutating func restart(_ nowSeconds: Double) {
        settledSeconds = nowSeconds + max(Self.settleSeconds, batchSeconds)
        sums = Sums()
    }

    private func pays(_ level: Level, over base: Level, share: Double) -> Bool {
        let gain = level.rowsPerSecond / max(base.rowsPerSecond, 1e-9) - 1
        return gain >= share * (level.workers / base.workers - 1)
    }

    /// Fewer are kept where more of them surely did not gain, and fewer still tried after a while.
    private mutating func judge(_ fewer: Level, against more: Level, nowSeconds: Double) {
        guard pays(more, over: fewer, share: Self.gainShare) else {
            guard sums.seconds >= Self.confirmMultiple * needSeconds else { return }
            lowering = nil
            base = fewer
            hasFailed = true
            lowerAtSeconds = nowSeconds + Self.lowerSeconds
            nextSeconds = nowSeconds + backoff
            return
        }
        lowering = nil
        allowed = more.workers
        base = nil
        mayLower = false
        restart(nowSeconds)
    }

    /// Goes back, at the start at once and to try again, later when the failure is sure.
    private mutating func fail(workers: Double, back: Double, nowSeconds: Double) {
        guard isStartup || sums.seconds >= Self.confirmMultiple * needSeconds else {
            allowed = min(allowed, workers)
            return
        }
        allowed = back
        failures += 1
        if isStartup, failures < Self.startupFailures {
            base = nil
            restart(nowSeconds)
            return
        }
        isStartup = false
        hasFailed = true
        nextSeconds = nowSeconds + backoff
        backoff = min(Self.backoffSecondsMax, backoff * 2)
        restart(nowSeconds)
    }
}
