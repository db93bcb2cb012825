import ArgumentParser
import Sluice

/// `sluice resume`.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Carries on with a run: a paused one, or one whose process died.")

    @Argument(help: ArgumentHelp("The run's number or its job's name.", valueName: "run"))
    var run: String
    @OptionGroup(title: "Limits") var limits: LimitOptions
    @OptionGroup(title: "The run") var runner: RunnerOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        var options = try runner.runOptions()
        options.limits = try limits.changes()
        if let problem = options.limits.problem { throw UsageError(problem) }
        let style = try runner.style()
        let sluice = try connection.sluice()
        let (name, carried) = (run, options)
        try await ForegroundRun(style: style) { drain, report in
            try await sluice.resume(name, options: carried, drain: drain, report: report)
        }
    }
}
