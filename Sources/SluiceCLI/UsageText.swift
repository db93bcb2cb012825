import ArgumentParser

/// The argument parser's complaints as one sentence with the way to the help.
enum UsageText {
    static func sentence(for error: any Error, _ arguments: [String]) -> String {
        if let first = arguments.first, !first.hasPrefix("-"), !names.contains(first) {
            let hint = NearestWord.to(first, among: names).map { "; did you mean \($0)?" }
            return "unknown command \(quote(first))\(hint ?? ""); see sluice --help"
        }
        var message = SluiceCommand.message(for: error)
        if message.hasPrefix("Error: ") { message.removeFirst("Error: ".count) }
        let lines = message.split(whereSeparator: \.isNewline).map { line in
            String(line.drop(while: \.isWhitespace))
        }
        var sentence = Printable.clean(lines.joined(separator: " "))
        while let last = sentence.last, last == "." || last == " " { sentence.removeLast() }
        if let first = sentence.first, !sentence.hasPrefix("'") {
            sentence = first.lowercased() + sentence.dropFirst()
        }
        sentence = sentence.replacing(". Did you mean", with: "; did you mean")
        return sentence + "; see " + help(arguments)
    }

    /// The names of the commands.
    static let names = SluiceCommand.configuration.subcommands
        .compactMap { $0.configuration.commandName }

    /// `sluice run --help` where a command was named.
    private static func help(_ arguments: [String]) -> String {
        let command = arguments.first.flatMap { names.contains($0) ? $0 : nil }
        return (["sluice", command].compactMap { $0 } + ["--help"]).joined(separator: " ")
    }
}
