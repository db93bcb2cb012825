/// Spirit: its chunk sizer, its replica throttler, and its scaler on running threads.
///
/// Zones of utilisation .4, .7 and 1 (EWMA 0.3), one worker more or less or half of them, two
/// ticks of 5 s to cool down, twice the first number at the most.
package struct Spirit: Controller {
    package let periodSeconds = 5.0
    package private(set) var command: Command
    private let cores = 8.0
    private let firstWorkers = 6
    private let toleranceSeconds: Double
    private var sizer = PercentileSizer()
    private var threads: Double?
    private var upCooldown = 0
    private var downCooldown = 0

    package init(toleranceSeconds: Double) {
        self.toleranceSeconds = toleranceSeconds
        command = Command(keys: 1000, workers: firstWorkers)
    }

    package mutating func poll(_ view: View) {
        command.isPaused = view.trueLagSeconds >= toleranceSeconds
        let smoothed = threads.map { 0.3 * view.threads + 0.7 * $0 } ?? view.threads
        threads = smoothed
        let utilisation = smoothed / cores
        if utilisation >= 0.7, downCooldown == 0 {
            let workers = command.workers
            command.workers = utilisation >= 1 ? (workers + 1) / 2 : max(1, workers - 1)
            upCooldown = 2
            downCooldown = 2
        } else if utilisation < 0.4, upCooldown == 0 {
            command.workers = min(2 * firstWorkers, command.workers + 1)
            upCooldown = 2
        } else {
            upCooldown = max(0, upCooldown - 1)
            downCooldown = max(0, downCooldown - 1)
        }
    }

    package mutating func finished(_ batch: FinishedBatch) -> Double {
        command.keys = sizer.keys(after: batch)
        return 0
    }
}
