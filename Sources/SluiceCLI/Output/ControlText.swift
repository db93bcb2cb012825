import Sluice
import SluiceCore

/// What `pause`, `cancel` and `tune` answer.
enum ControlText {
    /// How a run stands now, in one sentence.
    static func sentence(_ status: RunStatus) -> String {
        let name = "run \(status.run) (\(Printable.clean(status.job)))"
        let done =
            Format.percent(ProgressFrame.percent(status)) + ", "
            + Format.count(status.rowsChanged, "row") + " " + status.kind.done
        return switch status.state {
        case .paused:
            "\(name) is paused at \(done); carry on with sluice resume \(status.run)"
        case .cancelled: "\(name) is cancelled at \(done)"
        case .completed: "\(name) is completed: \(done)"
        case .failed: "\(name) has failed at \(done)"
        case .planned, .running: "\(name) is \(status.state.rawValue): \(done)"
        }
    }

    /// Limits in the words of the options.
    static func limits(_ limits: Limits) -> String {
        let workers =
            limits.workers.lowerBound == limits.workers.upperBound
            ? "\(limits.workers.lowerBound)"
            : "\(limits.workers.lowerBound)..\(limits.workers.upperBound)"
        let lag = limits.maxLagSeconds.map(DurationText.text) ?? "off"
        let batch = limits.sizesBatches ? "auto" : Format.count(limits.batchKeys)
        let always = [
            "workers \(workers)", "batch \(batch)",
            "batch-bytes \(SizeText.text(limits.batchBytes))", "max-lag \(lag)",
            "lock-timeout "
                + DurationText.text(Double(limits.lockTimeoutMilliseconds) / 1_000),
            "statement-timeout "
                + DurationText.text(Double(limits.statementTimeoutMilliseconds) / 1_000),
            "synchronous-commit \(limits.batchCommit)",
            "max-quarantine \(Format.count(limits.maxQuarantine))", "lanes \(limits.lanes.text)",
            "vacuum \(limits.vacuum.text)",
        ]
        return (always + throttles(limits)).joined(separator: ", ")
    }

    /// Those of the limits that are off by default which are not off.
    private static func throttles(_ limits: Limits) -> [String] {
        let words: [(name: String, value: String?)] = [
            ("batch-time", limits.batchSecondsMax.map(DurationText.text)),
            ("max-rate", limits.maxRowsPerSecond.map { Format.rate($0) }),
            ("max-wal", limits.maxWalBytesPerSecond.map { SizeText.text(Int($0)) + "/s" }),
            ("max-pg-wal", limits.maxPgWalBytes.map(SizeText.text)),
            ("foreground-budget", limits.foregroundBudget.map(ThrottleText.text)),
            ("foreground-probe", limits.foregroundProbe.map(quote)),
            ("window", limits.window?.text),
            ("throttle-query", limits.throttleQuery.map(quote)),
            ("throttle-file", limits.throttleFile.map(Printable.clean)),
            ("throttle-url", limits.throttleURL.map(ThrottleURL.shown)),
        ]
        return words.compactMap { word in word.value.map { word.name + " " + $0 } }
    }
}
