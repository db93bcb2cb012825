/// What the application's statements may take while a run works.
public enum LatencyBudget: Sendable, Equatable {
    /// At the 95th percentile, in seconds.
    case seconds(Double)
    /// So many times what they take without the run, which is measured before the first batch.
    case multiple(Double)

    /// The budget in seconds; `aloneSeconds` is what statements take without the run, and without
    /// it a multiple is of nothing that is known yet.
    public func seconds(aloneSeconds: Double?) -> Double? {
        switch self {
        case .seconds(let seconds): return seconds
        case .multiple(let times): return aloneSeconds.map { $0 * times }
        }
    }

    /// What is aimed at for the budget to be kept, in seconds.
    ///
    /// Half of what a multiple leaves: the 95th percentile of two seconds differs from that of a
    /// minute by a fifth where nothing but the application runs (0.6 ms in the mean and 0.72 at the
    /// most, as measured), and so does what a multiple is of. Who gives seconds has thought of it.
    func aimSeconds(aloneSeconds: Double?) -> Double? {
        switch self {
        case .seconds(let seconds): return seconds
        case .multiple(let times): return aloneSeconds.map { $0 * (1 + (times - 1) / 2) }
        }
    }

    /// How many times its least a row of the run may cost where the application is not seen (no
    /// unit).
    var ownCostMax: Double {
        switch self {
        case .seconds: OwnCost.inflationMax
        case .multiple(let times): times
        }
    }

    /// Whether it can be kept at all.
    var isSound: Bool {
        switch self {
        case .seconds(let seconds):
            return seconds > 0 && seconds < Limits.foregroundBudgetSecondsMost
        case .multiple(let times): return times > 1 && times <= Self.multipleMost
        }
    }

    /// Most times that are taken: an application a hundred times as slow is down, and a larger
    /// number a slip.
    public static let multipleMost = 100.0
}
