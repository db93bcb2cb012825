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

    /// A doubling that is not judged yet: the number before it, and when it was allowed.
    private struct Doubling: Sendable, Equatable {
        let from: Double
        let atSeconds: Double
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
    /// So many doublings of one number must fail before the start is over, that number measured
    /// anew between them: in lanes the rate swings by a third between cheap and dear ones.
    static let startupFailures = 2
    /// A doubling is measured once so much of it runs (share): the new workers connect first.
    static let joinedShare = 0.6
    /// Or after so many seconds: what keeps them from running then is part of the number.
    static let joinSecondsMax = 2.0
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
    /// After so many seconds of work it is tried whether fewer do as well: that halves the rate for
    /// some seconds, which a short run would pay for nothing.
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
    /// True until doubling the number has failed, or reached the most.
    private(set) var isStartup = true
    private var doubled: Doubling?
    private var batchSeconds = 0.0
    private var base: Level?
    private var sums = Sums()
    private var backoff = backoffSeconds
    private var nextSeconds = 0.0
    private var settledSeconds = settleSeconds
    /// Whether fewer are still to be tried, since nobody judged the number.
    private var mayLower = false
    /// Seconds of work after which that is due.
    private var lowerAfterSeconds = 0.0
    /// Seconds in which batches ran.
    private var workedSeconds = 0.0
    /// Doublings of the number in use that did not pay.
    private var failures = 0
    /// What more of them achieved, while fewer are tried.
    private var lowering: Level?
    /// Whether a number was found not to pay.
    private var hasFailed = false
    /// The most that was allowed before.
    private var knownMost = 0.0
    /// The number by the last decision.
    private var current = 1.0

    /// Takes in the rows of a poll, how many workers were allowed, and how many batches ran.
    mutating func observe(
        rows: Double, workers: Double, active: Double, batchSeconds: Double,
        elapsedSeconds: Double, nowSeconds: Double
    ) {
        self.batchSeconds = batchSeconds
        if active > 0 { workedSeconds += elapsedSeconds }
        if let doubled, sums.seconds == 0, active < Self.joinedShare * workers,
            nowSeconds - doubled.atSeconds < Self.joinSecondsMax
        {
            settledSeconds = max(settledSeconds, nowSeconds)
        }
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
    /// With `isLed` the budget's own steps lead the number up and this one stays ahead, since they
    /// are small enough to be judged one by one; alone it measures before each step.
    ///
    /// `bounds` are the workers that run at the least and at the most.
    mutating func step(
        workers: Double, isGated: Bool, isBinding: Bool, isLed: Bool,
        bounds: ClosedRange<Double>, nowSeconds: Double
    ) {
        let most = bounds.upperBound
        defer { allowed = max(bounds.lowerBound, min(allowed, most)) }
        allowMore(upTo: most)
        if isLed { doubled = nil }
        // Though batches wait at the gate: two share what it lets through as one has it.
        if isStartup, !isLed, allowed < min(most, Self.unjudgedMost) {
            allowed = min(most, Self.unjudgedMost)
            base = nil
            mayLower = true
            lowerAfterSeconds = workedSeconds + Self.lowerSeconds
            isStartup = allowed < most
            return
        }
        guard !isGated else {
            if let more = lowering {
                lowering = nil
                allowed = more.workers
                lowerAfterSeconds = workedSeconds + Self.lowerSeconds
            }
            // More than the gate lets through are of no use, and cannot be judged.
            if let doubled {
                undouble(to: doubled.from, isJudged: false, nowSeconds: nowSeconds)
            }
            base = nil
            restart(nowSeconds)
            return
        }
        // Without a row nothing is measured: batches that are long, or that met a lock.
        if sums.seconds >= needSeconds, sums.rows == 0 { sums = Sums() }
        let isMeasured = sums.seconds >= needSeconds
        if isMeasured {
            let level = Level(
                workers: sums.workers / sums.seconds, rowsPerSecond: sums.rows / sums.seconds)
            if let more = lowering {
                judge(level, against: more, nowSeconds: nowSeconds)
                return
            }
            if let doubled, let base {
                let isLarger = level.workers > base.workers * (1 + Self.sameShare)
                guard isLarger, pays(level, over: base, share: Self.gainShareStartup) else {
                    undouble(to: doubled.from, isJudged: isLarger, nowSeconds: nowSeconds)
                    return
                }
                paid()
                if allowed >= most { isStartup = false }
            } else if let base, level.workers > base.workers * (1 + Self.sameShare) {
                guard pays(level, over: base, share: Self.gainShare) else {
                    fail(workers: workers, back: base.workers, nowSeconds: nowSeconds)
                    return
                }
                paid()
            }
            base = level
        }
        if mayLower, !isStartup, isMeasured, isBinding, workedSeconds >= lowerAfterSeconds,
            let base, workers / 2 >= max(1, bounds.lowerBound)
        {
            lowering = base
            allowed = workers / 2
            isStartup = false
            return
        }
        // Led, it stays ahead: a number that doubles by its own steps as well takes both in turn.
        guard isBinding || isStartup && isLed, allowed < most else { return }
        rise(workers: workers, isMeasured: isMeasured, isLed: isLed, nowSeconds: nowSeconds)
    }

    private mutating func rise(
        workers: Double, isMeasured: Bool, isLed: Bool, nowSeconds: Double
    ) {
        if isStartup {
            guard isLed || isMeasured else { return }
            if !isLed { doubled = Doubling(from: workers, atSeconds: nowSeconds) }
            allowed = max(allowed, workers * 2)
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
            lowerAfterSeconds = workedSeconds + Self.lowerSeconds
            nextSeconds = nowSeconds + backoff
            return
        }
        lowering = nil
        allowed = more.workers
        base = nil
        mayLower = false
        restart(nowSeconds)
    }

    private mutating func paid() {
        doubled = nil
        failures = 0
        backoff = Self.backoffSeconds
        mayLower = false
    }

    /// Goes back from a doubling at once, to try it again, or to go on in small steps.
    ///
    /// `isJudged` where its rate was seen, and nothing but the gate or locks were in its way.
    private mutating func undouble(to back: Double, isJudged: Bool, nowSeconds: Double) {
        doubled = nil
        base = nil
        allowed = back
        failures += 1
        restart(nowSeconds)
        guard failures >= Self.startupFailures else { return }
        failures = 0
        endStartup(isJudged: isJudged, nowSeconds: nowSeconds)
    }

    /// Holds the number until the failure is sure, and goes back then.
    private mutating func fail(workers: Double, back: Double, nowSeconds: Double) {
        guard sums.seconds >= Self.confirmMultiple * needSeconds else {
            allowed = min(allowed, workers)
            return
        }
        allowed = back
        endStartup(isJudged: true, nowSeconds: nowSeconds)
        restart(nowSeconds)
    }

    private mutating func endStartup(isJudged: Bool, nowSeconds: Double) {
        isStartup = false
        hasFailed = hasFailed || isJudged
        nextSeconds = nowSeconds + backoff
        backoff = min(Self.backoffSecondsMax, backoff * 2)
    }
}
