import ArgumentParser
import Sluice
import SluicePostgres

/// How a command reaches the database.
struct ConnectionOptions: ParsableArguments {
    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "The database, as a libpq URI or key=value string.",
            discussion: "Without it libpq's environment counts: PGHOST, PGSERVICE, .pgpass…",
            valueName: "dsn"))
    var dsn: String?

    /// The front door to that database.
    func sluice(fallback: String? = nil) throws -> Sluice {
        Sluice(try Self.parameters(dsn ?? fallback))
    }

    /// A password with an @ or a / in it ends a URI's login early, and its tail would be shown as
    /// a host, a port or a database that cannot be found.
    static func parameters(_ dsn: String?) throws -> ConnectionParameters {
        let parameters = try ConnectionParameters(dsn: dsn)
        let host = parameters["host"] ?? ""
        let port = parameters["port"] ?? ""
        let isPort = port.allSatisfy { ($0.isASCII && $0.isNumber) || $0 == "," }
        // A folder of a socket may be called anything; a host name has no @.
        let isHost = host.hasPrefix("/") || host.hasPrefix("@") || !host.contains("@")
        guard isHost, isPort, !hasLateAt(dsn ?? "") else {
            throw UsageError(
                "the connection string cannot be read: within a URI, write @ as %40, / as %2F "
                    + "and : as %3A in a user name or password")
        }
        return parameters
    }

    /// Whether a URI has an @ behind the slash that ends its login and host.
    private static func hasLateAt(_ dsn: String) -> Bool {
        guard let scheme = dsn.firstRange(of: "://"), dsn.hasPrefix("postgres") else {
            return false
        }
        let rest = dsn[scheme.upperBound...].prefix { $0 != "?" }
        return rest.drop { $0 != "/" }.contains("@")
    }
}
