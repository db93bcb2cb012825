import ArgumentParser
import Sluice
import SluiceCore

/// What is to be done: a job file, or a table and what is done to its rows.
struct JobOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "A job file (YAML), or several updates of one table, made in one pass.",
            valueName: "job.yaml"))
    var files: [String] = []

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "What is done to the rows (default update).",
            valueName: "update|delete|copy|move|statement"))
    var kind: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp("The table, as SQL spells it.", valueName: "[schema.]name"))
    var table: String?

    @Option(
        name: .long, parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "An assignment, in a copy of a column of its target; can be repeated.",
            valueName: "column = SQL"))
    var set: [String] = []

    @Option(
        name: .customLong("where"), parsing: .unconditional,
        help: ArgumentHelp(
            "The rows that are meant: for an update, those that remain.", valueName: "SQL"))
    var predicate: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "The table that a copy or a move goes to.", valueName: "[schema.]name"))
    var into: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "What becomes of rows that are there already (default error).",
            valueName: "error|nothing|update"))
    var onConflict: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Your own INSERT, UPDATE or DELETE, with WHERE :range (or :lower and :upper).",
            valueName: "SQL"))
    var statement: String?

    @Flag(
        name: .long,
        help: "Silence triggers and foreign keys while batches change rows.")
    var disableTriggers = false

    @Flag(
        name: .long,
        help: "Leave rows alone that an update would not change.")
    var skipUnchanged = false

    @Flag(name: .long, help: "Change tables that inherit from the table as well.")
    var withChildren = false

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "Unique NOT NULL columns to walk along (default the primary key).",
            valueName: "a,b"))
    var key: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "By key or by the table's pages (default auto).", valueName: "auto|key|physical"))
    var order: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp(
            "The job's name (default made of what is done to what).", valueName: "name"))
    var name: String?

    /// Reads the file, if one is named, and puts the flags over it.
    /// - Throws: `UsageError`.
    func jobFile() throws(UsageError) -> JobFile {
        guard let file = files.first else { return try fromFlags() }
        for (flag, given) in [
            ("--table", table != nil), ("--set", !set.isEmpty), ("--where", predicate != nil),
            ("--key", key != nil), ("--kind", kind != nil), ("--into", into != nil),
            ("--on-conflict", onConflict != nil), ("--statement", statement != nil),
            ("--disable-triggers", disableTriggers), ("--with-children", withChildren),
            ("--skip-unchanged", skipUnchanged),
        ] where given {
            throw UsageError(
                "\(flag) and the job file \(quote(file)) cannot be given together: write it in "
                    + "the file, or leave the file out")
        }
        var jobs: [JobFile] = []
        for file in files { jobs.append(try JobFileReader.read(path: file)) }
        var job = try JobFile.merged(jobs)
        if let name { job.request.name = try Self.named(name) }
        if let order { job.limits.order = try LimitText.order(order, for: "--order") }
        return job
    }

    private func fromFlags() throws(UsageError) -> JobFile {
        guard let table else {
            throw UsageError(
                "nothing to do: name a job file, or give --table and --set, as in "
                    + "sluice run --table products --set 'price_cents = price * 100'")
        }
        var assignments: [Assignment] = []
        for text in set {
            guard let (column, expression) = SQLName.assignment(text) else {
                throw UsageError(
                    "--set takes 'column = expression', not \(quote(text)): a column with other "
                        + "characters than letters, digits and _ goes in double quotes")
            }
            assignments.append(Assignment(column: column, expression: expression))
        }
        if let predicate, predicate.allSatisfy(\.isWhitespace) {
            throw UsageError("--where is empty: leave it out to change every row")
        }
        var request = JobRequest(
            kind: JobRequest.kind(target: into, statement: statement), table: table,
            assignments: assignments, predicate: predicate, target: into, statement: statement)
        if let kind { request.kind = try KindText.kind(kind, for: "--kind") }
        if let onConflict {
            request.onConflict = try KindText.policy(onConflict, for: "--on-conflict")
        }
        request.disablesTriggers = disableTriggers
        request.skipsUnchanged = skipUnchanged
        request.includesChildren = withChildren
        if let name { request.name = try Self.named(name) }
        if let key { request.key = try Self.columns(key, for: "--key") }
        if let problem = request.problem { throw UsageError(Printable.clean(problem)) }
        var job = JobFile(request: request)
        if let order { job.limits.order = try LimitText.order(order, for: "--order") }
        return job
    }

    /// A name that people can type and a line can hold.
    static func named(_ text: String) throws(UsageError) -> String {
        guard !text.allSatisfy(\.isWhitespace), text.count <= 200, Printable.clean(text) == text
        else {
            throw UsageError(
                "--name takes one line of at most 200 characters, not \(quote(text))")
        }
        // `sluice status 12` means the run with that number.
        if text.allSatisfy({ $0.isASCII && $0.isNumber }) {
            throw UsageError(
                "--name \(text) would be taken for a run's number: put a letter in it")
        }
        return text
    }

    /// Columns between commas; a comma inside double quotes belongs to the name.
    static func columns(_ text: String, for option: String) throws(UsageError) -> [String] {
        var columns = [""]
        var isQuoted = false
        for character in text {
            if character == "\"" { isQuoted.toggle() }
            if character == ",", !isQuoted {
                columns.append("")
            } else {
                columns[columns.count - 1].append(character)
            }
        }
        let trimmed = columns.map { String($0.drop(while: \.isWhitespace)) }
            .map { name in
                String(name.reversed().drop(while: \.isWhitespace).reversed())
            }
        guard !isQuoted, trimmed.allSatisfy({ SQLName.parts($0)?.count == 1 }) else {
            throw UsageError("\(option) takes columns such as a,b, not \(quote(text))")
        }
        return trimmed
    }
}
