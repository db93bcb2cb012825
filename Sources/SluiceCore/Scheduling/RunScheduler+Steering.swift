/// How the scheduler drives the control law.
extension RunScheduler {
    /// May the worker start a batch now? Always where nothing steers.
    mutating func admit(_ id: Int, _ worker: inout WorkerState, nowSeconds: Double) -> Bool {
        guard steering != nil else { return true }
        let keys = nextKeys(worker)
        guard let ticket = steering?.admit(worker: id, keys: keys, nowSeconds: nowSeconds) else {
            return false
        }
        worker.tickets.append(ticket)
        return true
    }

    /// Tells the law how batches ended.
    mutating func settle(
        _ event: WorkerEvent, _ id: Int, _ worker: inout WorkerState, nowSeconds: Double
    ) {
        guard steering != nil else { return }
        if event != .waited { steering?.moveOn(worker: id, nowSeconds: nowSeconds) }
        switch event {
        case .committed(let counts):
            // What a last visit took is no row's cost, as what only met a lock is none.
            let isVisit = worker.region?.isVisitInFlight == true
            finished(
                id, &worker, keys: counts.keysScanned, counts.timing,
                isVisit ? .yielded : .committed, nowSeconds: nowSeconds)
        case .fenceMissed, .poisoned:
            finished(id, &worker, keys: 0, nil, .yielded, nowSeconds: nowSeconds)
        case .failed(let failure):
            let kind = FailureClass.of(
                failure, statementTimeoutMilliseconds: limits.statementTimeoutMilliseconds)
            let keys = worker.sentKeys.first ?? 0
            let outcome: BatchSample.Outcome = kind == .shrink ? .timedOut : .yielded
            // The pipe is empty: what came behind the one that failed did not run.
            while !worker.tickets.isEmpty {
                finished(id, &worker, keys: keys, nil, outcome, nowSeconds: nowSeconds)
            }
        default: break
        }
    }

    private mutating func finished(
        _ id: Int, _ worker: inout WorkerState, keys: Int, _ timing: BatchTiming?,
        _ outcome: BatchSample.Outcome, nowSeconds: Double
    ) {
        guard !worker.tickets.isEmpty else { return }
        let ticket = worker.tickets.removeFirst()
        if worker.tickets.isEmpty { steering?.idle(worker: id, nowSeconds: nowSeconds) }
        // Workers that the law has no use for any more end their last batches and are gone: they
        // neither rest nor keep another at rest, or all would stand still as their number falls.
        let allowed = steering?.workersAllowed ?? .max
        let others = workers.filter {
            $0.key != id && $0.key < allowed && $0.value.inFlight > 0
        }.count
        let rest =
            steering?.finished(
                ticket, keys: keys, timing, outcome: outcome, othersRunning: others,
                nowSeconds: nowSeconds) ?? 0
        guard rest > 0, id < allowed else { return }
        worker.waitUntilSeconds = max(worker.waitUntilSeconds, nowSeconds) + rest
    }

    /// What the law saw and decided since this was last asked.
    public mutating func takeTrace() -> [ControlTrace.Event] { steering?.takeTrace() ?? [] }

    /// How often the application's budget has taken the number of workers down far.
    public var foregroundFalls: Int { steering?.control.foregroundFalls ?? 0 }

    /// What limits the run's rate now, in words; `nil` where nothing steers.
    public var limitedBy: String? {
        guard let steering else { return nil }
        return RateLimit.words(steering, limits)
    }
}
