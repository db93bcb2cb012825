@testable import SluiceCore

/// A server with a peak, an application whose latency rises with the load, and a gate.
struct WorkedServer {
    var control = ConcurrencyControl()
    var limits = ConcurrencyControl.Limits(workers: 1...16)
    var now = 0.0
    var waitShare = 0.0
    var load = 0.2
    var contention = 0.04
    var coherence = 0.002
    var othersWait = false
    var isMeasured = true
    /// How many times as much as usual a row costs.
    var rowCost = 1.0
    /// Workers that run, where not all of those allowed do yet.
    var running: Double?
    var pollSeconds = 0.25
    /// False while something that the law does not know of keeps every batch from starting.
    var isRunning = true
    var average = 1.0

    var foregroundSeconds: Double { 0.003 / (1 - min(0.97, load + 0.1 * average)) }

    mutating func poll() {
        now += pollSeconds
        let active = min(average, running ?? average)
        let others = max(0, active - 1)
        let rate = active / (1 + contention * others + coherence * active * others)
        average =
            control.step(
                ConcurrencyControl.Observation(
                    nowSeconds: now, foregroundSeconds: isMeasured ? foregroundSeconds : nil,
                    waitShare: waitShare,
                    activeBatches: isRunning ? active * (1 - waitShare) : 0,
                    batchSeconds: 0.05, rows: isRunning ? rate * 1000 / rowCost : 0,
                    othersWait: othersWait), limits
            ).average
    }

    mutating func run(_ seconds: Double) {
        for _ in 0..<Int(seconds * 4) { poll() }
    }

    /// Until one worker is tried where two were.
    mutating func runUntilFewerAreTried() {
        while average == 1 || now < 30 { poll() }
        while average == 2, now < 90 { poll() }
    }

    /// One whose workers stand in each other's way by so much, two of them or all.
    static func of(
        workers: ClosedRange<Int>, contention: Double = 0, coherence: Double = 0
    ) -> WorkedServer {
        var server = WorkedServer()
        server.limits.workers = workers
        server.contention = contention
        server.coherence = coherence
        return server
    }
}
