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
    /// A share of what a multiple leaves (``aimShare``), or of the seconds (``aimShareOfSeconds``).
    func aimSeconds(aloneSeconds: Double?) -> Double? {
        switch self {
        case .seconds(let seconds): return seconds * Self.aimShareOfSeconds
        case .multiple(let times):
            return aloneSeconds.map { $0 * (1 + (times - 1) * Self.aimShare) }
        }
    }

    /// Of what a multiple leaves above the application alone, the share that is aimed at (no unit).
    ///
    /// Where cores are shared a batch slows the application by more than the probe beside it; and
    /// a 95th percentile says nothing until a twentieth of the time is taken, and then all. With
    /// half of it a run grew to 95,000 rows/s before the probe told, and three of thirty windows
    /// were beyond the budget (docs/decisions/0017-steering-on-real-servers.md).
    static let aimShare = 0.25

    /// Of a budget in seconds, the share that is aimed at (no unit): what is aimed at itself is
    /// passed half of the time, a 95th percentile of two seconds scatters by a seventh, and beside
    /// a run an application is slower than its probe by as much again (0.85 was passed by a tenth,
    /// docs/decisions/0022-comparing-strategies.md).
    static let aimShareOfSeconds = 0.7

    /// How long a batch may last beside an application with such a budget, in seconds.
    ///
    /// An application's commit waits until all of the log before its own is on disk, and a batch
    /// writes in one go what takes a while to get there. With 2 ms allowed, in four pairs of runs,
    /// those of 1.5 ms came to 43,000 to 85,000 rows/s and left it at 1.1 to 1.4 ms; those of 4 ms
    /// to 33,000 to 65,000 at 1.1 to 1.9 (docs/decisions/0017-steering-on-real-servers.md).
    static func batchSecondsMax(_ budgetSeconds: Double?) -> Double {
        max(batchSecondsLeast, batchTimes * (budgetSeconds ?? 0))
    }

    /// The share of a budget that a batch lasts at the most (no unit): waiting for the rest of one
    /// costs less than the whole budget.
    static let batchTimes = 0.75
    /// And no less than so long, in seconds: of shorter ones half is their own commit (those of
    /// 0.8 ms came to 47,000 to 72,000 rows/s where these had 73,000 to 90,000).
    static let batchSecondsLeast = 0.0015

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
