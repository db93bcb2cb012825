import Foundation

/// How a server ends its sessions when it is stopped.
public enum StopMode: String, Sendable {
    /// Transactions are rolled back and a checkpoint is written.
    case fast
    /// All processes end at once, as in a crash; the next start recovers.
    case immediate
}

extension Server {
    /// Stops the server; one that does not run is left as it is.
    public func stop(mode: StopMode = .fast) async throws {
        guard FileManager.default.fileExists(atPath: "\(dataDirectory)/postmaster.pid") else {
            return
        }
        try await tools.run(
            "pg_ctl", ["stop", "-D", dataDirectory, "-m", mode.rawValue, "-w", "-t", "60"])
        try? FileManager.default.removeItem(atPath: pidFile)
    }

    /// Starts the server again after a stop or a crash and waits until it accepts connections.
    ///
    /// - Throws: ``SandboxError`` with the end of the server's log.
    public func start() async throws {
        try await start(waitsForPort: true)
    }

    /// Starts the server; one that never ran may give up its port instead of waiting for it.
    func start(waitsForPort: Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(startTimeoutSeconds)
        while true {
            let logged = logSize
            if try await launch() { return }
            let tail = logTail(from: logged)
            // After a crash, the last session may need a moment to notice; and who took the port
            // while the server was down may have it for a moment only.
            let passes =
                tail.contains("shared memory block") || waitsForPort && lostPort(since: logged)
            guard passes, ContinuousClock.now < deadline else {
                throw SandboxError(
                    .serverFailed,
                    "server \(name) on port \(port) did not start; the end of its log:\n\(tail)")
            }
        }
    }

    private func launch() async throws -> Bool {
        let tries = startTimeoutSeconds * 1_000 / 20
        let result = try await tools.execute(
            [
                "/bin/sh", "-c", KeeperScript.server, "sh", dataDirectory,
                "\(host)/.s.PGSQL.\(port)", pidFile, logFile,
                String(tries), tools.binaries.path("postgres"), "-D", dataDirectory,
                "-c", "port=\(port)", "-c", "listen_addresses=127.0.0.1",
                "-c", "unix_socket_directories=\(host)",
            ])
        return result.failure == nil
    }

    /// Stops the server and starts it again, on the same port.
    public func restart(mode: StopMode = .fast) async throws {
        try await stop(mode: mode)
        try await start()
    }

    /// Makes a replica a primary and waits until it accepts writes.
    public func promote() async throws {
        try await tools.run("pg_ctl", ["promote", "-D", dataDirectory, "-w", "-t", "60"])
    }

    /// The pid of the server's first process; nil if it was stopped.
    public var processIdentifier: Int32? {
        (try? String(contentsOfFile: pidFile, encoding: .utf8))
            .flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    /// The end of the server's log, at most this many lines.
    public func logTail(lines: Int = 10) -> String {
        logTail(from: 0, lines: lines)
    }

    /// Whether the last start failed because somebody else has the port.
    func lostPort(since size: Int) -> Bool {
        logTail(from: size).contains("could not create any TCP/IP sockets")
    }

    /// The size of the log in bytes.
    var logSize: Int { log.count }

    private var pidFile: String { "\(host)/run/\(name).server" }

    private var log: Data {
        FileManager.default.contents(atPath: logFile) ?? Data()
    }

    private func logTail(from size: Int, lines: Int = 10) -> String {
        String(decoding: log.dropFirst(size), as: UTF8.self)
            .split(separator: "\n").suffix(lines).joined(separator: "\n")
    }
}
