import SluiceCore
import SluicePostgres

/// Watches the run from a connection of its own: what other processes changed, how far the
/// replicas are, how far the run is; and keeps this process's lease alive.
struct Monitor: Sendable {
    let context: RunContext
    let coordinator: Coordinator
    let drain: DrainSwitch
    let report: @Sendable (RunEvent) -> Void
    let status: StatusMeter
    let maxLagSeen: LagRecord
    let throttles: ThrottleObserver
    let foreground: ForegroundProbe
    let replicaWatch: ReplicaWatch
    let vacuumer: Vacuumer

    /// How often the ledger is asked, in seconds: a person's `pause` must act within two.
    static let lookSeconds = 0.75
    /// How often it is asked whom batches keep waiting, in seconds, while there are batches: who
    /// has waited for a second is let go on within half a second more.
    static let waySeconds = 0.5
    /// How often the replicas are looked at, in seconds: the lag that is kept is no shorter.
    ///
    /// As often a drain request is noticed, which is soon for a person.
    static let pollSeconds = 0.25
    /// The same within the first second, in seconds.
    ///
    /// What a replica replays and what a row writes are not known before the second look, and
    /// until then next to nothing may be outstanding: a quarter of a second of it is a tenth of
    /// what a table of a hundred thousand rows takes.
    static let pollSecondsAtStart = 0.1
    static let startSeconds = 1.0
    /// A look that took longer than that is followed by a pause all the same, in seconds.
    static let pauseSecondsMinAtStart = 0.02
    /// The same while batches are held back by the user's own throttles or by the server's health.
    ///
    /// What a run costs that is held for hours is these looks: at one a second more than half a
    /// percent of a core (docs/decisions/0017-steering-on-real-servers.md).
    static let pollSecondsAtRest = 1.25
    /// How often the lease is renewed at the least, in seconds: `status` shows what it writes.
    static let heartbeatSeconds = 2.0
    /// The same while batches wait, in seconds.
    static let heartbeatSecondsWaiting = 1.0
    /// A look that took longer than its period is followed by a pause all the same, in seconds.
    static let pauseSecondsMin = 0.1
    /// How often the tables of a run that has several are looked at, in seconds: thousands of
    /// partitions are a query of some milliseconds.
    static let tablesSeconds = 3.0
    /// A server that cannot be asked for so long is worth a sentence, in seconds: a session that is
    /// merely lost is back within one.
    static let blindSeconds = 2.0
    /// How often it is asked whether statistics or indexes changed, in seconds: a cheap query.
    static let planSeconds = 5.0

    /// How often it is asked how much is dead, in seconds: a vacuum is worth it after a second of
    /// work at the least.
    static let vacuumSeconds = 2.0

    /// How soon the horizon is asked for again at the start, in seconds: our own claims, which hold
    /// it for some milliseconds, are over then.
    static let horizonSeconds = 0.02

    /// Three times within the lease, so that one lost heartbeat does no harm.
    var heartbeatSeconds: Double {
        min(Self.heartbeatSeconds, context.leaseSeconds / 3)
    }

    /// Watches until cancelled.
    func run() async {
        var eyes = MonitorEyes(monitor: self)
        while !Task.isCancelled {
            if drain.isDraining { await coordinator.stop(.drained) }
            let began = coordinator.nowSeconds
            await eyes.look(nowSeconds: began)
            let period = eyes.period(nowSeconds: began)
            await eyes.findHorizon(beforeSeconds: began + period.seconds)
            let pause = began + period.seconds - coordinator.nowSeconds
            try? await Task.sleep(for: .seconds(max(period.pauseSecondsMin, pause)))
        }
        await eyes.close()
    }

    /// From one look to the next: how long, and the least pause, in seconds.
    struct Period: Equatable {
        let seconds: Double
        let pauseSecondsMin: Double
    }

    /// Shorter within the first second after the first look, and longer while nothing runs and
    /// something else than a replica holds batches back: that may be for hours.
    static func period(
        nowSeconds: Double, firstLookSeconds: Double?, isAtRest: Bool
    ) -> Period {
        if isAtRest { return Period(seconds: pollSecondsAtRest, pauseSecondsMin: pauseSecondsMin) }
        if let firstLookSeconds, nowSeconds - firstLookSeconds < startSeconds {
            return Period(seconds: pollSecondsAtStart, pauseSecondsMin: pauseSecondsMinAtStart)
        }
        return Period(seconds: pollSeconds, pauseSecondsMin: pauseSecondsMin)
    }
}
