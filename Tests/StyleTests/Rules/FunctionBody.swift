/// The braces of a function, initializer, subscript or computed property.
struct FunctionBody {
    let name: String
    /// Where the declaration begins.
    let line: Int
    /// Lines between the line of the opening brace and the line of the closing one.
    let lines: Int

    /// Every body in a file; one that lies inside another is counted in both.
    static func all(in file: SourceFile) -> [FunctionBody] {
        let tokens = file.tokens
        let closing = closingBraces(of: file)
        let starts = file.indices(of: "func", "init", "deinit", "subscript", "var")
        return starts.compactMap { start in
            guard let open = openingBrace(after: start, in: tokens), let close = closing[open]
            else { return nil }
            return FunctionBody(
                name: name(at: start, in: tokens), line: tokens[start].line,
                lines: max(tokens[close].line - tokens[open].line - 1, 0))
        }
    }

    private static func name(at start: Int, in tokens: [Token]) -> String {
        let keyword = tokens[start].text
        return keyword == "func" || keyword == "var" ? tokens[start + 1].text : keyword
    }

    /// From the index of each `{` to that of its `}`.
    private static func closingBraces(of file: SourceFile) -> [Int: Int] {
        var open: [Int] = []
        var closing: [Int: Int] = [:]
        for index in file.indices(of: "{", "}") {
            if file.token(at: index) == "{" {
                open.append(index)
            } else if let start = open.popLast() {
                closing[start] = index
            }
        }
        return closing
    }

    /// The `{` of the declaration that begins here, or nil if none begins or it has no body.
    private static func openingBrace(after start: Int, in tokens: [Token]) -> Int? {
        guard start == 0 || tokens[start - 1].text != ".", start + 1 < tokens.count else {
            return nil
        }
        switch tokens[start].text {
        case "func":
            return firstBrace(after: start + 1, in: tokens, endsWithLine: false)
        case "deinit", "subscript":
            return firstBrace(after: start, in: tokens, endsWithLine: false)
        case "init" where ["(", "<", "?", "!"].contains(tokens[start + 1].text):
            return firstBrace(after: start, in: tokens, endsWithLine: false)
        case "var":
            return firstBrace(after: start + 1, in: tokens, endsWithLine: true)
        default:
            return nil
        }
    }

    /// Words that can only belong to the next declaration: the one before had no body.
    private static let nextDeclaration: Set<String> = [
        "func", "var", "let", "init", "deinit", "subscript", "case", "struct", "enum", "actor",
        "extension", "protocol", "typealias", "associatedtype", "import", "return", "static",
        "mutating", "public", "private", "internal", "package", "fileprivate",
    ]

    private static func firstBrace(
        after start: Int, in tokens: [Token], endsWithLine: Bool
    ) -> Int? {
        var depth = 0
        for index in tokens.indices.dropFirst(start + 1) {
            let text = tokens[index].text
            if text == "(" || text == "[" {
                depth += 1
            } else if text == ")" || text == "]" {
                depth -= 1
                if depth < 0 { return nil }
            } else if depth == 0 {
                if text == "{" { return index }
                if text == "}" || text == ";" || nextDeclaration.contains(text) { return nil }
                let isNewLine = tokens[index].line != tokens[index - 1].line
                if endsWithLine, text == "=" || isNewLine { return nil }
            }
        }
        return nil
    }
}
