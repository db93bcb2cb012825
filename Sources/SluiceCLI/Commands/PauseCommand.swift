import ArgumentParser
import Sluice

/// `sluice pause`.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Pauses a run, on whatever host it is carried out.")

    @Argument(help: ArgumentHelp("The run's number or its job's name.", valueName: "run"))
    var run: String
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let status = try await connection.sluice().pause(run)
        Console.output.say(ControlText.sentence(status))
    }
}
