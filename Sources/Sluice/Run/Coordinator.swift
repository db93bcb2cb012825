import SluiceCore

/// The one place where the scheduler's state lives while a process carries out a run.
///
/// Workers ask it what to do next; the monitor tells it what it saw. It decides nothing itself.
actor Coordinator {
    private var scheduler: RunScheduler
    private let began = ContinuousClock.now
    private let starting: AsyncStream<Int>.Continuation
    private var keysScanned = 0
    private let trace: (@Sendable ([ControlTrace.Event]) -> Void)?
    private let rests: Rests

    /// Numbers of workers to start; ends when the process's part in the run is over.
    nonisolated let starts: AsyncStream<Int>

    init(
        limits: Limits, seed: UInt64, tablesMayGo: Bool, isPooled: Bool,
        requiredReplicas: Set<String> = [],
        trace: (@Sendable ([ControlTrace.Event]) -> Void)? = nil,
        laneFacts: [Int: LaneFacts] = [:], rests: Rests = Rests()
    ) {
        self.trace = trace
        self.rests = rests
        scheduler = RunScheduler(
            limits: limits, seed: seed, tablesMayGo: tablesMayGo, isPooled: isPooled,
            steering: BatchSteering(
                limits: limits, requiredReplicas: requiredReplicas, isTraced: trace != nil),
            laneFacts: laneFacts)
        (starts, starting) = AsyncStream.makeStream()
    }

    /// Seconds since the process took up the run: the scheduler's clock.
    nonisolated var nowSeconds: Double {
        let elapsed = began.duration(to: .now).components
        return Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
    }

    /// What a worker does after what happened to it.
    func next(worker: Int, after event: WorkerEvent) -> WorkerAction {
        if case .committed(let counts) = event { keysScanned += counts.keysScanned }
        if case .quarantined(.setAside) = event { keysScanned += 1 }
        let action = scheduler.next(worker: worker, after: event, nowSeconds: nowSeconds)
        settle()
        return action
    }

    /// Starts the workers that the limits allow.
    func startWorkers() {
        for worker in scheduler.workersToStart() { starting.yield(worker) }
        settle()
    }

    /// Stops with a reason; the first one stays.
    func stop(_ outcome: RunOutcome) {
        scheduler.stop(outcome)
        settle()
    }

    /// Takes over new limits and starts workers that they allow.
    func limitsChanged(to limits: Limits) {
        guard limits != scheduler.limits else { return }
        scheduler.limitsChanged(to: limits)
        startWorkers()
    }

    /// Takes in what a poll of the server shows.
    func observe(_ seen: BatchSteering.Sighting, atSeconds seconds: Double) {
        scheduler.observe(seen, nowSeconds: seconds)
        handOverTrace()
    }

    /// Whether anything is filled in lanes, so that the horizon matters.
    var hasLanes: Bool { scheduler.hasLanes }

    /// Those whose regions are filled in lanes.
    var partsInLanes: Set<Int> { scheduler.partsInLanes }

    /// Whether nobody knows yet how old that is.
    var needsHorizon: Bool { scheduler.needsHorizon }

    /// Takes in what may be pruned.
    func horizonSeen(_ horizon: UInt64, next: UInt64) {
        scheduler.horizonSeen(horizon, next: next, nowSeconds: nowSeconds)
    }

    func gateChanged(reason: String?) {
        let wasClosed = scheduler.waitingFor != nil
        scheduler.gateChanged(reason: reason, nowSeconds: nowSeconds)
        if reason == nil, wasClosed { rests.wake() }
    }

    /// What the process's own workers are doing.
    struct View: Sendable {
        let limits: Limits
        let workers: Int
        let isBusy: Bool
        let batchKeys: Int
        let waitingFor: String?
        let limitedBy: String?
        let foregroundFalls: Int
        let shortage: String?
        let keysScanned: Int
        let tailSeconds: Double?
        let outcome: RunOutcome?
    }

    var view: View {
        View(
            limits: scheduler.limits, workers: scheduler.workingCount,
            isBusy: scheduler.isBusy, batchKeys: scheduler.batchKeys,
            waitingFor: scheduler.waitingFor,
            limitedBy: scheduler.limitedBy, foregroundFalls: scheduler.foregroundFalls,
            shortage: scheduler.shortage,
            keysScanned: keysScanned, tailSeconds: scheduler.tailSeconds,
            outcome: scheduler.outcome)
    }

    private func settle() {
        // Those that rest are told that they may go.
        if scheduler.outcome != nil { rests.end() }
        guard scheduler.isFinished else { return }
        // What came after the last poll belongs to the trace as well.
        handOverTrace()
        starting.finish()
    }

    private func handOverTrace() {
        guard let trace else { return }
        let events = scheduler.takeTrace()
        if !events.isEmpty { trace(events) }
    }
}
