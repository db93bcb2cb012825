import ArgumentParser
import Sluice
import SluiceCore

/// Limits that are off unless they are given; the same words are keys of a job file.
struct ThrottleOptions: ParsableArguments {
    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "How long a batch that sizes itself may last (default off).",
            discussion: "Its rows are locked that long. Off is what pays, 400ms at the most.",
            valueName: "100ms|off"))
    var batchTime: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Keys that batches pass over in a second, such as 20k (default off).",
            discussion: "Rows changed and rows that the predicate leaves out, by all of the run's "
                + "processes together.",
            valueName: "rows/s|off"))
    var maxRate: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Write-ahead log in a second, of all processes together (default off).",
            valueName: "40MB/s|off"))
    var maxWal: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Size of pg_wal above which no batch starts (default off).",
            valueName: "20GB|off"))
    var maxPgWal: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "How long the application's statements may take meanwhile (default off).",
            discussion: "In multiples, of what they take before the first batch. It overrides the "
                + "least number of workers.",
            valueName: "10ms|1.5x|off"))
    var foregroundBudget: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "SQL that is timed for that budget (default the server's own statistics).",
            valueName: "SQL|off"))
    var foregroundProbe: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Hours in which batches may start, with commas between several (default off).",
            discussion: "Without @zone they are those of this host's clock.",
            valueName: "22:00-06:00[@zone]|off"))
    var window: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "SQL that keeps batches from starting while it answers true (default off).",
            valueName: "SQL|off"))
    var throttleQuery: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "File that keeps batches from starting while it exists (default off).",
            valueName: "path|off"))
    var throttleFile: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Address that must answer 200 to 299 for batches to start (default off).",
            valueName: "URL|off"))
    var throttleUrl: String?

    /// Takes over what was given.
    /// - Throws: `UsageError`.
    func add(to changes: inout LimitChanges) throws(UsageError) {
        let given = [
            ("batch_time", batchTime), ("max_rate", maxRate), ("max_wal", maxWal),
            ("max_pg_wal", maxPgWal),
            ("foreground_budget", foregroundBudget),
            ("foreground_probe", foregroundProbe), ("window", window),
            ("throttle_query", throttleQuery), ("throttle_file", throttleFile),
            ("throttle_url", throttleUrl),
        ]
        for (word, text) in given {
            guard let text else { continue }
            let option = "--" + word.replacing("_", with: "-")
            try ThrottleText.read(text, word: word, for: option, into: &changes)
        }
    }
}
