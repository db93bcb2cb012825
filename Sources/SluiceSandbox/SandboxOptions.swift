/// What a throwaway cluster consists of.
public struct SandboxOptions: Sendable {
    /// How clients prove who they are.
    public enum Authentication: Sendable, Equatable {
        /// Everybody who reaches the server is let in.
        case trust
        /// SCRAM-SHA-256; the superuser has this password.
        case scram(password: String)
    }

    /// How many streaming replicas the primary has, each with a physical slot of its own.
    public var replicas = 0

    /// Lines of postgresql.conf, for the primary and its replicas; they win over the defaults.
    public var settings: [String: String] = [:]

    /// The name of the role that owns the cluster.
    public var superuser = "postgres"

    /// How clients prove who they are, over the socket and over loopback.
    public var authentication = Authentication.trust

    /// The folder with `initdb`, `postgres` and `psql`; nil looks for one.
    ///
    /// The order is: the environment variable `SLUICE_POSTGRES_BIN`, the folder of the
    /// `pg_config` in `PATH`, the newest version where packages put theirs, `PATH`.
    public var binDirectory: String?

    /// Whether a commit waits for the disk (`fsync`); measurements need it, tests do not.
    public var durable = false

    /// Whether each statement goes to the server's log.
    public var logsStatements = false

    /// How long a server may take until it accepts connections, or a replica until it streams.
    public var startTimeoutSeconds = 60

    /// One primary, no replica, no durability, no password.
    public init() {}

    /// The defaults with the most usual choice replaced.
    public init(replicas: Int, settings: [String: String] = [:]) {
        self.replicas = replicas
        self.settings = settings
    }

    /// The password of the superuser, if there is one.
    var password: String? {
        if case .scram(let password) = authentication { password } else { nil }
    }
}
