/// Everything about a server and its replicas that does not depend on the backfill.
package struct Scenario: Sendable {
    /// A quantity that changes with the time in seconds.
    package typealias OverTime = @Sendable (Double) -> Double

    package var id: String
    package var title: String
    package var seconds = 600.0
    /// Processors of the primary.
    package var cores = 8.0
    /// Fixed cost of a batch, in seconds of work.
    package var fixedSeconds = 0.004
    /// Cost of a row, in seconds of work.
    package var rowSeconds: OverTime = { _ in 40e-6 }
    /// A batch of this many rows costs twice its share: sorting, caches.
    package var superlinearRows = 1e12
    /// Bytes of log a row, and what full-page images multiply them by.
    package var bytesPerRow: OverTime = { _ in 400 }
    package var fullPageFactor: OverTime = { _ in 1 }
    /// Universal scalability law: contention and coherence.
    package var contention = 0.04
    package var coherence = 0.002
    /// Spread of a batch's duration (log space), share of outliers, and what they multiply.
    package var latencySigma = 0.20
    package var outlierShare = 0.01
    package var outlierFactor = 6.0
    /// The application's share of the processors, its log in bytes a second, its latency in
    /// seconds on an idle server, and the spread of its measurement.
    package var load: OverTime = { _ in 0.2 }
    package var foregroundBytes: OverTime = { _ in 2e6 }
    package var foregroundSeconds = 0.003
    package var foregroundSigma = 0.15
    /// Replicas, how fast each replays (bytes a second), its spread, the way there in seconds,
    /// and whether it is there at all.
    package var replicas = 1
    package var apply: @Sendable (Int, Double) -> Double = { _, _ in 20e6 }
    package var applySigma = 0.10
    package var transportSeconds = 0.1
    package var isConnected: @Sendable (Int, Double) -> Bool = { _, _ in true }

    package init(_ id: String, _ title: String) {
        self.id = id
        self.title = title
    }

    /// Share of the processors in use with so many batches running.
    func utilisation(active: Double, load: Double) -> Double {
        min(0.97, load + 0.8 * active / cores)
    }

    /// Speed of each of `active` batches, 1 alone on an idle server.
    func speed(active: Double, load: Double) -> Double {
        let share = min(1, (1 - load) * cores / active)
        let others = active - 1
        return share / (1 + contention * others + coherence * active * others)
    }
}

/// What every controller is asked to keep.
package enum Duty {
    /// Lag that no replica may reach, in seconds.
    package static let lagSecondsMax = 10.0
    /// The application's latency may reach this, in seconds.
    package static let foregroundSecondsMax = 0.010
    /// Workers at the most.
    package static let workersMax = 16
}
