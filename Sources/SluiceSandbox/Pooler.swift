import Foundation

/// A PgBouncer in front of a sandbox's primary, in transaction mode.
///
/// It is gone with its sandbox, and it has the defaults of PgBouncer otherwise: it resets nothing
/// between two clients that take turns on a session of the server.
public final class Pooler: Sendable {
    /// The folder with the pooler's unix socket.
    public let host: String

    /// The port, the same for the socket and on 127.0.0.1.
    public let port: Int

    /// The file that the pooler logs to.
    public let logFile: String

    private let primary: Server

    fileprivate init(primary: Server, port: Int) {
        self.primary = primary
        self.port = port
        host = primary.host
        logFile = "\(primary.host)/pooler_\(port).log"
    }

    /// A URI for the superuser and a database of the primary, over the unix socket.
    public func dsn(database: String) -> String {
        "postgresql://\(Server.percentEncoded(primary.superuser))@/"
            + "\(Server.percentEncoded(database))?host=\(Server.percentEncoded(host))&port=\(port)"
    }

    fileprivate func start(_ program: String, sessions: Int, seconds: Int) async throws {
        let file = "\(host)/pooler_\(port).ini"
        try await primary.tools.append(text(sessions: sessions), to: file)
        let result = try await primary.tools.execute(
            [
                "/bin/sh", "-c", KeeperScript.pooler, "sh", host, "\(host)/run/pooler_\(port).tool",
                logFile, String(seconds * 1_000 / 20), program, file,
            ])
        guard result.failure != nil else { return }
        let log = try? String(contentsOfFile: logFile, encoding: .utf8)
        throw SandboxError(
            .serverFailed,
            "the pooler on port \(port) did not start; the end of its log:\n"
                + (log ?? "").split(separator: "\n").suffix(10).joined(separator: "\n"))
    }

    /// The lines of pgbouncer.ini; whoever reaches the pooler is the superuser, as on the server.
    private func text(sessions: Int) -> String {
        """
        [databases]
        * = host='\(quoted(host))' port=\(primary.port) user='\(quoted(primary.superuser))'
        [pgbouncer]
        auth_type = any
        default_pool_size = \(sessions)
        listen_addr = 127.0.0.1
        listen_port = \(port)
        pool_mode = transaction
        unix_socket_dir = \(host)

        """
    }

    private func quoted(_ value: String) -> String { value.replacing("'", with: "''") }
}

extension Sandbox {
    /// Where the packages of Debian, Fedora and Homebrew put PgBouncer, beside `PATH`.
    private static let poolerPlaces = [
        "/usr/sbin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin",
    ]

    /// Starts a PgBouncer in front of the primary and returns when it accepts connections.
    ///
    /// - Parameter sessions: The most sessions of the server for each database.
    /// - Throws: ``SandboxError``: `binariesMissing` where PgBouncer is not installed.
    public func startPooler(sessions: Int = 20) async throws -> Pooler {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return try await startPooler(
            sessions: sessions, in: path.split(separator: ":").map(String.init) + Self.poolerPlaces)
    }

    /// The same, with the program in the first of the folders that has it.
    func startPooler(sessions: Int, in folders: [String]) async throws -> Pooler {
        guard options.password == nil else {
            throw SandboxError(
                .invalidOption,
                "a pooler asks for no password, and this sandbox does: start it with .trust")
        }
        let programs = folders.map { "\($0)/pgbouncer" }
        guard let program = programs.first(where: FileManager.default.isExecutableFile) else {
            throw SandboxError(
                .binariesMissing,
                "pgbouncer not found: install PgBouncer (apt-get install pgbouncer)")
        }
        let pooler = Pooler(primary: primary, port: try LoopbackPort.free())
        try await pooler.start(
            program, sessions: sessions, seconds: options.startTimeoutSeconds)
        return pooler
    }
}
