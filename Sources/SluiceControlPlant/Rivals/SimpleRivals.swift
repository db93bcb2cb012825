import SluiceCore

/// No backfill at all: shows what no controller can avoid.
package struct Idle: Controller {
    package let periodSeconds = 1.0
    package var command: Command {
        var command = Command(keys: 1, workers: 0)
        command.isPaused = true
        return command
    }
    package init() {}
    package mutating func finished(_ batch: FinishedBatch) -> Double { 0 }
}

/// A fixed number of rows and workers, without feedback: pgroll has 1,000 and 1.
package struct Fixed: Controller {
    package let periodSeconds = 1.0
    package let command: Command
    package init(keys: Int, workers: Int) { command = Command(keys: keys, workers: workers) }
    package mutating func finished(_ batch: FinishedBatch) -> Double { 0 }
}

/// pt-online-schema-change: half-second chunks on one connection, paused above 1 s of lag.
package struct OnlineSchemaChange: Controller {
    package let periodSeconds = 1.0
    package private(set) var command = Command()
    private var sizer = WeightedRateSizer()
    package init() {}
    package mutating func poll(_ view: View) { command.isPaused = view.trueLagSeconds > 1 }
    package mutating func finished(_ batch: FinishedBatch) -> Double {
        command.keys = sizer.keys(after: batch)
        return 0
    }
}

/// gh-ost's rule, paused above 1.5 s of lag, with 8 workers where the original has one.
package struct Ghost: Controller {
    package let periodSeconds = 0.1
    package private(set) var command = Command(keys: 1000, workers: 8)
    package init() {}
    package mutating func poll(_ view: View) { command.isPaused = view.trueLagSeconds > 1.5 }
    package mutating func finished(_ batch: FinishedBatch) -> Double { 0 }
}

/// Additive increase and multiplicative decrease of the rate, on 2 s of lag; 8 workers.
package struct AdditiveIncrease: Controller {
    package let periodSeconds = 1.0
    package private(set) var command = Command(keys: 1000, workers: 8)
    private var sizer = WeightedRateSizer()
    private var halvedSeconds = -9.0
    package init() { command.ratePerSecond = 2000 }

    package mutating func poll(_ view: View) {
        let lag = view.lagSeconds ?? 0
        if lag <= 2 {
            command.ratePerSecond = min(1e6, command.ratePerSecond + 2500)
        } else if view.seconds - halvedSeconds >= 3 {
            command.ratePerSecond = max(500, command.ratePerSecond * 0.5)
            halvedSeconds = view.seconds
        }
        command.isPaused = lag > Duty.lagSecondsMax
    }

    package mutating func finished(_ batch: FinishedBatch) -> Double {
        let keys = Double(sizer.keys(after: batch))
        command.keys = max(10, Int(min(keys, command.ratePerSecond * 0.5)))
        return 0
    }
}

/// MongoDB's flow control: below half its target lag the rate grows by 5 % a second, above it
/// follows the replicas' rate, halved for each half target; 8 workers.
package struct FlowControl: Controller {
    private static let rowsAdded = 1000.0 * 400
    private static let rateMax = 1e9
    package let periodSeconds = 1.0
    package private(set) var command = Command(keys: 1000, workers: 8)
    private let targetSeconds: Double
    private var sizer = WeightedRateSizer()
    private var lastReplayed: Double?
    private var bytesPerRow: Double?

    package init(targetSeconds: Double) {
        self.targetSeconds = targetSeconds
        command.ratePerSecond = Self.rateMax
        command.unit = .bytes
    }

    package mutating func poll(_ view: View) {
        guard let replayed = view.replicas.map(\.replayed).min() else { return }
        defer { lastReplayed = replayed }
        guard view.replicas.allSatisfy(\.isConnected) else { return }
        let sustained = lastReplayed.map { max(0, replayed - $0) } ?? 0
        let threshold = 0.5 * targetSeconds
        let lag = view.lagSeconds ?? 0
        if lag < threshold {
            let grown = (command.ratePerSecond + Self.rowsAdded) * 1.05
            command.ratePerSecond = min(Self.rateMax, grown)
        } else {
            var factor = 0.95
            // 0.5 to the power of the excess over the threshold
            factor *= Exponential.exp(-0.693_147 * (lag - threshold) / threshold)
            command.ratePerSecond = max(100 * 400, sustained * factor)
        }
    }

    package mutating func finished(_ batch: FinishedBatch) -> Double {
        let bytes = batch.walBytes / batch.rows
        let known = bytesPerRow.map { $0 + 0.2 * (bytes - $0) } ?? bytes
        bytesPerRow = known
        let keys = Double(sizer.keys(after: batch))
        command.keys = max(10, Int(min(keys, command.ratePerSecond * 0.5 / known)))
        return 0
    }
}
