/// One habit of this codebase, as a pure function from a file to the places that break it.
///
/// To add a rule: write the function in the file of its family, add it to `all`, and give it
/// `Fixtures/<name>/bad….txt` and `Fixtures/<name>/good….txt`. The fixtures prove that it can fail.
struct Rule: Sendable {
    /// Words joined by hyphens: the name of the fixture folder and of the test case.
    let name: String
    let check: @Sendable (SourceFile) -> [Violation]

    static let all: [Rule] =
        SizeRules.all + ImportRules.all + ConstructRules.all + WaitingRules.all
        + NamingRules.all + WordingRules.all + ShellRules.all
}

extension Rule: CustomStringConvertible {
    var description: String { name }
}

/// A place that breaks a rule, and what to do about it.
struct Violation: Equatable, Sendable {
    let path: String
    /// Counted from 1.
    let line: Int
    /// What is wrong and what to write instead.
    let message: String

    init(_ file: SourceFile, line: Int, _ message: String) {
        self.path = file.path
        self.line = line
        self.message = message
    }
}

extension Violation: CustomStringConvertible {
    var description: String { "\(path):\(line): \(message)" }
}
