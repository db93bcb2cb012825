import ArgumentParser
import Sluice
import SluiceCore

/// What a run may use; the same words are keys of a job file.
struct LimitOptions: ParsableArguments {
    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Connections that work at once (default 4).",
            discussion:
                "Fewer while the application's budget, or who waits for a lock, asks for that.",
            valueName: "N|A..B"))
    var workers: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp("Keys in one transaction (default auto).", valueName: "auto|N"))
    var batch: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Bytes of rows in one transaction, where rows are large (default 16MB).",
            valueName: "size"))
    var batchBytes: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Replica lag above which no batch starts, or off (default 10s).",
            valueName: "10s|off"))
    var maxLag: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "How long a batch waits for one lock (default 2s).", valueName: "duration"))
    var lockTimeout: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "How long one statement may take (default 20s).", valueName: "duration"))
    var statementTimeout: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Whether every batch waits for the disk; off is as safe (default off; beside an "
                + "application with a latency budget they wait for their own server's).",
            valueName: "off|on"))
    var synchronousCommit: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Rows that may be set aside since they cannot be changed (default 100).",
            valueName: "N"))
    var maxQuarantine: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Passes over each region, so that rows find room in their own page (default auto).",
            valueName: "auto|off|N"))
    var lanes: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Vacuum the table whenever so much of it is dead (default auto: 5%, or more).",
            valueName: "auto|off|5%"))
    var vacuum: String?

    @OptionGroup var throttles: ThrottleOptions

    /// The limits that were given.
    /// - Throws: `UsageError`.
    func changes() throws(UsageError) -> LimitChanges {
        var changes = LimitChanges()
        if let workers {
            changes.workers = try LimitText.workers(workers, for: "--workers")
        }
        if let batch { changes.setBatch(try LimitText.batch(batch, for: "--batch")) }
        if let batchBytes {
            changes.batchBytes = try LimitText.bytes(batchBytes, for: "--batch-bytes")
        }
        if let maxLag {
            changes.maxLagSeconds = .some(try LimitText.maxLag(maxLag, for: "--max-lag"))
        }
        if let lockTimeout {
            changes.lockTimeoutMilliseconds =
                try DurationText.milliseconds(lockTimeout, for: "--lock-timeout")
        }
        if let statementTimeout {
            changes.statementTimeoutMilliseconds =
                try DurationText.milliseconds(statementTimeout, for: "--statement-timeout")
        }
        if let synchronousCommit {
            changes.synchronousCommit =
                try LimitText.commit(synchronousCommit, for: "--synchronous-commit")
        }
        if let maxQuarantine {
            changes.maxQuarantine =
                try LimitText.maxQuarantine(maxQuarantine, for: "--max-quarantine")
        }
        if let lanes { changes.lanes = try LimitText.lanes(lanes, for: "--lanes") }
        if let vacuum { changes.vacuum = try LimitText.vacuum(vacuum, for: "--vacuum") }
        try throttles.add(to: &changes)
        return changes
    }
}

extension LimitChanges {
    /// What is wrong with the two timeouts when both are given; one alone is compared with the
    /// run's own by whoever knows the run.
    var problem: String? {
        guard let lock = lockTimeoutMilliseconds, let statement = statementTimeoutMilliseconds
        else { return nil }
        var limits = Limits()
        limits.lockTimeoutMilliseconds = lock
        limits.statementTimeoutMilliseconds = statement
        return limits.problem
    }
}
