import ArgumentParser
import Testing

@testable import SluiceCLI

struct HelpTests {
    @Test func everyCommandOfTheInterfaceIsThere() {
        #expect(
            UsageText.names == [
                "run", "plan", "status", "pause", "resume", "cancel", "tune", "verify",
                "quarantine", "doctor", "migrate", "lint", "bench", "demo",
            ])
        let help = SluiceCommand.helpMessage()
        for name in UsageText.names { #expect(help.contains("  \(name) "), "\(name)") }
    }

    static let limits = [
        "--workers", "--batch", "--batch-bytes", "--max-lag", "--lock-timeout",
        "--statement-timeout",
        "--synchronous-commit", "--max-quarantine", "--lanes", "--vacuum", "--max-rate",
        "--max-wal",
        "--max-pg-wal", "--batch-time",
        "--foreground-budget", "--foreground-probe", "--window", "--throttle-query",
        "--throttle-file", "--throttle-url",
    ]
    static let job = [
        "--kind", "--table", "--set", "--where", "--into", "--on-conflict", "--statement",
        "--disable-triggers", "--skip-unchanged", "--with-children", "--key", "--order", "--name",
    ]
    static let runner = [
        "--start-wait", "--lease", "--verify", "--verify-dsn", "--replica-dsn", "--trace",
        "--yes",
        "--progress",
    ]
    static let options: [(String, [String])] = [
        ("run", job + limits + runner + ["--dsn", "--fresh"]),
        ("plan", job + limits + runner + ["--dsn", "--fresh", "--json"]),
        ("status", ["--dsn", "--json", "--watch"]), ("pause", ["--dsn"]), ("cancel", ["--dsn"]),
        ("resume", limits + runner + ["--dsn"]), ("tune", limits + ["--dsn"]),
        (
            "verify",
            [
                "--repair", "--sample", "--verify-dsn", "--workers", "--max-lag", "--json",
                "--dsn",
            ]
        ),
        ("quarantine", ["--dsn", "--json", "--all"]),
        ("doctor", ["--dsn", "--grants", "--table", "--role"]),
        ("migrate", ["--force", "--json", "--dsn"]),
        ("lint", ["--exclude", "--include", "--assume-in-transaction", "--json", "--list"]),
        (
            "bench",
            [
                "--quick", "--strategies", "--scenarios", "--rows", "--rounds", "--json", "--html",
                "--compare", "--list", "--from", "--markdown", "--dsn", "--table", "--set",
                "--where", "--key", "--no-triggers",
            ]
        ),
        ("demo", ["--scale", "--baseline", "--progress"]),
    ]

    @Test(arguments: options)
    func theHelpOfACommandNamesItsOptionsAndNoOthers(_ name: String, _ expected: [String]) throws {
        let command = try #require(
            SluiceCommand.configuration.subcommands.first {
                $0.configuration.commandName == name
            })
        let help = SluiceCommand.helpMessage(for: command, columns: 200)
        let named = help.split(whereSeparator: \.isNewline)
            .compactMap { $0.split(separator: " ").first { $0.hasPrefix("--") } }
            .map { String($0) }
        let taken = Set(named).subtracting(["--help", "--version"])
        #expect(taken.subtracting(expected).isEmpty)
        for option in expected { #expect(help.contains("  \(option)"), "\(option)") }
    }

    @Test func anOptionTakesAValueThatBeginsWithADash() throws {
        let command = try SluiceCommand.parseAsRoot(
            ["run", "--table", "t", "--set", "a = -1", "--where", "-1 < a", "--batch", "-5"])
        let run = try #require(command as? RunCommand)
        #expect(run.job.predicate == "-1 < a")
        #expect(run.limits.batch == "-5")
    }
}
