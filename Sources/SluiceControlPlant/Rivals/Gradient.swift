/// Netflix's Gradient2 on the latency of a row, within 1 to 16 workers; paused at half the limit.
package struct Gradient: Controller {
    package let periodSeconds = 1.0
    package private(set) var command = Command(keys: 1000, workers: 2)
    private var sizer = WeightedRateSizer()
    private var limit = 2.0
    private var longSeconds: Double?
    private var windows = 0
    private var sum = 0.0
    private var count = 0.0

    package init() {}

    package mutating func poll(_ view: View) {
        command.isPaused = (view.lagSeconds ?? 0) > Duty.lagSecondsMax / 2
        guard count > 0 else { return }
        let short = sum / count
        sum = 0
        count = 0
        windows += 1
        let weight = windows <= 10 ? 1 / Double(windows) : 2.0 / 601
        var long = longSeconds.map { $0 + (short - $0) * weight } ?? short
        if long / short > 2 { long *= 0.95 }
        longSeconds = long
        if view.activeBatches >= limit / 2 {
            let gradient = max(0.5, min(1, 1.5 * long / short))
            let wanted = limit * 0.8 + (limit * gradient + 1) * 0.2
            limit = max(1, min(Double(Duty.workersMax), wanted))
        }
        command.workers = Int(limit)
    }

    package mutating func finished(_ batch: FinishedBatch) -> Double {
        sum += batch.latencySeconds / batch.rows
        count += 1
        command.keys = sizer.keys(after: batch)
        return 0
    }
}
