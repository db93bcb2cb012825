/// Turns positions in the write-ahead log into seconds of lag.
///
/// It remembers when the primary's log ended where. A replica that has replayed up to a position
/// is behind by the age of the oldest moment at which the log already ended beyond that position.
/// Unlike `pg_stat_replication.replay_lag` this keeps growing while a replica stands still.
public struct LagClock: Sendable {
    private struct Sample {
        let seconds: Double
        let position: UInt64
    }

    /// One sample each this often, in seconds: the resolution of the answer.
    static let resolutionSeconds = 0.1
    /// Observations further apart do not tell when in between the log grew, in seconds: those of a
    /// run that rests come each second and a quarter, and all that a heartbeat writes has arrived
    /// by the next.
    static let apartSecondsMax = 1.0
    /// Longest lag that can be told apart, in samples (about an hour); beyond, it is "at least".
    static let samplesMax = 36_000

    private var samples: [Sample] = []

    /// Begins without any memory: a lag older than the first observation shows as its age.
    public init() {}

    /// Notes that the primary's log ended at `position` (bytes) at `nowSeconds`.
    public mutating func observe(position: UInt64, nowSeconds: Double) {
        if let last = samples.last, nowSeconds - last.seconds < Self.resolutionSeconds { return }
        if let last = samples.last, position < last.position { samples.removeAll() }
        // A log that stands still makes nobody late: only the first sample of a position counts
        // as the moment at which the position was reached, the next one as that it was passed.
        samples.append(Sample(seconds: nowSeconds, position: position))
        if samples.count > Self.samplesMax { samples.removeFirst(Self.samplesMax / 4) }
    }

    /// How far a replica that has replayed up to `replayed` is behind, in seconds.
    public func lagSeconds(replayed: UInt64, nowSeconds: Double) -> Double {
        let low = indexBeyond(replayed)
        guard low < samples.count else { return 0 }
        return max(0, nowSeconds - samples[low].seconds)
    }

    /// How long ago the primary's log ended at `position`, in seconds, between two observations
    /// as if it had grown evenly; `nil` of one that it had reached before the first.
    ///
    /// Of one that it has not passed since, how long ago it was first seen to end there; 0 of one
    /// that it has not reached, and `nil` where observations were too far apart to tell.
    public func ageSeconds(of position: UInt64, nowSeconds: Double) -> Double? {
        guard let first = samples.first, position > first.position else { return nil }
        let low = indexBeyond(position)
        guard low < samples.count else {
            let reached = indexBeyond(position - 1)
            guard reached < samples.count else { return 0 }
            guard isClose(reached) else { return nil }
            return max(0, nowSeconds - samples[reached].seconds)
        }
        guard isClose(low) else { return nil }
        let after = samples[low]
        let before = samples[low - 1]
        let share = Double(position - before.position) / Double(after.position - before.position)
        let passed = before.seconds + (after.seconds - before.seconds) * share
        return max(0, nowSeconds - passed)
    }

    /// Whether a sample followed the one before it soon enough.
    private func isClose(_ index: Int) -> Bool {
        samples[index].seconds - samples[index - 1].seconds <= Self.apartSecondsMax
    }

    /// The first moment at which the log was known to end beyond `position`.
    private func indexBeyond(_ position: UInt64) -> Int {
        var low = 0
        var high = samples.count
        while low < high {
            let middle = (low + high) / 2
            if samples[middle].position > position { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
