import ArgumentParser
import Sluice
import SluiceBench

/// A table of one's own that a benchmark copies a sample of.
struct OwnTableOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp("The table, as SQL spells it.", valueName: "[schema.]name"))
    var table: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp("What is filled with what.", valueName: "column = SQL"))
    var set: String?

    @Option(
        name: .customLong("where"), parsing: .unconditional,
        help: ArgumentHelp("The rows that are to be filled.", valueName: "SQL"))
    var predicate: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Unique NOT NULL columns to walk along (default the primary key).", valueName: "a,b"))
    var key: String?

    @Flag(name: .long, help: "Leave the table's triggers out of the copy.")
    var noTriggers = false

    /// The table, if one is named.
    ///
    /// - Throws: `UsageError` for what does not go together.
    func chosen() throws -> OwnTable? {
        guard let table else {
            let given = [
                ("--dsn", connection.dsn != nil), ("--set", set != nil),
                ("--where", predicate != nil), ("--key", key != nil), ("--no-triggers", noTriggers),
            ].first { $0.1 }
            if let given {
                throw UsageError(
                    "\(given.0) is about a table of yours: name it with --table, or leave "
                        + "\(given.0) out to compare on tables that are made for it")
            }
            return nil
        }
        guard SQLName.parts(table).map({ (1...2).contains($0.count) }) == true else {
            throw UsageError("--table takes a name such as shop.products, not \(quote(table))")
        }
        guard let set, let (column, expression) = SQLName.assignment(set) else {
            throw UsageError(
                "--table needs --set 'column = expression': what the strategies fill")
        }
        if let predicate, predicate.allSatisfy(\.isWhitespace) {
            throw UsageError("--where is empty: leave it out to fill every row")
        }
        var own = OwnTable(
            parameters: try ConnectionOptions.parameters(connection.dsn), table: table,
            column: column, expression: expression)
        own.predicate = predicate
        own.key = try key.map { try JobOptions.columns($0, for: "--key") }
        own.keepsTriggers = !noTriggers
        return own
    }
}
