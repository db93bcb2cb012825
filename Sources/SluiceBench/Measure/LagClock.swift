/// How long ago the log ended where a replica has replayed to: its lag, by one clock.
///
/// Without a heartbeat and without the replica's clock: what it has replayed was written when the
/// primary's log ended there.
public struct LagClock: Sendable {
    private var moments: [(seconds: Double, written: Double)] = []
    /// The highest lag seen, in seconds.
    public private(set) var lagSecondsMax = 0.0
    /// How long the lag was above the ceiling, in seconds.
    public private(set) var secondsAbove = 0.0
    /// The lag over time, in at most twice as many points as a chart shows.
    public private(set) var series: [LagPoint] = []
    private let ceilingSeconds: Double
    private var last: Double?
    private var began: Double?
    private var stepSeconds = 0.0

    /// As many points as a chart of this width can show.
    private static let pointsMax = 120

    /// A clock that counts what is above so many seconds.
    public init(ceilingSeconds: Double) { self.ceilingSeconds = ceilingSeconds }

    /// Takes in where the primary's log ends and where the slowest replica is, in bytes.
    public mutating func observe(written: Double, replayed: Double, nowSeconds: Double) {
        if written > moments.last?.written ?? -1 { moments.append((nowSeconds, written)) }
        // What is replayed says nothing any more, but for how far the log has been seen.
        while moments.count > 1, moments[0].written <= replayed { moments.removeFirst() }
        let oldest = moments.first { $0.written > replayed }
        let lag = oldest.map { nowSeconds - $0.seconds } ?? 0
        lagSecondsMax = max(lagSecondsMax, lag)
        if let last, lag > ceilingSeconds { secondsAbove += nowSeconds - last }
        last = nowSeconds
        note(lag, nowSeconds)
    }

    /// Keeps every second point, twice as far apart, whenever there are too many.
    private mutating func note(_ lag: Double, _ nowSeconds: Double) {
        let at = nowSeconds - (began ?? nowSeconds)
        began = began ?? nowSeconds
        if let end = series.last, at < end.atSeconds + stepSeconds { return }
        series.append(LagPoint(atSeconds: at, lagSeconds: lag))
        guard series.count > Self.pointsMax, let end = series.last else { return }
        stepSeconds = end.atSeconds / Double(Self.pointsMax / 2)
        series = series.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    }
}
