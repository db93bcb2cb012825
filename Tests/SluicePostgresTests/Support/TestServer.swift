import Foundation
import SluicePostgres

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// One throwaway server for the whole test process: trust on a socket in a short folder,
/// scram-sha-256 on loopback, stopped when the process exits.
final class TestServer: Sendable {
    static let shared: Result<TestServer, any Error> = Result { try TestServer() }

    let folder: String
    let port: Int
    let postmaster: Int32

    /// Parameters for the socket, as superuser, where nobody asks for a password.
    func parameters(database: String = "postgres") -> ConnectionParameters {
        ConnectionParameters(keywords: [
            "host": folder, "port": String(port), "user": "postgres", "dbname": database,
        ])
    }

    /// Parameters for loopback TCP, where scram is asked for.
    func tcpParameters(user: String, password: String?) -> ConnectionParameters {
        var parameters = ConnectionParameters(keywords: [
            "host": "127.0.0.1", "port": String(port), "user": user, "dbname": "postgres",
        ])
        if let password { parameters = parameters.setting("password", to: password) }
        return parameters
    }

    private init() throws {
        folder = "/tmp/slpg-\(getpid())"
        port = 20_000 + Int(getpid()) % 20_000
        let data = folder + "/data"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        try Self.makeCertificate(in: folder)
        if getuid() == 0 { _ = try Self.run("chown", ["-R", "postgres", folder]) }
        try Self.runAsServer([
            Self.binary("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--no-locale", "--no-sync",
        ])
        let rules = """
            local all all trust
            host all all 127.0.0.1/32 scram-sha-256
            """
        try Self.write(rules + "\n", to: data + "/pg_hba.conf")
        let settings = """
            listen_addresses = '127.0.0.1'
            unix_socket_directories = '\(folder)'
            port = \(port)
            max_connections = 300
            fsync = off
            shared_buffers = 32MB
            """
        let tls = """
            ssl = on
            ssl_cert_file = '\(folder)/server.crt'
            ssl_key_file = '\(folder)/server.key'
            """
        try Self.write(
            settings + "\n" + (Self.knowsTLS ? tls + "\n" : ""), to: data + "/postgresql.auto.conf")
        try Self.runAsServer([
            Self.binary("pg_ctl"), "-D", data, "-w", "-l", folder + "/log", "start",
        ])
        let pid = try String(contentsOfFile: data + "/postmaster.pid", encoding: .utf8)
        guard let postmaster = pid.split(separator: "\n").first.flatMap({ Int32($0) })
        else { throw Failure(text: "no postmaster.pid") }
        self.postmaster = postmaster
        // Before any other thread of this process looks at its environment.
        try Self.write(
            "[sluice]\nhost=\(folder)\nport=\(port)\nuser=postgres\ndbname=postgres\n"
                + "keepalives_idle=77\n",
            to: folder + "/service.conf")
        setenv("PGSERVICEFILE", folder + "/service.conf", 1)
        stopAtExit = (postmaster, folder)
        atexit {
            guard let (postmaster, folder) = stopAtExit else { return }
            kill(postmaster, SIGINT)
            for _ in 0..<500 where kill(postmaster, 0) == 0 { usleep(10_000) }
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    /// Whether the server was built with OpenSSL; portable builds often are not.
    static let knowsTLS: Bool = {
        let options = try? run(binary("pg_config"), ["--configure"])
        return options?.contains("openssl") ?? false
    }()

    struct Failure: Error { let text: String }

    private static func binary(_ name: String) -> String {
        let environment = ProcessInfo.processInfo.environment["SLUICE_POSTGRES_BIN"]
        return (environment ?? "/usr/lib/postgresql/15/bin") + "/" + name
    }

    /// The server's files are written through the server's user: it owns their folder.
    private static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    private static func runAsServer(_ command: [String]) throws {
        if getuid() == 0 {
            _ = try run(
                "setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups"] + command)
        } else {
            _ = try run(command[0], Array(command.dropFirst()))
        }
    }

    /// A certificate authority and a certificate for `localhost`, both of today.
    private static func makeCertificate(in folder: String) throws {
        _ = try run(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
                folder + "/server.key", "-out", folder + "/server.crt",
            ])
        _ = try run("chmod", ["600", folder + "/server.key"])
        // Readable for the client too, as its root certificate.
        try FileManager.default.copyItem(
            atPath: folder + "/server.crt", toPath: folder + "/root.crt")
    }

    /// Runs a command found on the PATH and returns its output.
    ///
    /// Not with `Process`: it waits until the children of the command are gone as well, and
    /// the server is one of them.
    @discardableResult
    static func run(_ command: String, _ arguments: [String]) throws -> String {
        let log = "/tmp/slpg-run-\(UUID().uuidString)"
        defer { unlink(log) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let words = ([command] + arguments).map { strdup($0) }
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        var status: Int32 = -1
        let failure = posix_spawnp(&pid, command, &actions, nil, words + [nil], environ)
        guard failure == 0, waitpid(pid, &status, 0) == pid, status == 0 else {
            let output = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            throw Failure(text: "\(command) \(arguments.joined(separator: " ")): \(output)")
        }
        return try String(contentsOfFile: log, encoding: .utf8)
    }
}

/// Written once before `atexit` is called, read once by it.
nonisolated(unsafe) private var stopAtExit: (Int32, String)?
