extension Server {
    /// The folder with the programs of this server's PostgreSQL.
    public var binDirectory: String { tools.binaries.directory }

    /// Runs one of PostgreSQL's programs, such as `pgbench`, in the sandbox's folder and returns
    /// what it printed.
    ///
    /// The password of the superuser is in its environment; host, port and role are arguments
    /// that differ from program to program. Cancelling the task ends the program.
    ///
    /// - Throws: ``SandboxError`` with the program's complaint if it does not succeed.
    @discardableResult
    public func run(_ program: String, _ arguments: [String]) async throws -> String {
        try await tools.run(program, arguments).output
    }
}
