import ArgumentParser
import Sluice

/// `sluice doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Looks at connection, version, permissions, replicas and settings.")

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let findings = try await connection.sluice().doctor()
        let colour = Terminal.output.hasColour
        for finding in findings { Console.output.write(DoctorText.lines(finding, colour)) }
        if findings.contains(where: { $0.level == .problem }) {
            throw ExitStatus(ExitStatus.failed)
        }
    }
}
