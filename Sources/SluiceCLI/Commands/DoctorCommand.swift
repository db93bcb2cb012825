import ArgumentParser
import Sluice

/// `sluice doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Looks at connection, version, permissions, replicas and settings.")

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    @Flag(
        name: .long, help: "Print the statements that give a role what it needs, and run none.")
    var grants = false

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "With --grants, the table, as SQL spells it.", valueName: "[schema.]name"))
    var table: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "With --grants, the role, exactly as it is named (default: the connected one).",
            valueName: "name"))
    var role: String?

    func run() async throws {
        if grants {
            let lines = try await connection.sluice().grants(table: table, role: role)
            return Console.output.write(lines.joined(separator: "\n") + "\n")
        }
        guard table == nil, role == nil else {
            throw UsageError("--table and --role of doctor belong to --grants: add it")
        }
        let findings = try await connection.sluice().doctor()
        let colour = Terminal.output.hasColour
        for finding in findings { Console.output.write(DoctorText.lines(finding, colour)) }
        if findings.contains(where: { $0.level == .problem }) {
            throw ExitStatus(ExitStatus.failed)
        }
    }
}
