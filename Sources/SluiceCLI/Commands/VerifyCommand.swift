import ArgumentParser
import Sluice
import SluiceCore

/// `sluice verify`.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compares a completed run with its table, and repairs rows if asked to.",
        discussion: """
            Says which rows are not as the job says, and whether the run missed them or somebody
            has written them since it began. Where rows cannot be compared (n = n + 1), the ledger
            alone proves the run. --repair applies the job to every row that is listed, those
            written since included.
              sluice verify price_cents
              sluice verify price_cents --sample 5% --verify-dsn postgresql://replica/shop
              sluice verify price_cents --repair
            Exit codes: 0 all as it should be; 3 interrupted; 4 rows are not.
            """)

    @Argument(help: ArgumentHelp("The run's number or its job's name.", valueName: "run"))
    var run: String
    @Flag(name: .long, help: "Apply the job to the rows that are wrong.")
    var repair = false
    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp("Read only a share of the table.", valueName: "1%"))
    var sample: String?
    @Option(
        name: .long, parsing: .unconditional, help: RunnerOptions.verifyDSNHelp)
    var verifyDsn: String?
    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Connections that read at once (default the run's).", valueName: "N"))
    var workers: String?
    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Replica lag above which nothing is read, or off (default the run's).",
            valueName: "10s|off"))
    var maxLag: String?
    @Flag(name: .long, help: "Print what was found as a JSON object.")
    var json = false
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let options = try options()
        let sluice = try connection.sluice()
        let name = run
        let drain = DrainSwitch()
        let reporter = ProgressReporter(style: json ? .none : .auto)
        let found: VerifyReport
        do {
            found = try await SignalGuard.run {
                drain.drain()
            } _: {
                try await sluice.verify(name, options: options, drain: drain) { event in
                    reporter.take(event)
                    if Console.output.isClosed { drain.drain() }
                }
            }
            reporter.finish()
        } catch {
            reporter.finish()
            guard drain.isDraining, error is CancellationError || Task.isCancelled else {
                throw error
            }
            Console.error.say("sluice: stopped at once")
            throw ExitStatus(ExitStatus.stopped)
        }
        Console.output.say(json ? JSONText.pretty(found) : VerifyText.text(found))
        if found.exitCode != ExitStatus.done { throw ExitStatus(found.exitCode) }
    }

    private func options() throws -> VerifyOptions {
        var options = VerifyOptions()
        options.repairs = repair
        if let sample {
            options.scope = .sample(try VerifyScopeText.share(sample, for: "--sample"))
        }
        if let verifyDsn { options.replica = try ConnectionOptions.parameters(verifyDsn) }
        if let workers {
            options.workers = try LimitText.workers(workers, for: "--workers").upperBound
        }
        if let maxLag {
            options.maxLagSeconds = .some(try LimitText.maxLag(maxLag, for: "--max-lag"))
        }
        return options
    }
}
