import Sluice
import Yams

/// One value of a job file, which knows where it stands.
struct JobNode {
    let node: Node
    let file: String
    /// The keys that lead to it, such as `limits.workers`; empty at the top.
    let path: String

    init(_ node: Node, file: String, path: String) {
        self.node = node
        self.file = file
        self.path = path
    }

    /// The line, counted from 1.
    var line: Int { node.mark?.line ?? 1 }

    /// A scalar as it stands in the file; empty for anything else.
    var word: String { node.scalar?.string ?? "" }

    /// A refusal at this line.
    func refusal(_ sentence: String) -> UsageError { UsageError("\(file):\(line): \(sentence)") }

    /// The keys and values; `what` says what was expected instead.
    func mapping(of what: String) throws(UsageError) -> [(key: JobNode, value: JobNode)] {
        guard case .mapping(let mapping) = node else {
            let subject = path.isEmpty ? "the job file" : "\"\(path)\""
            throw refusal("\(subject) must hold \(what), not \(kind)")
        }
        var entries: [(key: JobNode, value: JobNode)] = []
        for (key, value) in mapping {
            let keyNode = JobNode(key, file: file, path: path)
            guard let name = key.scalar?.string else {
                throw keyNode.refusal("a key must be a word, not \(keyNode.kind)")
            }
            let valuePath = path.isEmpty ? name : path + "." + name
            entries.append((keyNode, JobNode(value, file: file, path: valuePath)))
        }
        return entries
    }

    /// The text of a scalar as it stands in the file; `example` shows a right one.
    func text(example: String) throws(UsageError) -> String {
        guard case .scalar(let scalar) = node else {
            throw refusal("\"\(path)\" must be a single value such as \(example), not \(kind)")
        }
        guard !Self.isNull(node), !scalar.string.allSatisfy(\.isWhitespace) else {
            throw refusal("\"\(path)\" has no value: write one such as \(example)")
        }
        return scalar.string
    }

    /// Several values: a list, or one value with commas.
    func list(example: String) throws(UsageError) -> [String] {
        guard case .sequence(let sequence) = node else {
            return try rephrased { () throws(UsageError) in
                try JobOptions.columns(text(example: example), for: "\"\(path)\"")
            }
        }
        guard !sequence.isEmpty else {
            throw refusal("\"\(path)\" is an empty list: write columns such as \(example)")
        }
        var values: [String] = []
        for element in sequence {
            values.append(try JobNode(element, file: file, path: path).text(example: example))
        }
        return values
    }

    /// True or false.
    func flag() throws(UsageError) -> Bool {
        let word = try text(example: "true").lowercased()
        switch word {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: throw refusal("\"\(path)\" must be true or false, not \(quote(word))")
        }
    }

    /// What `body` gives; a refusal of it gets this line put in front.
    func rephrased<Value>(
        _ body: () throws(UsageError) -> Value
    ) throws(UsageError) -> Value {
        do throws(UsageError) {
            return try body()
        } catch {
            let sentence = error.description
            guard !sentence.hasPrefix(file + ":") else { throw error }
            throw refusal(sentence)
        }
    }

    /// What it is, in words.
    var kind: String {
        switch node {
        case .scalar(let scalar): Self.isNull(node) ? "nothing" : quote(scalar.string)
        case .mapping: "a mapping"
        case .sequence: "a list"
        default: "a reference"
        }
    }

    /// Whether there is nothing: an empty plain scalar, or a tilde.
    ///
    /// The word `null` is a value, as `set: { a: null }` means SQL's.
    static func isNull(_ node: Node) -> Bool {
        guard case .scalar(let scalar) = node, scalar.style == .plain || scalar.style == .any
        else { return false }
        return scalar.string.isEmpty || scalar.string == "~"
    }
}

/// What the YAML parser has to complain about, as one sentence.
enum YAMLComplaint {
    static func sentence(for error: any Error, file: String) -> String {
        guard let error = error as? YamlError else { return "\(file):1: not valid YAML" }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return "\(file):\(mark.line): not valid YAML at column \(mark.column): "
                + Printable.clean(problem) + advice(for: problem)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map { "\"\(Printable.clean($0))\"" }.joined(separator: ", ")
            return "\(file):\(context.mark.line): \(names) is given more than once: keep one"
        case .reader(_, _, let value, let yaml):
            return "\(file):\(line(of: value, in: yaml)): YAML does not allow the character "
                + "\(codePoint(value)): is it a job file?"
        default:
            return "\(file):1: not valid YAML"
        }
    }

    /// The line of the first such character; the parser's own offset is lost where a combining
    /// mark follows.
    private static func line(of value: Int32, in yaml: String) -> Int {
        let before = yaml.unicodeScalars.prefix { Int64($0.value) != Int64(value) }
        return 1 + before.count { $0 == "\n" }
    }

    private static func codePoint(_ value: Int32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static func advice(for problem: String) -> String {
        if problem.contains("mapping values are not allowed") {
            return "; put SQL that holds a colon and a space between quotes"
        }
        if problem.contains("cannot start any token") { return "; indent with spaces, not tabs" }
        return "; put SQL with special characters between quotes"
    }
}
