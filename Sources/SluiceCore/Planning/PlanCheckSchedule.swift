/// When the plan of a batch is looked at again.
public struct PlanCheckSchedule: Sendable {
    /// Look again after so long, in seconds, even if nothing is known to have changed.
    public static let intervalSeconds = 3_600.0

    private var last: (seconds: Double, mark: String)?

    /// Knows of no check: what changed between the planning and the first look is not seen by any
    /// mark, so the first look is always due.
    public init() {}

    /// Whether to check now; if so the check counts as made: `statisticsMark` is any text that
    /// changes with an ANALYZE.
    public mutating func isDue(nowSeconds: Double, statisticsMark: String) -> Bool {
        if let last, statisticsMark == last.mark,
            nowSeconds - last.seconds < Self.intervalSeconds
        {
            return false
        }
        last = (nowSeconds, statisticsMark)
        return true
    }
}
