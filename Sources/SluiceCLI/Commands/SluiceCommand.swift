import ArgumentParser

/// `sluice`.
struct SluiceCommand: AsyncParsableCommand {
    /// The version of this build.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "sluice",
        abstract: "Backfills huge PostgreSQL tables: many connections, exactly once, resumable.",
        discussion: """
            sluice demo shows it on a throwaway server; sluice doctor looks at yours.
            SLUICE_LOG=info writes the log to standard error.
            Exit codes: 0 done; 1 failed; 3 paused, drained or cancelled; 4 done, but rows are \
            quarantined or differ; 64 refused: bad usage, job or plan; 69 server unreachable.
            """,
        version: "sluice " + version,
        subcommands: [
            RunCommand.self, PlanCommand.self, StatusCommand.self, PauseCommand.self,
            ResumeCommand.self, CancelCommand.self, TuneCommand.self, VerifyCommand.self,
            QuarantineCommand.self, DoctorCommand.self, MigrateCommand.self,
            LintCommand.self, BenchCommand.self,
            DemoCommand.self,
        ])
}
