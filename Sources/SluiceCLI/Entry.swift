import ArgumentParser
import Foundation

/// The process: reads the arguments, runs the command, turns what it throws into one sentence on
/// standard error and an exit code.
@main
struct Entry {
    static func main() async {
        StandardDescriptors.fill()
        // A reader that goes away is seen where it is written to, not as the end of the process.
        signal(SIGPIPE, SIG_IGN)
        LogChoice.settle(environment: ProcessInfo.processInfo.environment)
        let arguments = Array(CommandLine.arguments.dropFirst())
        SecretArguments.hide()
        let status = await run(arguments)
        exit(status)
    }

    /// Runs a command line and returns its exit code.
    static func run(_ arguments: [String]) async -> Int32 {
        do {
            var command = try await SluiceCommand.asyncParseAsRoot(
                VerifyScopeText.joined(arguments))
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return ExitStatus.done
        } catch {
            return settle(error, arguments)
        }
    }

    private static func settle(_ error: any Error, _ arguments: [String]) -> Int32 {
        if let exit = error as? ExitStatus { return exit.code }
        if let trouble = Trouble(error) {
            Console.error.say("sluice: " + trouble.sentence)
            return trouble.exitCode
        }
        let text = SluiceCommand.fullMessage(for: error)
        guard SluiceCommand.exitCode(for: error) != .success else {
            Console.output.say(text)
            return ExitStatus.done
        }
        Console.error.say("sluice: " + UsageText.sentence(for: error, arguments))
        return ExitStatus.refused
    }
}
