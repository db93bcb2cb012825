/// Decides what every worker of one process does next.
///
/// A pure state machine: a worker reports what happened and is told what to do. It has no clock
/// (`nowSeconds` is an argument) and its only randomness is the seed of its jitter, so the same
/// events give the same actions.
///
/// A worker's life: connect → claim → send/receive … → claim … → exit. At most
/// ``pipelineDepth`` batches of one worker are in flight, always of one range, and none is sent
/// after the run began to stop, while the gate is closed, or before a failed batch was settled by
/// reading the ledger again, unless the server said that a row of it cannot be changed.
public struct RunScheduler: Sendable {
    /// Batches in flight per worker, unless a pooler stands between.
    ///
    /// Two hide the network's round trip behind the server's work;
    /// more could not be recalled by a pause, the gate or a cancel.
    public static let pipelineDepth = 2
    /// Batches that one ledger row takes before the range moves to a fresh one: dead versions of
    /// a row cannot be pruned while somebody holds a snapshot, and each costs a later fence about
    /// 9 ns (836 − 122 µs over 78,000 versions were measured), so 2,000 of them cost 20 µs.
    public static let batchesPerLedgerRow = 2_000
    /// Keep trying to reach the server for so long before giving up, in seconds: longer than a
    /// failover or a restart with crash recovery usually takes.
    public static let outageSecondsMax = 600.0
    /// Sessions in a row that may be lost in the middle of a batch: an expression that makes its
    /// backend crash restarts the whole server each time.
    public static let lossesMax = 10
    /// Cancels by somebody else that are taken for accidents.
    public static let administratorCancelsMax = 3
    /// Give the range back when the gate stays closed for so long, in seconds: another process
    /// may have an open gate, and a lease need not be renewed for nothing.
    public static let gateReleaseSeconds = 5.0
    /// Longest single wait, in seconds, so that a drain or a new limit is noticed soon.
    static let sliceSeconds = 0.2
    /// The same until the first look at the server, which says who is needed and is milliseconds
    /// away.
    static let firstSliceSeconds = 0.025
    /// The same once nothing has been allowed to start for ``restAfterSeconds``: each wait's end
    /// wakes the process, and a pause may last for hours.
    static let sliceSecondsAtRest = 0.5
    /// Seconds without a start after which waits are longer: a replica that is emptied in bursts
    /// holds batches back for less.
    public static let restAfterSeconds = 2.0
    /// A table of the run, or one that the user's expressions name, is not there.
    static let undefinedTable = "42P01"
    /// Too many sessions: batches of those that are there make it no worse.
    static let tooManyConnections = "53300"
    /// So often a batch on a missing table is tried again: about ten seconds, in which the monitor
    /// has ended the ranges of a dropped partition twice over.
    static let missingTableAttempts = 8
    /// A shrunken batch doubles after so many successes in a row.
    static let successesToGrow = 8

    /// The limits in force.
    public private(set) var limits: Limits
    /// How this process's part ends; `nil` while it goes on.
    public private(set) var outcome: RunOutcome?
    /// Why no batch starts, in words; `nil` when the gate is open.
    public private(set) var gateReason: String?
    /// What sizes batches and lets them start; `nil` where only the gate does.
    public internal(set) var steering: BatchSteering?
    /// What the server is out of, in its words, while every batch waits for it; `nil` when nothing
    /// is known to be missing.
    public private(set) var shortage: String?
    /// Where and when regions are filled in lanes.
    var lanes: LaneRule
    var workers: [Int: WorkerState] = [:]
    private var shortageUntilSeconds = 0.0
    private var gateClosedSinceSeconds: Double?
    private var jitter: SeededGenerator
    private let tablesMayGo: Bool
    private let inFlightMax: Int
    /// When each worker that committed anything did so last, in seconds.
    private var lastCommitSeconds: [Int: Double] = [:]

    /// Begins a process's part in a run; `tablesMayGo` when it is over partitions, which may be
    /// dropped while it goes on; `isPooled` when sessions are lent by a pooler, which takes one
    /// back only when nothing is in flight, so that others would wait for the end of a range.
    ///
    /// `laneFacts` are those of each part that may be filled in lanes.
    public init(
        limits: Limits, seed: UInt64, tablesMayGo: Bool = false, isPooled: Bool = false,
        steering: BatchSteering? = nil, laneFacts: [Int: LaneFacts] = [:]
    ) {
        self.limits = limits
        lanes = LaneRule(facts: laneFacts, setting: limits.lanes)
        self.steering = steering
        self.tablesMayGo = tablesMayGo
        inFlightMax = isPooled ? 1 : Self.pipelineDepth
        jitter = SeededGenerator(seed: seed)
    }

    // MARK: What the run hears

    /// New limits hold from the next batch on.
    public mutating func limitsChanged(to limits: Limits) {
        self.limits = limits
        lanes.set(limits.lanes)
        steering?.limitsChanged(to: limits)
        for id in workers.keys { workers[id]?.batchKeysShrunk = nil }
    }

    /// Opens the gate (`nil`) or closes it with the reason in words.
    public mutating func gateChanged(reason: String?, nowSeconds: Double) {
        gateReason = reason
        noteGate(nowSeconds: nowSeconds)
    }

    /// Takes in what a poll of the server shows.
    public mutating func observe(_ seen: BatchSteering.Sighting, nowSeconds: Double) {
        steering?.poll(seen, nowSeconds: nowSeconds)
        noteGate(nowSeconds: nowSeconds)
    }

    private mutating func noteGate(nowSeconds: Double) {
        guard closedReason != nil else { return gateClosedSinceSeconds = nil }
        if gateClosedSinceSeconds == nil { gateClosedSinceSeconds = nowSeconds }
    }

    /// Why nothing at all may start, in words.
    private var closedReason: String? {
        gateReason ?? steering?.stopWords
    }

    /// Stops: batches in flight end, ranges are given back, workers exit; the first reason stays.
    public mutating func stop(_ reason: RunOutcome) {
        if outcome == nil { outcome = reason }
    }

    /// Numbers of the workers that should be started now; each must be started.
    public mutating func workersToStart() -> [Int] {
        guard outcome == nil else { return [] }
        var started: [Int] = []
        for id in 0..<limits.workers.upperBound where workers[id] == nil {
            workers[id] = WorkerState()
            started.append(id)
        }
        return started
    }

    // MARK: What is seen from outside

    /// Whether every worker has exited and none will start.
    public var isFinished: Bool { outcome != nil && workers.isEmpty }

    /// Workers that hold a range.
    public var workingCount: Int { workers.values.filter { $0.range != nil }.count }

    /// Whether a batch is under way.
    public var isBusy: Bool { workers.values.contains { $0.inFlight > 0 } }

    /// How long workers were idle at the end: from the last batch of the first one that ran dry to
    /// the last batch of all, in seconds; `nil` before two have committed.
    public var tailSeconds: Double? {
        guard lastCommitSeconds.count > 1, let first = lastCommitSeconds.values.min(),
            let last = lastCommitSeconds.values.max()
        else { return nil }
        return last - first
    }

    /// The reason that most keeps this process from working now, in words; `nil` when it works.
    public var waitingFor: String? {
        if let reason = closedReason ?? shortage { return reason }
        // Those that the law has no use for wait for nothing.
        let allowed = steering?.workersAllowed ?? .max
        let wanted = workers.filter { $0.key < allowed }.values
        let reasons = wanted.compactMap(\.waitReason)
        return reasons.count == wanted.count ? reasons.min() : nil
    }

    /// Keys in the next batch: the limit, or less after statement timeouts and in lanes.
    public var batchKeys: Int {
        let shrunk = workers.values.compactMap(\.batchKeysShrunk).min() ?? batchKeysFull
        let full = min(shrunk, batchKeysFull)
        let lanes = workers.values.compactMap { $0.region?.next(keys: full)?.keys }
        return lanes.max() ?? full
    }

    // MARK: One worker's step

    /// Takes in what happened to a worker and says what it does next.
    public mutating func next(
        worker id: Int, after event: WorkerEvent, nowSeconds: Double
    ) -> WorkerAction {
        var worker = workers[id] ?? WorkerState()
        if case .committed = event {
            lastCommitSeconds[id] = nowSeconds
            // One that was under way when the shortage began proves nothing.
            if nowSeconds >= shortageUntilSeconds { shortage = nil }
        }
        settle(event, id, &worker, nowSeconds: nowSeconds)
        apply(event, to: &worker, nowSeconds: nowSeconds)
        let action = decide(id, &worker, nowSeconds: nowSeconds)
        if case .release = action { worker.isReleasing = true } else { worker.isReleasing = false }
        workers[id] = action == .exit ? nil : worker
        return action
    }

    private mutating func decide(
        _ id: Int, _ worker: inout WorkerState, nowSeconds: Double
    ) -> WorkerAction {
        let stopping = outcome != nil || id >= limits.workers.upperBound
        // One that the law has no use for holds nothing, and waits.
        let isParked = id >= (steering?.workersAllowed ?? .max)
        if worker.connected, worker.inFlight > 0 {
            guard !stopping, !isParked, canSend(worker), worker.waitUntilSeconds <= nowSeconds,
                admit(id, &worker, nowSeconds: nowSeconds)
            else { return .receive }
            return send(&worker)
        }
        if worker.rangeFinished { worker.forgetRange() }
        if stopping {
            guard worker.connected, let range = worker.range else { return .exit }
            return .release(range)
        }
        if worker.waitUntilSeconds > nowSeconds {
            return .wait(seconds: min(worker.waitUntilSeconds - nowSeconds, Self.sliceSeconds))
        }
        if isParked, worker.range == nil {
            let isFirst = steering?.hasLooked == false && closedReason == nil
            return .wait(seconds: isFirst ? Self.firstSliceSeconds : slice(nowSeconds))
        }
        // The last free pages are the application's: nobody tries before the one who met the end.
        if shortageUntilSeconds > nowSeconds {
            return .wait(seconds: min(shortageUntilSeconds - nowSeconds, Self.sliceSeconds))
        }
        if !worker.connected { return .connect }
        if let range = worker.range, worker.mustReattach { return .reattach(range) }
        if isParked, let range = worker.range { return .release(range) }
        if closedReason != nil {
            let closedSeconds = nowSeconds - (gateClosedSinceSeconds ?? nowSeconds)
            if let range = worker.range, closedSeconds >= Self.gateReleaseSeconds {
                return .release(range)
            }
            return .wait(seconds: slice(nowSeconds))
        }
        guard let range = worker.range else {
            return worker.mustSplit ? .split(batchKeys: wantedKeys(worker)) : .claim
        }
        if let action = skipAction(range, &worker) { return action }
        if let action = laneAction(id, range, &worker, nowSeconds: nowSeconds) { return action }
        if let key = worker.bisection?.found {
            return .quarantine(range, key, firstOfRange: !worker.cursorSet)
        }
        if worker.batchesOfRow >= Self.batchesPerLedgerRow { return .renew(range) }
        if worker.bisection?.isProbing == true {
            worker.inFlight = 1
            return .probe(range, firstOfRange: !worker.cursorSet)
        }
        return admitted(id, &worker, nowSeconds: nowSeconds)
    }

    /// The longest single wait now, in seconds.
    private func slice(_ nowSeconds: Double) -> Double {
        guard let since = gateClosedSinceSeconds, nowSeconds - since >= Self.restAfterSeconds
        else { return Self.sliceSeconds }
        return Self.sliceSecondsAtRest
    }

    /// The next batch, if the law lets it start.
    mutating func admitted(
        _ id: Int, _ worker: inout WorkerState, nowSeconds: Double
    ) -> WorkerAction {
        guard admit(id, &worker, nowSeconds: nowSeconds) else {
            steering?.wait(worker: id, nowSeconds: nowSeconds)
            return .wait(seconds: steering?.retrySeconds ?? Self.sliceSeconds)
        }
        return send(&worker)
    }

    private func canSend(_ worker: WorkerState) -> Bool {
        worker.range != nil && !worker.rangeFinished && !worker.mustReattach
            && worker.inFlight < inFlightMax && closedReason == nil && shortage == nil
            && worker.bisection == nil && worker.skippedKeys == nil
            && worker.batchesOfRow < Self.batchesPerLedgerRow && isLaneOpen(worker)
    }

    private func send(_ worker: inout WorkerState) -> WorkerAction {
        guard let range = worker.range else { return .claim }
        let keys = wantedKeys(worker)
        if let batch = worker.region?.next(keys: keys) {
            worker.region?.send(batch)
            worker.sentKeys.append(batch.keys)
            return .sendLane(range, batch)
        }
        worker.sentKeys.append(keys)
        if range.isPhysical { return .sendPages(range, keys: keys, skips: false) }
        return .send(
            range, keys: keys, bytes: worker.wide.bytes(keys: keys),
            firstOfRange: !worker.cursorSet)
    }

    /// Keys in the next batch: a lane's may end before.
    func nextKeys(_ worker: WorkerState) -> Int {
        let keys = wantedKeys(worker)
        return worker.region?.next(keys: keys)?.keys ?? keys
    }

    /// Keys to ask for in the next batch.
    func wantedKeys(_ worker: WorkerState) -> Int {
        let keys = worker.wide.keys(limit: keys(worker))
        return worker.bisection.map { min(keys, $0.tryKeys) } ?? keys
    }

    private func keys(_ worker: WorkerState) -> Int {
        min(worker.batchKeysShrunk ?? batchKeysFull, batchKeysFull)
    }

    private var batchKeysFull: Int { steering?.batchKeys ?? limits.batchKeys }

    // MARK: Taking events in

    private mutating func apply(
        _ event: WorkerEvent, to worker: inout WorkerState, nowSeconds: Double
    ) {
        switch event {
        case .started, .waited:
            break
        case .connected:
            worker.connected = true
            worker.mustReattach = worker.range != nil
        case .claimed(let range), .split(.some(let range)), .renewed(.some(let range)),
            .reattached(.some(let range)):
            worker.unreachableSinceSeconds = nil
            if case .renewed = event, worker.rangeWithoutRegions != nil {
                // The same range under another number.
                worker.rangeWithoutRegions = range.number
            }
            worker.hold(range)
        case .nothingClaimable(let unfinished):
            worker.unreachableSinceSeconds = nil
            if unfinished == 0 {
                stop(.completed)
            } else if nowSeconds >= worker.nextSplitSeconds {
                worker.mustSplit = true
            } else {
                worker.idle(untilSeconds: nowSeconds + Self.sliceSeconds)
            }
        case .split(nil):
            worker.mustSplit = false
            worker.unreachableSinceSeconds = nil
            worker.nextSplitSeconds = nowSeconds + SplitRule.retrySeconds
            worker.idle(untilSeconds: nowSeconds + Self.sliceSeconds)
        case .sent:
            worker.inFlight += 1
            worker.cursorSet = worker.cursorSet || worker.region == nil
            worker.batchesOfRow += 1
        case .surveyed(let survey):
            surveyed(survey, &worker)
        case .horizon(let horizon):
            lanes.saw(horizon: horizon)
        case .committed(let counts):
            worker.answered()
            committedLane(counts, &worker)
            worker.cursorSet = worker.cursorSet || worker.region == nil
            worker.cursorCommitted = worker.cursorCommitted || worker.region == nil
            worker.bisection = worker.bisection?.committed(keys: counts.keysScanned)
            worker.rangeFinished = worker.rangeFinished || counts.finishedRange
            worker.wide.observe(counts)
            worker.succeeded(fullBatch: batchKeysFull)
        case .fenceMissed:
            worker.answered()
            // The second batch in the pipe of a finished range misses as a matter of course.
            if !worker.rangeFinished { worker.forgetRange() }
        case .failed(let failure):
            failed(failure, &worker, nowSeconds: nowSeconds)
        case .poisoned(let key):
            worker.answered()
            worker.region?.rollBack()
            worker.bisection?.found(key)
        case .quarantined(let outcome):
            quarantined(outcome, &worker)
        case .reattached(nil), .renewed(nil), .released:
            worker.forgetRange()
        }
    }

    private mutating func quarantined(_ outcome: QuarantineOutcome, _ worker: inout WorkerState) {
        switch outcome {
        case .setAside(let finishedRange):
            worker.bisection = nil
            skippedLaneKey(&worker)
            worker.cursorSet = worker.cursorSet || worker.region == nil
            worker.cursorCommitted = worker.cursorCommitted || worker.region == nil
            worker.batchesOfRow += 1
            worker.rangeFinished = finishedRange
            worker.succeeded(fullBatch: batchKeysFull)
        case .moved:
            worker.bisection?.lose()
        case .full:
            let failure = worker.bisection?.found?.failure
            let message =
                "\(limits.maxQuarantine) keys are quarantined and one more cannot be changed "
                + "either (--max-quarantine allows no more): \(failure?.message ?? "")"
            stop(
                .failed(
                    Failure(origin: .server, sqlState: failure?.sqlState, message: message)))
        case .fenceLost:
            worker.forgetRange()
        }
    }

    /// The class of a failure, where the run says more of it than the failure itself.
    private func classify(_ failure: Failure, _ worker: WorkerState) -> FailureClass {
        if tablesMayGo, failure.sqlState == Self.undefinedTable,
            worker.attempts < Self.missingTableAttempts
        {
            return .retry
        }
        let failureClass = FailureClass.of(
            failure, statementTimeoutMilliseconds: limits.statementTimeoutMilliseconds)
        // Only a batch meets a row; whoever allows no key to be set aside stops at the first. Pages
        // are left to the sweep, which finds the key.
        if failureClass == .poison,
            worker.inFlight == 0 || limits.maxQuarantine == 0 && worker.range?.isPhysical != true
        {
            return .stop
        }
        return failureClass
    }

    /// How often in sequence something else than a batch may take too long.
    public static let slowAttemptsMax = 8

    /// SQLSTATE of a batch that waited for somebody's lock for too long.
    private static let lockTimeout = "55P03"

    private mutating func failed(
        _ failure: Failure, _ worker: inout WorkerState, nowSeconds: Double
    ) {
        let failureClass = classify(failure, worker)
        if failure.origin == .connectionLost, worker.inFlight > 0 {
            worker.losses += 1
            if worker.losses > Self.lossesMax { stop(.failed(failure)) }
        }
        let isPhysical = worker.range?.isPhysical == true
        let failedKeys = worker.sentKeys.first ?? 1
        let isBatch = worker.inFlight > 0
        worker.inFlight = 0
        worker.sentKeys = []
        // What the server refuses to take back, it will refuse again: the range's lease ends it.
        if worker.isReleasing, failure.origin == .server { worker.forgetRange() }
        worker.mustReattach = worker.range != nil
        worker.waitReason = failure.message
        worker.attempts += 1
        // Only an error that the server itself reported leaves a session to go on with.
        if failure.origin != .server { worker.connected = false }
        if worker.isSurveying, failureClass == .shrink || failure.origin == .connectionLost {
            surveyFailed(&worker)
        }
        worker.isSurveying = false
        // What the server itself rolled back is where it was; else the range is read again first.
        worker.region?.rollBack()
        switch failureClass {
        case .stop:
            stop(.failed(failure))
        case .administrator:
            worker.administratorCancels += 1
            if worker.administratorCancels > Self.administratorCancelsMax {
                stop(.pausedByAdministrator(failure))
            }
        case .poison:
            // The server rolled it back and said so: the range is where it was.
            worker.mustReattach = false
            worker.cursorSet = worker.cursorCommitted
            if isPhysical {
                worker.skippedKeys = failedKeys
                break
            }
            if worker.bisection == nil { worker.bisection = Bisection(failedKeys: failedKeys) }
            worker.bisection?.failed(keys: failedKeys)
        case .shrink where !isBatch:
            // No batch is to blame for what else takes too long, and no row.
            if worker.attempts >= Self.slowAttemptsMax { stop(.failed(failure)) }
        case .shrink:
            if keys(worker) == 1 { stop(.failed(failure)) }
            worker.shrink(from: keys(worker))
        case .yield:
            // A single row is as small as it gets: whoever waits gets in between two of them.
            worker.shrink(from: keys(worker))
        case .reconnect:
            worker.connected = false
            let since = worker.unreachableSinceSeconds ?? nowSeconds
            worker.unreachableSinceSeconds = since
            if nowSeconds - since > Self.outageSecondsMax { stop(.unreachable(failure)) }
        case .retry:
            // One row that is held for an hour must not have a whole batch written each time.
            if failure.sqlState == Self.lockTimeout { worker.shrink(from: keys(worker)) }
        case .resources:
            break
        }
        worker.waitUntilSeconds =
            nowSeconds
            + Backoff.seconds(failureClass, attempt: worker.attempts, jitter: jitter.nextUnit())
        if failureClass == .resources, failure.sqlState != Self.tooManyConnections {
            shortage = failure.message
            shortageUntilSeconds = max(shortageUntilSeconds, worker.waitUntilSeconds)
        }
    }
}
