/// Constructs of Swift that this codebase does without.
enum ConstructRules {
    static let all = [structuredTasks, noForcedTry, noFatalError, printingBelongsToTheCLI]

    static let structuredTasks = Rule(name: "structured-tasks") { file in
        guard file.isIn("Sources") else { return [] }
        return file.indices(of: "Task").filter { startsTask(at: $0, in: file) }.map {
            Violation(
                file, line: file.tokens[$0].line,
                "a task without a parent outlives its cause; use `async let` or a task group "
                    + "below the run's root task")
        }
    }

    static let noForcedTry = Rule(name: "no-forced-try") { file in
        file.indices(of: "try").filter { file.token(at: $0 + 1) == "!" }.map {
            Violation(
                file, line: file.tokens[$0].line,
                "`try!` ends the process; use `try` and let the error out")
        }
    }

    static let noFatalError = Rule(name: "no-fatal-error") { file in
        guard file.isIn("Sources") else { return [] }
        return calls(among: file.indices(of: "fatalError"), in: file).map {
            Violation(
                file, line: file.tokens[$0].line,
                "`fatalError` loses the run's progress report; throw an error that names the "
                    + "cure, or make the state impossible to express")
        }
    }

    /// Tests too: what a test prints nobody reads.
    static let printingBelongsToTheCLI = Rule(name: "printing-belongs-to-the-cli") { file in
        let isLibrary = file.isIn("Sources") && !file.isIn("Sources/SluiceCLI")
        guard isLibrary || file.isIn("Tests") else { return [] }
        let names = file.indices(of: "print", "debugPrint", "dump", "NSLog")
        return calls(among: names, in: file).filter { !hasDestination($0, in: file) }.map {
            Violation(
                file, line: file.tokens[$0].line,
                "only SluiceCLI prints; log through the Logger, or return the value")
        }
    }

    /// `Task {`, `Task<…> {`, `Task(priority:`, `Task.detached`; not `Task.isCancelled` and not
    /// a declaration of the name.
    private static func startsTask(at index: Int, in file: SourceFile) -> Bool {
        let declaring = ["extension", "struct", "enum", "class", "actor", "protocol"]
        if declaring.contains(file.token(at: index - 1)) { return false }
        var next = index + 1
        if file.token(at: next) == "<" {
            let end = file.tokens[next...].firstIndex { $0.text == ">" }
            next = (end ?? next) + 1
        }
        switch file.token(at: next) {
        case "{", "(":
            return true
        case ".":
            let members = ["detached", "immediate", "immediateDetached", "init"]
            return members.contains(file.token(at: next + 1))
        default:
            return false
        }
    }

    /// `print(…, to: &text)` writes into a value, which is no printing.
    private static func hasDestination(_ call: Int, in file: SourceFile) -> Bool {
        var depth = 0
        for index in file.tokens.indices.dropFirst(call + 1) {
            switch file.token(at: index) {
            case "(", "[", "{": depth += 1
            case ")", "]", "}": depth -= 1
            case "to" where depth == 1 && file.token(at: index + 1) == ":": return true
            default: break
            }
            if depth == 0 { return false }
        }
        return false
    }

    /// Calls of free functions: neither methods of the same name nor declarations of it.
    private static func calls(among indices: [Int], in file: SourceFile) -> [Int] {
        indices.filter { index in
            guard file.token(at: index + 1) == "(" else { return false }
            switch file.token(at: index - 1) {
            case "func": return false
            case ".": return file.token(at: index - 2) == "Swift"
            default: return true
            }
        }
    }
}
