import ArgumentParser
import Sluice

/// How this process carries a run out, for `run` and `resume`.
struct RunnerOptions: ParsableArguments {
    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Longest wait for transactions that were already writing to the table (default 60s).",
            valueName: "duration"))
    var startWait: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "How long a silent process keeps its ranges (default 30s).", valueName: "duration"))
    var lease: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "How much is verified at the end (default auto: 1 %, a small table whole).",
            valueName: "auto|off|full|sample 1%"))
    var verify: String?

    @Option(name: .long, parsing: .unconditional, help: Self.verifyDSNHelp)
    var verifyDsn: String?

    static let verifyDSNHelp = ArgumentHelp(
        "Where to read for that: a physical replica (default the primary).", valueName: "dsn")

    @Option(
        name: .long, parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A replica to ask how far it is itself; may be given more than once.",
            discussion: "It is not kept in the ledger: each process needs its own.",
            valueName: "dsn|off"))
    var replicaDsn: [String] = []

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Write what was observed and decided to a file, as JSON lines.", valueName: "file"))
    var trace: String?

    @Flag(name: .long, help: "Answer yes to what would be asked.")
    var yes = false

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "How to show progress: auto, tty, plain, json or none (default auto).",
            valueName: "how"))
    var progress: String?

    /// The progress style asked for here, or in the job file.
    func style(file: String? = nil) throws(UsageError) -> ProgressStyle {
        try ProgressStyle(text: progress ?? file ?? "auto")
    }

    /// The options of the library, before limits.
    /// - Throws: `UsageError`, and what a connection string that cannot be read throws.
    func runOptions() throws -> RunOptions {
        var options = RunOptions()
        options.confirmed = yes
        if let startWait {
            options.startWaitSeconds = try DurationText.seconds(startWait, for: "--start-wait")
        }
        if let lease { options.leaseSeconds = try Self.lease(lease, for: "--lease") }
        options.tracePath = trace
        if let verify { options.verify = try VerifyScopeText.scope(verify, for: "--verify") }
        if let verifyDsn { options.verifyOn = try ConnectionOptions.parameters(verifyDsn) }
        options.replicas = try replicaDsn.filter { $0.lowercased() != "off" }
            .map { dsn in try ConnectionOptions.parameters(dsn) }
        return options
    }

    /// A lease shorter than a few heartbeats would be lost to a moment's silence; one of hours
    /// would keep a dead process's ranges from everybody else.
    static func lease(_ text: String, for option: String) throws(UsageError) -> Double {
        let seconds = try DurationText.seconds(text, for: option)
        guard (2...3_600).contains(seconds) else {
            throw UsageError("\(option) must be between 2s and 1h, not \(quote(text))")
        }
        return seconds
    }
}

/// How progress is shown.
enum ProgressStyle: String, CaseIterable {
    case auto, tty, plain, json, none

    /// - Throws: `UsageError`.
    init(text: String) throws(UsageError) {
        guard let style = ProgressStyle(rawValue: text) else {
            let hint = NearestWord.to(text, among: Self.allCases.map(\.rawValue))
            throw UsageError(
                "--progress takes auto, tty, plain, json or none, not \(quote(text))"
                    + (hint.map { "; did you mean \($0)?" } ?? ""))
        }
        self = style
    }
}
