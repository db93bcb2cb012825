import Foundation
import Synchronization

/// A throwaway PostgreSQL cluster: a primary and its streaming replicas.
///
/// It lives in a folder of its own, listens on a unix socket there and on 127.0.0.1, and is gone,
/// processes and folder, after ``stop()``, when the last reference to it goes away, and when the
/// process ends in whatever way.
public final class Sandbox: Sendable {
    /// The server that takes writes.
    public let primary: Server

    /// The folder that holds everything.
    public var folder: String { keeper.folder }

    let keeper: Keeper
    let options: SandboxOptions
    private let followers = Mutex<[Server]>([])

    private init(primary: Server, keeper: Keeper, options: SandboxOptions) {
        self.primary = primary
        self.keeper = keeper
        self.options = options
    }

    /// The replicas, in the order of their names.
    public var replicas: [Server] { followers.withLock { $0 } }

    /// Makes a cluster and returns when the primary accepts connections and each replica streams.
    ///
    /// - Throws: ``SandboxError``; nothing is left behind.
    public static func start(_ options: SandboxOptions = .init()) async throws -> Sandbox {
        let temporary = ProcessInfo.processInfo.environment["TMPDIR"] ?? ""
        return try await start(options, in: [temporary, "/tmp"].filter { $0.hasPrefix("/") })
    }

    /// The same, with the folder in the first of the parents that will do.
    static func start(_ options: SandboxOptions, in parents: [String]) async throws -> Sandbox {
        let environment = ProcessInfo.processInfo.environment
        let settings = try ClusterSettings(options)
        let binaries = try ServerBinaries.locate(
            named: options.binDirectory, environment: environment)
        let account = try ServerAccount.unprivileged(environment: environment)
        let keeper = try await Keeper.start(parents: parents, account: account)
        do {
            let tools = Tools(
                binaries: binaries, account: account, folder: keeper.folder,
                password: options.password)
            try await initialize(tools, options, settings)
            let primary = try await launch("primary", tools, options)
            let sandbox = Sandbox(primary: primary, keeper: keeper, options: options)
            for _ in 0..<options.replicas { try await sandbox.addReplica() }
            return sandbox
        } catch {
            await keeper.close()
            throw error
        }
    }

    /// Stops all servers at once and removes the folder; a second call does nothing.
    public func stop() async {
        await keeper.close()
    }

    /// Adds a replica with the next name and returns when it streams.
    @discardableResult
    public func addReplica() async throws -> Server {
        let name = "replica_\(replicas.count + 1)"
        let connection =
            "host=\(primary.host) port=\(primary.port) application_name=\(name)"
            + " user=\(Self.conninfoQuoted(options.superuser))"
        try await primary.tools.run(
            "pg_basebackup",
            [
                "-d", connection, "-D", "\(folder)/\(name)", "-w", "-R", "-X", "stream",
                "-c", "fast", "--no-sync", "--create-slot", "--slot", "sluice_\(name)",
            ])
        let replica = try await Self.launch(name, primary.tools, options)
        try await waitUntilStreaming(replica)
        followers.withLock { $0.append(replica) }
        return replica
    }

    private func waitUntilStreaming(_ replica: Server) async throws {
        let deadline = ContinuousClock.now + .seconds(options.startTimeoutSeconds)
        let query = """
            SELECT count(*) FROM pg_stat_replication
            WHERE application_name = '\(replica.name)' AND state = 'streaming'
            """
        while try await primary.psql(query) != "1" {
            guard ContinuousClock.now < deadline else {
                throw SandboxError(
                    .serverFailed,
                    "\(replica.name) does not stream from the primary after "
                        + "\(options.startTimeoutSeconds) s; the end of its log:\n"
                        + replica.logTail())
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Makes the primary's data directory.
    private static func initialize(
        _ tools: Tools, _ options: SandboxOptions, _ settings: ClusterSettings
    ) async throws {
        let data = "\(tools.folder)/primary"
        var arguments = [
            "-D", data, "-U", options.superuser, "-E", "UTF8", "--no-sync", "--no-instructions",
        ]
        if let password = options.password {
            let file = "\(tools.folder)/password"
            try await tools.append(password + "\n", to: file)
            arguments += ["-A", "scram-sha-256", "--pwfile", file]
        } else {
            arguments += ["-A", "trust"]
        }
        do {
            try await tools.run("initdb", arguments + ["--locale=C.UTF-8"])
        } catch let error as SandboxError where error.description.contains("locale") {
            // Older systems, and macOS, have no C.UTF-8.
            try await tools.run("initdb", arguments + ["--locale=C"])
        }
        try? FileManager.default.removeItem(atPath: "\(tools.folder)/password")
        try await tools.append(settings.text, to: "\(data)/postgresql.conf")
    }

    /// Starts a server on a port that is free, trying another if somebody was faster.
    private static func launch(
        _ name: String, _ tools: Tools, _ options: SandboxOptions
    ) async throws -> Server {
        var attempts = 5
        while true {
            attempts -= 1
            let server = Server(
                name: name, port: try LoopbackPort.free(), tools: tools, options: options)
            let logged = server.logSize
            do {
                try await server.start(waitsForPort: false)
                return server
            } catch let error as SandboxError {
                guard attempts > 0, server.lostPort(since: logged) else { throw error }
            }
        }
    }

    private static func conninfoQuoted(_ value: String) -> String {
        "'" + value.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }
}

/// Lends a cluster to the body and stops it afterwards, also on an error and on cancellation.
public func withSandbox<R>(
    _ options: SandboxOptions = .init(), isolation: isolated (any Actor)? = #isolation,
    _ body: (Sandbox) async throws -> R
) async throws -> R {
    let sandbox = try await Sandbox.start(options)
    do {
        let result = try await body(sandbox)
        await sandbox.stop()
        return result
    } catch {
        await sandbox.stop()
        throw error
    }
}
