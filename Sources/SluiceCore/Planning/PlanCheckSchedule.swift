/// When the plan of a batch is looked at again.
public struct PlanCheckSchedule: Sendable {
    /// Look again after so long, in seconds, even if nothing is known to have changed.
    public static let intervalSeconds = 3_600.0

    private var lastCheckSeconds: Double
    private var statisticsMark: String

    /// Notes the check before the run: `statisticsMark` is any text that changes with an ANALYZE.
    public init(checkedAtSeconds: Double, statisticsMark: String) {
        lastCheckSeconds = checkedAtSeconds
        self.statisticsMark = statisticsMark
    }

    /// Whether to check now; if so the check counts as made.
    public mutating func isDue(nowSeconds: Double, statisticsMark: String) -> Bool {
        let analyzed = statisticsMark != self.statisticsMark
        guard analyzed || nowSeconds - lastCheckSeconds >= Self.intervalSeconds else {
            return false
        }
        lastCheckSeconds = nowSeconds
        self.statisticsMark = statisticsMark
        return true
    }
}
