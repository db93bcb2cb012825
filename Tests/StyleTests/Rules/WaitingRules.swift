/// Tests wait for what they need, never for time to pass.
enum WaitingRules {
    static let all = [testsNeverSleep]

    static let testsNeverSleep = Rule(name: "tests-never-sleep") { file in
        guard file.isIn("Tests") else { return [] }
        let isSupport = file.path.contains("/Support/")
        return file.indices(of: "sleep", "usleep", "nanosleep").filter { index in
            file.token(at: index + 1) == "(" && file.token(at: index - 1) != "func"
                && !(isSupport && isInBoundedLoop(index, in: file.tokens))
        }.map {
            Violation(
                file, line: file.tokens[$0].line,
                "a test never sleeps; await a signal, advance a manual clock, or poll a condition "
                    + "up to a deadline in a file below Support/")
        }
    }

    /// True when a loop encloses the sleep and its function knows when to give up.
    private static func isInBoundedLoop(_ sleep: Int, in tokens: [Token]) -> Bool {
        let before = tokens[..<sleep]
        guard let start = before.lastIndex(where: { $0.text == "func" }) else { return false }
        let bounds = ["deadline", "timeout", "within", "attempt"]
        let isBounded = tokens[start..<sleep].contains { token in
            let word = token.text.lowercased()
            return bounds.contains { word.contains($0) }
        }
        return isBounded && isInLoop(sleep, of: start, in: tokens)
    }

    /// Walks outwards, from brace to enclosing brace, and looks at what opens each.
    private static func isInLoop(_ sleep: Int, of function: Int, in tokens: [Token]) -> Bool {
        var closed = 0
        for index in (function..<sleep).reversed() {
            if tokens[index].text == "}" { closed += 1 }
            guard tokens[index].text == "{" else { continue }
            if closed > 0 {
                closed -= 1
            } else if opensLoop(index, in: tokens) {
                return true
            }
        }
        return false
    }

    /// True when a loop's keyword begins one of the lines of the statement that ends here.
    private static func opensLoop(_ brace: Int, in tokens: [Token]) -> Bool {
        let statement = tokens[..<brace].reversed().prefix { !["{", "}"].contains($0.text) }
        let start = brace - statement.count
        return (start..<brace).contains { index in
            ["while", "for", "repeat"].contains(tokens[index].text)
                && (index == start || tokens[index].line != tokens[index - 1].line)
        }
    }
}
