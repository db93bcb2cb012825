/// A script stops at its first error and can be run as it is.
enum ShellRules {
    static let all = [scriptsAreStrict, scriptsAreExecutable, scriptsParse]

    static let scriptsAreStrict = Rule(name: "scripts-are-strict") { file in
        guard file.isShellScript else { return [] }
        let first = file.lines.enumerated().first { _, line in
            let code = line.drop { $0 == " " || $0 == "\t" }
            return !code.isEmpty && !code.hasPrefix("#")
        }
        guard first?.element != "set -euo pipefail" else { return [] }
        return [
            Violation(
                file, line: (first?.offset ?? 0) + 1,
                "a script's first command is `set -euo pipefail`; add it, and handle the errors "
                    + "that it uncovers")
        ]
    }

    static let scriptsAreExecutable = Rule(name: "scripts-are-executable") { file in
        guard file.isShellScript, !file.isExecutable else { return [] }
        return [Violation(file, line: 1, "the script cannot be run; chmod +x \(file.path)")]
    }

    static let scriptsParse = Rule(name: "scripts-parse") { file in
        guard file.isShellScript else { return [] }
        do {
            let output = try Command.run(["bash", "-n", "-c", file.text], in: Checkout.root)
            guard output.status != 0 else { return [] }
            return [
                Violation(
                    file, line: lineNumber(in: output.text) ?? 1,
                    "bash cannot parse the script; run bash -n \(file.path) and mend it: "
                        + output.text)
            ]
        } catch {
            return [Violation(file, line: 1, "bash could not be run (\(error)); install bash")]
        }
    }

    /// The number in bash's `bash: -c: line 7: syntax error …`.
    private static func lineNumber(in message: String) -> Int? {
        let words = message.split { $0 == " " || $0 == ":" || $0 == "\n" }
        guard let label = words.firstIndex(of: "line"), label + 1 < words.count else { return nil }
        return Int(words[label + 1])
    }
}
