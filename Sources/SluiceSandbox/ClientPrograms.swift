import Foundation
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// PostgreSQL's client programs, such as `pg_dump`, run against any server.
public struct ClientPrograms: Sendable {
    private let binaries: ServerBinaries

    /// More than the list of a schema's parts takes; what a program says is kept in memory.
    private static let outputBytesMax = 64 << 20

    /// Finds the programs, where a sandbox's are found.
    ///
    /// - Throws: ``SandboxError`` where one is missing.
    public static func locate(_ needed: [String]) throws -> ClientPrograms {
        ClientPrograms(
            binaries: try ServerBinaries.locate(
                named: nil, environment: ProcessInfo.processInfo.environment, needed: needed))
    }

    /// Runs one of them to its end and returns what it printed, and what it complained about.
    ///
    /// The connection's settings belong into the environment, which other users do not see;
    /// cancelling the task ends the program.
    ///
    /// - Parameter mayFail: Whether an exit code other than 0 is the caller's to judge.
    /// - Throws: ``SandboxError`` with the program's complaint if it does not succeed.
    public func run(
        _ program: String, _ arguments: [String], environment: [String: String],
        mayFail: Bool = false
    ) async throws -> (output: String, complaint: String?) {
        // A service file's settings would win over those of the environment.
        var variables: [Environment.Key: String?] = ["PGSERVICE": nil, "PGSYSCONFDIR": nil]
        for (name, value) in environment {
            if let key = Environment.Key(rawValue: name) { variables[key] = value }
        }
        let result = try await Subprocess.run(
            .path(FilePath(binaries.path(program))), arguments: Arguments(arguments),
            environment: .inherit.updating(variables),
            output: .string(limit: Self.outputBytesMax),
            error: .string(limit: Self.outputBytesMax))
        try Task.checkCancellation()
        let complaint = Tools.reason(result.standardError)
        guard result.terminationStatus.isSuccess || mayFail else {
            throw SandboxError(.toolFailed, complaint ?? "\(program) failed")
        }
        return (result.standardOutput, result.terminationStatus.isSuccess ? nil : complaint)
    }
}
