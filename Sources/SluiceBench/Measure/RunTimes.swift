import SluiceCore

/// What a run of Sluice did with its time, by what it saw and decided.
struct RunTimes: Sendable, Equatable {
    private var firstSeconds: Double?
    private var lastSeconds: Double?
    private var lookedSeconds: Double?
    private var watchedSeconds = 0.0
    private var waitedSeconds = 0.0

    /// Nothing noted.
    init() {}

    /// Takes in what happened, in its order.
    mutating func note(_ events: [ControlTrace.Event]) {
        for event in events {
            switch event {
            case .limits: break
            case .started(let now, _, _): firstSeconds = firstSeconds ?? now
            case .finished(_, let sample, _, _): lastSeconds = sample.nowSeconds
            case .poll(let seen, _): look(seen.workers)
            }
        }
    }

    /// A look tells the share of waiting since the one before.
    private mutating func look(_ seen: ConcurrencyControl.Observation) {
        defer { lookedSeconds = seen.nowSeconds }
        guard firstSeconds != nil, let lookedSeconds else { return }
        let elapsed = max(0, seen.nowSeconds - lookedSeconds)
        watchedSeconds += elapsed
        waitedSeconds += elapsed * min(1, max(0, seen.waitShare))
    }

    /// Seconds from the first batch's start to the last one's end; `nil` before any.
    var batchesSeconds: Double? {
        guard let firstSeconds, let lastSeconds else { return nil }
        return max(0, lastSeconds - firstSeconds)
    }

    /// Share of the workers' time between the looks in which they waited to be let through; `nil`
    /// where there was one look at the most.
    var waitShare: Double? {
        watchedSeconds > 0 ? waitedSeconds / watchedSeconds : nil
    }
}
