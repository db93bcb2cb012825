/// One PostgreSQL server of a sandbox: the primary or a replica.
public final class Server: Sendable {
    /// `primary` or `replica_N`; a replica's application name and, after `sluice_`, its slot.
    public let name: String

    /// The folder with the server's unix socket.
    public let host: String

    /// The port, the same for the socket and on 127.0.0.1.
    public let port: Int

    /// The server's data directory.
    public let dataDirectory: String

    /// The role that owns the cluster.
    public let superuser: String

    /// The file that the server logs to.
    public let logFile: String

    let tools: Tools
    let startTimeoutSeconds: Int

    /// Databases whose test was cancelled before it could drop them.
    let abandonedDatabases = AbandonedDatabases()

    init(name: String, port: Int, tools: Tools, options: SandboxOptions) {
        self.name = name
        self.port = port
        self.tools = tools
        host = tools.folder
        dataDirectory = "\(tools.folder)/\(name)"
        logFile = "\(tools.folder)/\(name).log"
        superuser = options.superuser
        startTimeoutSeconds = options.startTimeoutSeconds
    }

    /// A URI for the superuser and the database `postgres`, over the unix socket.
    public var dsn: String { dsn(database: "postgres") }

    /// A URI for a database of this server.
    ///
    /// It carries the superuser's password, if there is one, for the superuser only.
    ///
    /// - Parameters:
    ///   - database: The database's name.
    ///   - user: The role to connect as; nil is the superuser.
    ///   - overTCP: Whether to connect to 127.0.0.1 instead of the unix socket.
    public func dsn(database: String, user: String? = nil, overTCP: Bool = false) -> String {
        let role = user ?? superuser
        var login = Self.percentEncoded(role)
        if role == superuser, let password = tools.password {
            login += ":" + Self.percentEncoded(password)
        }
        let name = Self.percentEncoded(database)
        return overTCP
            ? "postgresql://\(login)@127.0.0.1:\(port)/\(name)"
            : "postgresql://\(login)@/\(name)?host=\(Self.percentEncoded(host))&port=\(port)"
    }

    /// Runs SQL with `psql` as the superuser and returns its rows, unaligned, without headers.
    ///
    /// The first error ends the script. The last newline of the output is left out.
    ///
    /// - Throws: ``SandboxError`` with the server's message if a statement fails.
    @discardableResult
    public func psql(_ sql: String, database: String = "postgres") async throws -> String {
        let result = try await tools.run(
            "psql",
            [
                "-X", "-At", "-v", "ON_ERROR_STOP=1", "-w", "-h", host, "-p", String(port),
                "-U", superuser, "-d", database,
            ], input: sql)
        return result.output.hasSuffix("\n") ? String(result.output.dropLast()) : result.output
    }

    /// Everything but letters, digits and `-_.~` as `%XX` (RFC 3986, section 2.3).
    static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { result, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: "~"):
                result.append(Character(Unicode.Scalar(byte)))
            default:
                result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }
}
