import SluiceCore

/// A primary with workers, its replicas and an application, steered by one controller.
///
/// Work is counted in seconds of one processor. A batch of B rows is `fixed + row·B·(1 + B/super)`
/// of it, with noise; workers share the processors by the universal scalability law, and write
/// their log in proportion to their progress. The application's latency follows from the
/// processors in use as in a queue.
package struct PlantRun<Steering: Controller> {
    /// A batch under way.
    private struct Job {
        var left: Double
        let total: Double
        let rows: Double
        let walBytes: Double
        let started: Double
        let overhead: Double
        var credit: Double
        let tag: Int
    }

    private static var stepSeconds: Double { 0.02 }

    private let scenario: Scenario
    private var controller: Steering
    private var random: NormalNoise
    private var oracle: Oracle
    private var meter: OutcomeMeter
    private var replicas: [PlantReplica]
    /// Where the log ended after each step.
    private var ends: [Double] = [0]
    private var jobs: [Job] = []
    private var resting: [Double] = []
    /// Unused time of a step, of workers that may go on in it.
    private var credits: [Double] = []
    private var tokens = 0.0
    private var unit = Command.Unit.rows
    private var bytesPerRow: Double
    private var waited = 0.0
    private var slots = 0.0
    private var tickRows = 0.0
    private var active = 0.0
    private var activeSum = 0.0
    private var steps = 0.0
    private var trueLag = 0.0
    private var load = 0.0

    private init(_ scenario: Scenario, _ controller: Steering, seed: UInt64) {
        self.scenario = scenario
        self.controller = controller
        random = NormalNoise(seed: seed &* 7919 &+ 13)
        oracle = Oracle(scenario)
        meter = OutcomeMeter(scenario)
        replicas = (0..<scenario.replicas).map { PlantReplica(index: $0) }
        bytesPerRow = scenario.bytesPerRow(0)
        ends.reserveCapacity(Int(scenario.seconds / Self.stepSeconds) + 1)
    }

    /// Runs a scenario from its beginning to its end.
    package static func run(
        _ scenario: Scenario, _ controller: Steering, seed: UInt64
    ) -> Outcome {
        var run = PlantRun(scenario, controller, seed: seed)
        let steps = Int((scenario.seconds / stepSeconds).rounded())
        var nextPoll = 0.0
        for step in 0..<steps {
            let seconds = Double(step) * stepSeconds
            run.load = scenario.load(seconds)
            if seconds >= nextPoll {
                run.poll(seconds)
                nextPoll = seconds + run.controller.periodSeconds
            }
            run.admit(seconds)
            run.advance(seconds)
            run.replicate(seconds)
            run.measure(seconds)
        }
        return run.meter.outcome(seconds: scenario.seconds)
    }

    private func foreground() -> Double {
        scenario.foregroundSeconds / (1 - scenario.utilisation(active: active, load: load))
    }

    private mutating func poll(_ seconds: Double) {
        var view = View()
        view.seconds = seconds
        view.position = ends[ends.count - 1]
        view.replicas = replicas.map(\.reported)
        let isVisible = view.replicas.isEmpty || view.replicas.contains { $0.isConnected }
        view.lagSeconds = isVisible ? trueLag : nil
        view.trueLagSeconds = trueLag
        view.foregroundSeconds = foreground() * random.logNormal(scenario.foregroundSigma)
        view.activeBatches = active
        view.meanActiveBatches = steps > 0 ? activeSum / steps : active
        view.threads = active + load * scenario.cores
        view.waitShare = slots > 0 ? waited / slots : 0
        view.rows = tickRows
        waited = 0
        slots = 0
        tickRows = 0
        activeSum = 0
        steps = 0
        controller.poll(view)
        let rate = controller.command.ratePerSecond
        if rate.isFinite { tokens = max(tokens, -max(rate, 1)) }
    }

    // MARK: - Starting

    private mutating func admit(_ seconds: Double) {
        let command = controller.command
        if command.unit != unit {
            tokens = 0
            unit = command.unit
        }
        let rate = command.ratePerSecond
        if rate.isFinite {
            tokens = min(tokens + rate * Self.stepSeconds, max(rate * 0.5, 1))
        }
        if !resting.isEmpty {
            for until in resting where until <= seconds {
                credits.append(min(Self.stepSeconds, seconds - until))
            }
            resting.removeAll { $0 <= seconds }
        }
        slots += Double(max(0, command.workers))
        var free = command.workers - jobs.count - resting.count
        while free > 0, start(seconds) { free -= 1 }
        waited += Double(max(0, free))
        credits.removeAll(keepingCapacity: true)
    }

    private mutating func start(_ seconds: Double) -> Bool {
        let command = controller.command
        let isLimited = command.ratePerSecond.isFinite
        guard !command.isPaused, !isLimited || tokens > 0 else { return false }
        guard let tag = controller.admit(seconds: seconds) else { return false }
        let rows = Double(max(1, command.keys))
        if isLimited { tokens -= command.unit == .rows ? rows : rows * bytesPerRow }
        let sigma = scenario.latencySigma
        var noise = random.logNormal(sigma) * Exponential.exp(-sigma * sigma / 2)
        if random.unit() < scenario.outlierShare {
            noise *= scenario.outlierFactor * random.unit() + 1
        }
        let overhead = scenario.fixedSeconds * noise
        let rowWork = scenario.rowSeconds(seconds) * rows * (1 + rows / scenario.superlinearRows)
        let work = overhead + rowWork * noise
        let bytes = rows * scenario.bytesPerRow(seconds) * scenario.fullPageFactor(seconds)
        let credit = credits.popLast() ?? 0
        jobs.append(
            Job(
                left: work, total: work, rows: rows, walBytes: bytes,
                started: seconds - credit, overhead: overhead, credit: credit, tag: tag))
        return true
    }

    // MARK: - Working

    private mutating func advance(_ seconds: Double) {
        active = Double(jobs.count)
        activeSum += active
        steps += 1
        var written = scenario.foregroundBytes(seconds) * Self.stepSeconds
        if !jobs.isEmpty {
            let speed = scenario.speed(active: active, load: load)
            let timeout = controller.command.timeoutSeconds
            let stepEnd = seconds + Self.stepSeconds
            var kept = 0
            for index in jobs.indices {
                var job = jobs[index]
                let able = (Self.stepSeconds + job.credit) * speed
                let done = min(able, job.left)
                job.credit = 0
                job.left -= done
                written += job.walBytes * done / job.total
                if job.left <= 1e-12 || stepEnd - job.started >= timeout {
                    finish(job, unused: (able - done) / speed, speed: speed, seconds: seconds)
                } else {
                    jobs[kept] = job
                    kept += 1
                }
            }
            jobs.removeLast(jobs.count - kept)
        }
        ends.append(ends[ends.count - 1] + written)
    }

    private mutating func finish(_ job: Job, unused: Double, speed: Double, seconds: Double) {
        let stepEnd = seconds + Self.stepSeconds
        let isCommitted = job.left <= 1e-12
        let doneShare = 1 - max(0, job.left) / job.total
        let elapsed = stepEnd - job.started
        let latency = isCommitted ? max(elapsed - unused, 1e-4) : elapsed
        let left = isCommitted ? unused : 0
        if isCommitted {
            tickRows += job.rows
            bytesPerRow += 0.2 * (job.walBytes / job.rows - bytesPerRow)
        }
        meter.finished(
            rows: job.rows, latencySeconds: latency, doneShare: isCommitted ? 1 : doneShare)
        let rest = controller.finished(
            FinishedBatch(
                rows: job.rows, latencySeconds: latency, overheadSeconds: job.overhead / speed,
                walBytes: job.walBytes * doneShare, isCommitted: isCommitted, seconds: stepEnd,
                tag: job.tag))
        if rest > left {
            resting.append(stepEnd - left + rest)
        } else {
            credits.append(min(Self.stepSeconds, left - rest))
        }
    }

    // MARK: - Replicating and measuring

    private mutating func replicate(_ seconds: Double) {
        trueLag = 0
        for index in replicas.indices {
            let lag = replicas[index].step(
                scenario, ends: ends, seconds: seconds, stepSeconds: Self.stepSeconds,
                random: &random)
            trueLag = max(trueLag, lag)
        }
    }

    private mutating func measure(_ seconds: Double) {
        meter.step(
            seconds: seconds + Self.stepSeconds, lagSeconds: trueLag,
            foregroundSeconds: foreground(), oracle: oracle.rowsPerSecond(seconds),
            stepSeconds: Self.stepSeconds)
    }
}
