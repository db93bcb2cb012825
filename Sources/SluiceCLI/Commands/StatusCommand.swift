import ArgumentParser
import Sluice

/// `sluice status`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows how all runs stand, or one of them in detail.")

    @Argument(help: ArgumentHelp("The run's number or its job's name.", valueName: "run"))
    var run: String?
    @Flag(name: .long, help: "Print a JSON array.")
    var json = false
    @Flag(name: .long, help: "Show it anew every second until Ctrl-C.")
    var watch = false
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let sluice = try connection.sluice()
        guard watch else {
            let statuses = try await sluice.status(run)
            Console.output.say(text(statuses, Terminal.output))
            return
        }
        let command = StatusWatch(sluice: sluice, run: run, isJSON: json, render: text)
        do {
            try await SignalGuard.cancelling { try await command.watch() }
        } catch is CancellationError {
            // Ctrl-C is how one stops watching.
        }
    }

    @Sendable private func text(_ statuses: [RunStatus], _ terminal: Terminal) -> String {
        if json { return watch ? JSONText.line(statuses) : JSONText.pretty(statuses) }
        if run != nil, statuses.count == 1 { return StatusText.detail(statuses[0], terminal) }
        return StatusText.table(statuses, terminal)
    }
}
