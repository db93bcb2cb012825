/// What goes on beside a fill, and what it should keep to.
public struct Conditions: Sendable, Equatable {
    /// Transactions a second of an application that works on the table; none without.
    var applicationPerSecond: Int?
    /// Share of the time in which the replica works; all of it without.
    var replicaShare: Double?
    /// What the network adds in each direction, in milliseconds.
    var delayMilliseconds = 0
    /// Lag that no replica should have, in seconds; not judged without.
    var lagSecondsMax: Double?
    /// How many times its 95th percentile alone the application's may be; not judged without.
    var applicationTimesMax: Double?

    /// Nothing beside, and nothing to keep to.
    static let none = Conditions()

    /// The limit in words; `nil` where there is none.
    public var limit: String? {
        if let lagSecondsMax { return "the replica at most \(Int(lagSecondsMax)) s behind" }
        if let applicationTimesMax {
            return "the application's p95 at most \(Int(applicationTimesMax))× what it is alone"
        }
        return nil
    }

    /// Whether what was measured keeps the limit; `nil` where there is none, or no figure.
    ///
    /// `aloneSeconds` is what the application's 95th percentile is alone, by all that is known of
    /// it; without it the cell's own look has to do.
    func isKept(by figures: CellFigures, aloneSeconds: Double? = nil) -> Bool? {
        if let lagSecondsMax { return figures.lagSecondsMax.map { $0 <= lagSecondsMax } }
        if let applicationTimesMax {
            guard let p95 = figures.applicationP95Seconds,
                let alone = aloneSeconds ?? figures.applicationAloneP95Seconds
            else { return nil }
            return p95 <= alone * applicationTimesMax
        }
        return nil
    }

    /// What a strategy is told to keep to.
    ///
    /// `alone` is the application's 95th percentile just now and `before` what it was before other
    /// strategies: one look is of three seconds and off by much, so that the middle of all is told,
    /// which is what all are judged by in the end.
    func limits(alone: Double?, before: [Double], probe: String?) -> FillLimits {
        var limits = FillLimits()
        limits.lagSecondsMax = lagSecondsMax
        limits.probe = probe
        if let alone, let times = applicationTimesMax,
            let usual = Spread(before + [alone])?.median
        {
            limits.applicationSecondsMax = usual * times
        }
        return limits
    }
}

/// What a strategy is told that it should keep to; of all strategies only Sluice can.
public struct FillLimits: Sendable, Equatable {
    /// Lag that no replica should have, in seconds.
    public var lagSecondsMax: Double?
    /// What the application's 95th percentile should stay within, in seconds.
    public var applicationSecondsMax: Double?
    /// What the application does, as a statement that can be timed.
    public var probe: String?

    /// Nothing to keep to.
    public init() {}
}
