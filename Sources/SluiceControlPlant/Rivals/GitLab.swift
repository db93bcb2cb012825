import SluiceCore

/// GitLab's batch optimizer, its times shortened 24-fold so that it can act within ten minutes.
///
/// Jobs of sub-batches of 1,000 rows with 0.1 s between them on one worker; a job's size follows
/// the mean of 20 jobs' duration over the interval (weights 0.6 to the n), up to 1.2-fold.
package struct GitLab: Controller {
    private static let intervalSeconds = 5.0
    private static let holdSeconds = 25.0
    package let periodSeconds = 0.25
    package private(set) var command = Command()
    private var jobRows = 1000.0
    private var leftRows = 0.0
    private var startedSeconds = 0.0
    private var heldUntil = 0.0
    private var nextSeconds = 0.0
    private var isRunning = false
    private var efficiencies: [Double] = []

    package init() {
        command.gapSeconds = 0.1
        command.isPaused = true
    }

    package mutating func poll(_ view: View) {
        if !isRunning, view.seconds >= nextSeconds, view.seconds >= heldUntil {
            let isUnhealthy =
                view.trueLagSeconds > Duty.lagSecondsMax
                || view.foregroundSeconds > Duty.foregroundSecondsMax * 1.5
            if isUnhealthy {
                heldUntil = view.seconds + Self.holdSeconds
            } else {
                isRunning = true
                leftRows = jobRows
                startedSeconds = view.seconds
            }
        }
        command.isPaused = !isRunning
    }

    package mutating func finished(_ batch: FinishedBatch) -> Double {
        leftRows -= batch.rows
        if leftRows <= 0 {
            let duration = batch.seconds - startedSeconds
            efficiencies.append(duration / Self.intervalSeconds)
            if efficiencies.count > 20 { efficiencies.removeFirst() }
            isRunning = false
            command.isPaused = true
            nextSeconds = startedSeconds + Self.intervalSeconds
            if efficiencies.count == 20 { resize() }
        }
        return command.gapSeconds
    }

    private mutating func resize() {
        var sum = 0.0
        var weights = 0.0
        var weight = 1.0
        for efficiency in efficiencies.reversed() {
            sum += efficiency * weight
            weights += weight
            weight *= 0.6
        }
        let mean = (sum / weights * 100).rounded() / 100
        guard mean < 0.9 || mean > 0.95 else { return }
        let factor = mean > 0 ? min(0.95 / mean, 1.2) : 1.2
        jobRows = max(1000, min(2e6, jobRows * factor)).rounded(.down)
    }
}
