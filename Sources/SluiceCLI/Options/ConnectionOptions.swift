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
        Sluice(try ConnectionParameters(dsn: dsn ?? fallback))
    }
}
