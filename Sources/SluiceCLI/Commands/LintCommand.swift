import ArgumentParser
import Foundation
import SluiceMigration

#if canImport(SluiceLint)
    import SluiceLint
#endif

/// `sluice lint`.
struct LintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Finds migration statements that are unsafe on tables in use.",
        discussion: """
            Reads SQL with PostgreSQL's own grammar and says of each statement that would lock, \
            rewrite or break a table in use what happens, and what to do instead, as an operation \
            for sluice migrate too where there is one (… is yours to say). A comment \
            "-- sluice:ignore RULE" before a statement or in it switches a rule off for it. \
            Exit codes: 0 nothing found; 1 something found; 64 a file cannot be read.
            """)

    @Argument(
        help: ArgumentHelp(
            "SQL files, or migration files (YAML); - is standard input.", valueName: "file"))
    var files: [String] = []

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp("Rules to leave out (see --list).", valueName: "a,b"))
    var exclude: String?

    @Option(
        name: .long, parsing: .unconditional,
        help: ArgumentHelp("Rules to add that are off by default.", valueName: "a,b"))
    var include: String?

    @Flag(
        name: .long, help: "Whoever runs the files does so in a transaction, as many tools do.")
    var assumeInTransaction = false

    @Flag(name: .long, help: "Print findings as JSON.")
    var json = false

    @Flag(name: .long, help: "Print the rules, and read nothing.")
    var list = false

    #if canImport(SluiceLint)
        func run() async throws {
            if list {
                Console.output.write(LintText.list)
                return
            }
            guard !files.isEmpty else {
                throw UsageError(
                    "nothing to read: name SQL or migration files, or - for standard input")
            }
            let linter = Linter(
                excluding: try Self.rules(exclude, for: "--exclude"),
                including: try Self.rules(include, for: "--include"),
                isInTransaction: assumeInTransaction)
            var findings: [LintText.Located] = []
            for file in files {
                let isMigration = [".yaml", ".yml"].contains { file.hasSuffix($0) }
                findings +=
                    try isMigration
                    ? migration(file)
                    : Self.findings(in: Self.read(file), file, from: 1, linter)
            }
            if json {
                Console.output.write(JSONText.pretty(findings) + "\n")
            } else {
                Console.output.write(
                    LintText.text(of: findings, files: files.count, Terminal.output.hasColour))
            }
            if !findings.isEmpty { throw ExitStatus(ExitStatus.failed) }
        }

        private static func findings(
            in script: String, _ file: String, from line: Int, _ linter: Linter
        ) throws(UsageError) -> [LintText.Located] {
            do {
                return try linter.findings(in: script).map { finding in
                    var finding = finding
                    finding.line += line - 1
                    return LintText.Located(file: file, finding: finding)
                }
            } catch {
                throw UsageError(
                    "\(Printable.clean(file)):\(error.line + line - 1): "
                        + Printable.clean(error.sentence))
            }
        }

        /// A migration file: it has to be right, and its own SQL is looked at.
        private func migration(_ file: String) throws(UsageError) -> [LintText.Located] {
            do {
                // What `sluice migrate` sees to itself.
                let linter = Linter(
                    excluding: try Self.rules(exclude, for: "--exclude").union([
                        "require-lock-timeout", "require-statement-timeout", "prefer-robust-stmts",
                    ]), including: try Self.rules(include, for: "--include"),
                    isInTransaction: true)
                return try MigrationReader.read(path: file).ownStatements.flatMap {
                    try Self.findings(in: $0.text, file, from: $0.line, linter)
                }
            } catch let error as UsageError {
                throw error
            } catch {
                throw UsageError(Printable.clean("\(error)"))
            }
        }

        private static func rules(
            _ text: String?, for option: String
        ) throws(UsageError) -> Set<String> {
            let names = Linter.list.map(\.name)
            var rules: Set<String> = []
            for word in (text ?? "").split(whereSeparator: { $0 == "," || $0 == " " }) {
                let word = String(word)
                guard names.contains(word) else {
                    let guess = NearestWord.to(word, among: names).map { "; did you mean \($0)?" }
                    throw UsageError(
                        "\(option) knows no rule \(quote(word))"
                            + (guess ?? "; see sluice lint --list"))
                }
                rules.insert(word)
            }
            return rules
        }

        private static func read(_ file: String) throws(UsageError) -> String {
            let data: Data
            do {
                data =
                    file == "-"
                    ? try FileHandle.standardInput.readToEnd() ?? Data()
                    : try Data(contentsOf: URL(filePath: file))
            } catch {
                throw UsageError("cannot read \(quote(file)): \(error.localizedDescription)")
            }
            guard let text = String(data: data, encoding: .utf8) else {
                throw UsageError("\(quote(file)) is no text in UTF-8")
            }
            return text
        }
    #else
        func run() async throws {
            throw UsageError(
                "this build has no SQL grammar: install libpg_query (apt-get install "
                    + "libpg-query-dev) and build sluice again")
        }
    #endif
}
