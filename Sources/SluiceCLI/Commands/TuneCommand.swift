import ArgumentParser
import Sluice
import SluiceCore

/// `sluice tune`.
struct TuneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Changes a run's limits; processes that carry it out follow at once.")

    @Argument(help: ArgumentHelp("The run's number or its job's name.", valueName: "run"))
    var run: String
    @OptionGroup(title: "Limits") var limits: LimitOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let changes = try limits.changes()
        guard !changes.isEmpty else {
            throw UsageError(
                "nothing to change: give at least one limit, such as "
                    + "sluice tune \(Printable.clean(run)) --workers 1..8")
        }
        if let problem = changes.problem { throw UsageError(problem) }
        let limits = try await connection.sluice().tune(run, changes)
        Console.output.say("run \(Printable.clean(run)): " + ControlText.limits(limits))
    }
}
