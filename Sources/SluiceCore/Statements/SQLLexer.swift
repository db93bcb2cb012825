/// One token of an SQL text, as the server's own lexer would cut it.
struct SQLToken: Equatable {
    /// What a reader of statements has to tell apart.
    enum Kind: Equatable {
        /// White space and comments: nothing that the server sees.
        case blank
        /// A string, a bit string or a dollar quote.
        case literal
        /// A name between double quotes.
        case quotedName
        /// A keyword or a name.
        case word
        /// `$1`.
        case parameter
        /// `:word`, the colon included.
        case colonWord
        case open, close, openBracket, closeBracket, semicolon
        /// Operators, numbers, `::` and the rest.
        case other
    }

    let kind: Kind
    let text: String
}

/// Why a user's statement cannot be taken: one sentence with the cure.
public struct StatementProblem: Error, Sendable, Equatable {
    /// The sentence, without the name of the option.
    public let sentence: String
}

/// Cuts SQL into tokens by the rules of the server's lexer with `standard_conforming_strings` on.
///
/// What it must get right is what is a string, a quoted name or a comment, for nothing in them is
/// a placeholder. Works on scalars: a quote followed by a combining accent is one `Character` that
/// equals no quote.
struct SQLLexer {
    private let scalars: [Unicode.Scalar]
    private var index = 0

    init(_ sql: String) {
        scalars = Array(sql.unicodeScalars)
    }

    /// All tokens; their texts together are the whole SQL.
    static func tokens(_ sql: String) throws(StatementProblem) -> [SQLToken] {
        var lexer = SQLLexer(sql)
        var tokens: [SQLToken] = []
        while lexer.index < lexer.scalars.count {
            let start = lexer.index
            let kind = try lexer.token()
            var text = String.UnicodeScalarView()
            text.append(contentsOf: lexer.scalars[start..<lexer.index])
            tokens.append(SQLToken(kind: kind, text: String(text)))
        }
        return tokens
    }

    private func peek(_ offset: Int = 0) -> Unicode.Scalar? {
        index + offset < scalars.count ? scalars[index + offset] : nil
    }

    private mutating func token() throws(StatementProblem) -> SQLToken.Kind {
        guard let first = peek() else { return .other }
        if Self.isBlank(first) {
            while let next = peek(), Self.isBlank(next) { index += 1 }
            return .blank
        }
        if first == "-", peek(1) == "-" {
            skipLineComment()
            return .blank
        }
        if first == "/", peek(1) == "*" { return try blockComment() }
        if first == "'" { return try string(escapes: false) }
        if first == "\"" { return try quoted("\"", as: .quotedName) }
        if first == "$" { return try dollar() }
        if first == ":" { return colon() }
        if Self.beginsName(first) { return try word() }
        index += 1
        switch first {
        case "(": return .open
        case ")": return .close
        case "[": return .openBracket
        case "]": return .closeBracket
        case ";": return .semicolon
        default: return .other
        }
    }

    // MARK: Comments

    private mutating func skipLineComment() {
        while let next = peek(), next != "\n", next != "\r" { index += 1 }
    }

    /// They nest.
    private mutating func blockComment() throws(StatementProblem) -> SQLToken.Kind {
        var depth = 0
        while let next = peek() {
            if next == "/", peek(1) == "*" {
                depth += 1
                index += 2
            } else if next == "*", peek(1) == "/" {
                depth -= 1
                index += 2
                if depth == 0 { return .blank }
            } else {
                index += 1
            }
        }
        throw StatementProblem(sentence: "a comment /* is never closed: close it with */")
    }

    // MARK: Strings and names

    /// A string, with those that continue it on later lines: they have its kind of escapes.
    private mutating func string(escapes: Bool) throws(StatementProblem) -> SQLToken.Kind {
        repeat {
            index += 1
            var isOpen = true
            while isOpen, let next = peek() {
                index += 1
                if next == "\\", escapes {
                    index += 1
                } else if next == "'" {
                    if peek() == "'" { index += 1 } else { isOpen = false }
                }
            }
            if isOpen || index > scalars.count {
                throw StatementProblem(sentence: "a string is never closed: close it with '")
            }
        } while continues()
        return .literal
    }

    /// Goes on to the quote of a string's continuation, if there is one.
    private mutating func continues() -> Bool {
        let end = index
        var hasNewline = false
        while let next = peek() {
            if Self.isBlank(next) {
                hasNewline = hasNewline || next == "\n" || next == "\r"
                index += 1
            } else if next == "-", peek(1) == "-" {
                skipLineComment()
            } else {
                break
            }
        }
        if hasNewline, peek() == "'" { return true }
        index = end
        return false
    }

    private mutating func quoted(
        _ mark: Unicode.Scalar, as kind: SQLToken.Kind
    ) throws(StatementProblem) -> SQLToken.Kind {
        index += 1
        while let next = peek() {
            index += 1
            guard next == mark else { continue }
            if peek() != mark { return kind }
            index += 1
        }
        throw StatementProblem(sentence: "a quoted name is never closed: close it with \(mark)")
    }

    /// A word, or the string or name that it is the prefix of.
    private mutating func word() throws(StatementProblem) -> SQLToken.Kind {
        let start = index
        while let next = peek(), Self.continuesName(next) { index += 1 }
        guard index - start == 1 else { return .word }
        let letter = scalars[start]
        if peek() == "'" {
            if letter == "e" || letter == "E" { return try string(escapes: true) }
            if "bBxXnN".unicodeScalars.contains(letter) { return try string(escapes: false) }
        }
        if letter == "u" || letter == "U", peek() == "&" {
            if peek(1) == "'" {
                index += 1
                return try string(escapes: false)
            }
            if peek(1) == "\"" {
                index += 1
                return try quoted("\"", as: .quotedName)
            }
        }
        return .word
    }

    // MARK: Dollars and colons

    private mutating func dollar() throws(StatementProblem) -> SQLToken.Kind {
        if let next = peek(1), Self.isDigit(next) {
            index += 1
            while let next = peek(), Self.isDigit(next) { index += 1 }
            return .parameter
        }
        var end = index + 1
        if end < scalars.count, Self.beginsName(scalars[end]) {
            while end < scalars.count, scalars[end] != "$", Self.continuesName(scalars[end]) {
                end += 1
            }
        }
        guard end < scalars.count, scalars[end] == "$" else {
            index += 1
            return .other
        }
        let tag = scalars[index...end]
        index = end + 1
        while index + tag.count <= scalars.count {
            if scalars[index..<index + tag.count].elementsEqual(tag) {
                index += tag.count
                return .literal
            }
            index += 1
        }
        throw StatementProblem(sentence: "a dollar quote is never closed: repeat its tag behind it")
    }

    /// `::` and `:=` are operators; `:word` may be a placeholder.
    private mutating func colon() -> SQLToken.Kind {
        index += 1
        if peek() == ":" || peek() == "=" {
            index += 1
            return .other
        }
        guard let next = peek(), Self.beginsName(next) else { return .other }
        while let next = peek(), Self.continuesName(next) { index += 1 }
        return .colonWord
    }

    // MARK: Characters

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        (9...13).contains(scalar.value) || scalar == " "
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private static func beginsName(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
            || scalar.value > 127
    }

    private static func continuesName(_ scalar: Unicode.Scalar) -> Bool {
        beginsName(scalar) || isDigit(scalar) || scalar == "$"
    }
}
