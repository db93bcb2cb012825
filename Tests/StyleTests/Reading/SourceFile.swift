/// A file of the checkout as the rules see it.
struct SourceFile: Sendable {
    /// Relative to the root of the checkout, with `/` between folders.
    let path: String
    let isExecutable: Bool
    let lines: [Substring]
    /// The code of a Swift file, without its comments and the text of its strings; else empty.
    let tokens: [Token]
    /// Where in `tokens` each text occurs, in order: a rule looks at these places only.
    private let places: [String: [Int]]

    init(path: String, text: String, isExecutable: Bool = false) {
        self.path = path
        self.isExecutable = isExecutable
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        self.lines = lines
        self.tokens = path.hasSuffix(".swift") ? SwiftLexer.tokens(of: text) : []
        var places: [String: [Int]] = [:]
        for (index, token) in tokens.enumerated() {
            places[token.text, default: []].append(index)
        }
        self.places = places
    }

    /// The indices of the tokens with one of these texts, in order.
    func indices(of texts: String...) -> [Int] {
        guard texts.count > 1 else { return places[texts[0]] ?? [] }
        return texts.flatMap { places[$0] ?? [] }.sorted()
    }

    /// The text of a token, or nothing beyond the ends.
    func token(at index: Int) -> String {
        tokens.indices.contains(index) ? tokens[index].text : ""
    }

    var isSwift: Bool { path.hasSuffix(".swift") }

    var isShellScript: Bool {
        if path.hasSuffix(".sh") { return true }
        guard let first = lines.first, first.hasPrefix("#!") else { return false }
        return first.hasSuffix("bash") || first.hasSuffix("/sh")
    }

    /// The target that compiles this file, or nil outside of `Sources` and `Tests`.
    var target: String? {
        let folders = path.split(separator: "/")
        guard folders.count > 2, folders[0] == "Sources" || folders[0] == "Tests" else {
            return nil
        }
        return String(folders[1])
    }

    func isIn(_ folder: String) -> Bool { path.hasPrefix(folder + "/") }

    /// The lines again as one text, for programs that want the whole.
    var text: String { lines.joined(separator: "\n") + "\n" }
}
