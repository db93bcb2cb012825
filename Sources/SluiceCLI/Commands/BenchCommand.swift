import ArgumentParser
import Sluice
import SluiceBench

/// `sluice bench`.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Compares ways to fill a column, on throwaway servers; no server needed.",
        discussion: """
            Without a table of yours it makes servers and a table, has every strategy fill a \
            column of a copy of it in turn, round by round, checks every row, and deletes \
            everything again. Others' strategies are their rules, written from their \
            descriptions, and not the products. Nothing else should run on the machine meanwhile.

            With --table it does so on a sample of that table, in databases of its own on the \
            same server: the table itself is only read. That takes CREATEDB, and pg_dump.
            """)

    @Flag(name: .long, help: "One round over 100,000 rows: under three minutes, and no spread.")
    var quick = false

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp("Strategies to compare (default all; see --list).", valueName: "a,b"))
    var strategies: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Tables to compare them on, or all (default indexes-3; see --list).",
            valueName: "a,b"))
    var scenarios: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Rows of the table; several sizes show how cost grows (default 1000000, and 200000 "
                + "of a table of yours).",
            valueName: "N,M"))
    var rows: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp("How often each strategy runs (default 3).", valueName: "N"))
    var rounds: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp("Write every round's figures as JSON.", valueName: "file"))
    var json: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp("Write the report with charts as one HTML page.", valueName: "file"))
    var html: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp("Show what changed since this JSON was written.", valueName: "file"))
    var compare: String?

    @OptionGroup(title: "A table of yours")
    var own: OwnTableOptions

    @Option(
        name: .customLong("from"), parsing: .unconditional,
        help: ArgumentHelp(
            "Show the report of this JSON, and run nothing.", valueName: "file"))
    var earlier: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Write a line for each table as Markdown.", valueName: "file"))
    var markdown: String?

    @Flag(name: .long, help: "Print the strategies and scenarios, and run nothing.")
    var list = false

    func run() async throws {
        if list {
            Console.output.write(BenchText.list)
            return
        }
        let plan = try BenchChoice(
            isQuick: quick, strategies: strategies, scenarios: scenarios, rows: rows,
            rounds: rounds, own: try own.chosen()
        ).plan()
        // Before an hour's work rather than after it.
        let before = try compare.map { try BenchFiles.read($0) }
        for file in [json, html, markdown].compactMap({ $0 }) {
            try BenchFiles.requireWritable(file)
        }
        let report = try await report(of: plan)
        Console.output.write(BenchText.text(of: report))
        if let before { Console.output.write(BenchComparison.text(from: before, to: report)) }
        if let json { try BenchFiles.write(JSONText.pretty(report) + "\n", to: json) }
        if let html { try BenchFiles.write(HTMLReport.page(report), to: html) }
        if let markdown { try BenchFiles.write(BenchMarkdown.text(of: report), to: markdown) }
        // One that did not fill the table right is news that a script must not miss.
        if earlier == nil, report.hasFailures { throw ExitStatus(ExitStatus.failed) }
    }

    /// What an earlier benchmark found, or a new one.
    private func report(of plan: BenchPlan) async throws -> BenchReport {
        if let earlier { return try BenchFiles.read(earlier) }
        do {
            // What is left on a server is said, whatever ended the work.
            return try await SignalGuard.cancelling(letting: { $0 is BenchLeftovers }) {
                try await Bench(plan) { BenchText.say($0) }.run()
            }
        } catch is CancellationError {
            let what = plan.ownTable == nil ? "servers and files" : "databases"
            Console.error.say("sluice: the benchmark was stopped; its \(what) are gone")
            throw ExitStatus(ExitStatus.stopped)
        }
    }
}
