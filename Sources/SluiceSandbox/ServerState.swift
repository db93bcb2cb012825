import Foundation

/// What a server held at one moment, kept beside it so that it can be returned to.
extension Server {
    private var keptDirectory: String { dataDirectory + ".kept" }

    /// Stops the server, keeps a copy of all that it holds, and starts it again.
    ///
    /// A later call replaces the copy.
    ///
    /// - Throws: ``SandboxError`` where there is no room for a copy or the server does not start.
    public func keepState() async throws {
        try await stop()
        try await discardKeptState()
        try await shell("cp", ["-a", dataDirectory, keptDirectory])
        try await start()
    }

    /// Stops the server, puts back what ``keepState()`` kept, and starts it: a replica then
    /// replays once more all that the primary still has of the log since.
    ///
    /// The copy is used up.
    ///
    /// - Throws: ``SandboxError`` where nothing was kept or the server does not start.
    public func returnToKeptState() async throws {
        guard FileManager.default.fileExists(atPath: keptDirectory) else {
            throw SandboxError(.folderFailed, "\(name) has no kept state to return to")
        }
        try await stop()
        try await shell("rm", ["-rf", dataDirectory])
        try await shell("mv", [keptDirectory, dataDirectory])
        try await start()
    }

    /// Removes what ``keepState()`` kept, if anything.
    public func discardKeptState() async throws {
        try await shell("rm", ["-rf", keptDirectory])
    }

    private func shell(_ program: String, _ arguments: [String]) async throws {
        let result = try await tools.execute(["/usr/bin/env", program] + arguments)
        if let failure = result.failure {
            throw SandboxError(
                .folderFailed,
                "\(program) failed beside \(name): \(Tools.reason(result.error) ?? failure)")
        }
    }
}
