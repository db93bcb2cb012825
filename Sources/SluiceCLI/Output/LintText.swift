#if canImport(SluiceLint)
    import SluiceLint

    /// What a linter found, as text.
    enum LintText {
        /// A finding with the file it is in.
        struct Located: Codable, Equatable {
            let file: String
            let finding: Finding
        }

        /// The longest part of a statement that is shown.
        private static let statementMax = 80

        /// What there is to switch off.
        static var list: String {
            let width = 1 + (Linter.list.map(\.name.count).max() ?? 0)
            return Linter.list.map { rule in
                Printable.padded(rule.name, to: width) + rule.title
                    + (rule.isOptional ? " (off by default)" : "")
            }.joined(separator: "\n") + "\n"
        }

        /// All findings, and how many there are.
        static func text(of findings: [Located], files: Int, _ hasColour: Bool) -> String {
            let checked = Format.count(files, "file")
            guard !findings.isEmpty else { return "nothing unsafe in \(checked)\n" }
            var text = ""
            for located in findings {
                let finding = located.finding
                let statement = Printable.clean(finding.statement)
                let shown =
                    statement.count > statementMax
                    ? statement.prefix(statementMax) + "…" : statement[...]
                let place = "\(Printable.clean(located.file)):\(finding.line)"
                var lines = [
                    Style.bold.paint(place, hasColour) + " "
                        + Style.red.paint(finding.rule, hasColour),
                    "  " + Style.dim.paint(String(shown), hasColour), "  " + finding.problem,
                    "  instead: " + finding.cure,
                ]
                if let operation = finding.migration {
                    lines.append("  or, in a file for sluice migrate: " + operation)
                }
                text += lines.joined(separator: "\n") + "\n\n"
            }
            let verb = findings.count == 1 ? "is" : "are"
            return text
                + "there \(verb) \(Format.count(findings.count, "finding")) in \(checked)\n"
        }
    }
#endif
