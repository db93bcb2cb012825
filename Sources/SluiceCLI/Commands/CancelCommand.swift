import ArgumentParser
import Sluice

/// `sluice cancel`.
struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Ends a run; what it has committed stays changed.")

    @Argument(help: ArgumentHelp("The run's number or its job's name.", valueName: "run"))
    var run: String
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let status = try await connection.sluice().cancel(run)
        Console.output.say(ControlText.sentence(status))
    }
}
