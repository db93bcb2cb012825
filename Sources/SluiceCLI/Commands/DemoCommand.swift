import ArgumentParser

/// `sluice demo`.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "The whole thing on a throwaway primary and replica; no server needed.",
        discussion: """
            Starts a primary and a replica in a folder of their own, lets pgbench work on them, \
            backfills a column meanwhile, verifies every row and deletes everything again. Two \
            minutes at most.
            """)

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp("pgbench's scale: 100,000 accounts each (default 20).", valueName: "N"))
    var scale: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "How long pgbench works alone first (default 10s).", valueName: "duration"))
    var baseline: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "How to show progress: auto, tty, plain, json or none (default auto).",
            valueName: "how"))
    var progress: String?

    func run() async throws {
        let demo = Demo(
            scale: try Self.scale(scale ?? "20"),
            baselineSeconds: try Self.baseline(baseline ?? "10s"),
            style: try ProgressStyle(text: progress ?? "auto"))
        do {
            try await SignalGuard.cancelling { try await demo.run() }
        } catch is CancellationError {
            Console.error.say("sluice: the demo was stopped; its servers and files are gone")
            throw ExitStatus(ExitStatus.stopped)
        }
    }

    /// At most 2,000: 29 GB, past which a demo is no demo.
    static func scale(_ text: String) throws(UsageError) -> Int {
        guard let scale = LimitText.integer(text), (1...2_000).contains(scale) else {
            throw UsageError("--scale takes a number from 1 to 2000, not \(quote(text))")
        }
        return scale
    }

    static func baseline(_ text: String) throws(UsageError) -> Double {
        let seconds = try DurationText.seconds(text, for: "--baseline")
        guard (1...60).contains(seconds) else {
            throw UsageError("--baseline must be between 1s and 60s, not \(quote(text))")
        }
        return seconds
    }
}
