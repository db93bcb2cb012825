/// What is known of the replicas at one moment.
public enum LagObservation: Sendable, Equatable {
    /// No walsender and no physical slot: nothing to wait for.
    case noReplica
    /// The worst replica's lag.
    case lag(seconds: Double)
    /// Replicas may exist, but how far they are cannot be seen.
    case unobservable(reason: String)

    /// The lag in seconds, where there is one.
    public var lagSeconds: Double? {
        if case .lag(let seconds) = self { return seconds }
        return nil
    }
}

/// Closes while a replica lags too far, with hysteresis so that it does not chatter.
public struct LagGate: Sendable {
    /// Opens again below this share of the limit: half leaves time for some batches before the
    /// limit is reached again.
    public static let reopenShare = 0.5

    private var closed = false

    /// An open gate.
    public init() {}

    /// Why no batch may start, in words, or `nil`; a lag that cannot be seen counts as too large.
    public mutating func decide(_ observation: LagObservation, maxLagSeconds: Double?) -> String? {
        guard let limit = maxLagSeconds else {
            closed = false
            return nil
        }
        switch observation {
        case .noReplica:
            closed = false
            return nil
        case .unobservable(let reason):
            closed = true
            return reason
        case .lag(let seconds):
            closed = seconds > (closed ? limit * Self.reopenShare : limit)
            guard closed else { return nil }
            return "replica lag \(Self.tenths(seconds)) s (limit \(Self.tenths(limit)) s)"
        }
    }

    static func tenths(_ seconds: Double) -> String {
        guard seconds.isFinite else { return "?" }
        let scaled = Int((seconds * 10).rounded())
        return "\(scaled / 10).\(abs(scaled % 10))"
    }
}
