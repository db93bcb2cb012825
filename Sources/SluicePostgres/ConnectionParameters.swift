internal import CLibpq

/// Where and how to connect: libpq's keywords and their values.
///
/// What is not set here comes from where libpq takes it: the service file, the environment
/// (`PGHOST`, `PGSERVICE`…), `.pgpass`, its defaults. Settings stay separate values all the
/// way to libpq; no connection string is ever put together.
public struct ConnectionParameters: Sendable, Hashable {
    private var keywords: [String: String]

    /// Reads a libpq URI or `keyword=value` string; nil leaves everything to libpq.
    ///
    /// Throws a usage error that repeats nothing of `dsn`: it may hold a password.
    public init(dsn: String?) throws(PostgresError) {
        keywords = [:]
        guard let dsn else { return }
        guard !dsn.holdsNUL else { throw Self.unreadable("it holds a NUL byte") }
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(dsn, &message) else {
            let reason = message.map { String(cString: $0) } ?? "out of memory"
            PQfreemem(message)
            throw Self.unreadable(reason)
        }
        keywords = Self.settings(of: options)
        PQconninfoFree(options)
    }

    /// Takes libpq's keywords as they are; libpq checks them when it connects.
    public init(keywords: [String: String] = [:]) {
        self.keywords = keywords
    }

    /// What a connection was opened with, whatever it came from.
    init(resolvedFrom connection: OpaquePointer) {
        guard let options = PQconninfo(connection) else {
            self.init()
            return
        }
        self.init(keywords: Self.settings(of: options).filter { !$0.value.isEmpty })
        PQconninfoFree(options)
    }

    /// The same parameters with one more.
    public func setting(_ keyword: String, to value: String) -> ConnectionParameters {
        var copy = self
        copy.keywords[keyword] = value
        return copy
    }

    /// The value set for a keyword; nil leaves it to libpq.
    public subscript(keyword: String) -> String? { keywords[keyword] }

    /// The keywords that are set, in order.
    var sorted: [(keyword: String, value: String)] {
        keywords.sorted { $0.key < $1.key }.map { (keyword: $0.key, value: $0.value) }
    }

    /// The options that have a value.
    static func settings(
        of options: UnsafeMutablePointer<PQconninfoOption>
    ) -> [String: String] {
        var settings: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val {
                settings[String(cString: keyword)] = String(cString: value)
            }
            option += 1
        }
        return settings
    }

    /// libpq's reason up to the first quotation: what it quotes is the string itself.
    private static func unreadable(_ reason: String) -> PostgresError {
        let safe = reason.prefix { $0.isASCII && $0 != "\"" && $0 != "'" && $0 != ":" }
        return PostgresError(
            kind: .usage,
            message: "the connection string cannot be read"
                + " (\(String(safe).onOneLine)…); write it as"
                + " postgresql://user@host:5432/database or as keyword=value pairs")
    }
}

extension ConnectionParameters: CustomStringConvertible, CustomReflectable {
    /// What may be shown; everything else is `***`.
    ///
    /// A new keyword of a new libpq is a secret until someone has looked at it.
    private static let shown: Set<String> = [
        "application_name", "channel_binding", "client_encoding", "connect_timeout", "dbname",
        "fallback_application_name", "gssencmode", "host", "hostaddr", "keepalives",
        "keepalives_count", "keepalives_idle", "keepalives_interval", "load_balance_hosts",
        "passfile", "port", "require_auth", "service", "sslcert", "sslmode", "sslnegotiation",
        "sslrootcert", "target_session_attrs", "tcp_user_timeout", "user",
    ]

    /// The settings in `keyword=value` form, with every secret as `***`.
    public var description: String {
        let pairs = sorted.map { keyword, value in
            // A database name can itself be a connection string.
            let plain =
                Self.shown.contains(keyword) && !value.contains("://")
                && !value.contains("=")
            return keyword + "=" + (plain ? value : "***")
        }
        return pairs.isEmpty ? "libpq's defaults" : pairs.joined(separator: " ").onOneLine
    }

    /// Reflection sees what `description` shows.
    public var customMirror: Mirror { Mirror(self, children: ["settings": description]) }
}
