/// A word, a number, a single punctuation mark, or `"` for the start of a string.
struct Token: Equatable, Sendable {
    let text: String
    /// Counted from 1.
    let line: Int
}

/// Splits Swift into tokens and drops comments, regular expressions and the text of strings;
/// code inside a string's `\(…)` stays.
///
/// It knows as much of Swift as the rules need: where code ends and text begins.
struct SwiftLexer {
    private enum Context {
        /// Code; inside an interpolation, the number of parentheses open since its start.
        case code(openParentheses: Int)
        case string(hashes: Int, isMultiline: Bool)
    }

    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var contexts: [Context] = [.code(openParentheses: 0)]
    private var tokens: [Token] = []

    static func tokens(of text: String) -> [Token] {
        var lexer = SwiftLexer(bytes: Array(text.utf8))
        lexer.run()
        return lexer.tokens
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
        tokens.reserveCapacity(bytes.count / 5)
    }

    private mutating func run() {
        while index < bytes.count {
            switch contexts.last {
            case .string(let hashes, let isMultiline):
                stepInString(hashes: hashes, isMultiline: isMultiline)
            case .code, nil:
                stepInCode()
            }
        }
    }

    private func byte(_ offset: Int) -> UInt8 {
        let position = index + offset
        return position < bytes.count ? bytes[position] : 0
    }

    private mutating func emit(_ text: String) {
        tokens.append(Token(text: text, line: line))
    }

    // MARK: - Code

    private mutating func stepInCode() {
        let current = bytes[index]
        switch current {
        case Byte.newline:
            line += 1
            index += 1
        case Byte.space, Byte.tab, Byte.carriageReturn:
            index += 1
        case Byte.slash:
            stepAtSlash()
        case Byte.quote:
            startString(hashes: 0)
        case Byte.hash:
            stepAtHash()
        case Byte.backtick:
            emitThrough(end: { $0 == Byte.backtick })
        case _ where Byte.isWord(current):
            emitWord()
        default:
            stepAtPunctuation(current)
        }
    }

    private mutating func emitWord() {
        let start = index
        while index < bytes.count, Byte.isWord(bytes[index]) { index += 1 }
        emit(String(decoding: bytes[start..<index], as: UTF8.self))
    }

    private mutating func emitThrough(end: (UInt8) -> Bool) {
        let start = index
        index += 1
        while index < bytes.count, !end(bytes[index]), bytes[index] != Byte.newline { index += 1 }
        index = min(index + 1, bytes.count)
        emit(String(decoding: bytes[start..<index], as: UTF8.self))
    }

    private mutating func stepAtPunctuation(_ current: UInt8) {
        index += 1
        emit(String(UnicodeScalar(current)))
        guard case .code(let open) = contexts.last else { return }
        if current == Byte.openParenthesis {
            contexts[contexts.count - 1] = .code(openParentheses: open + 1)
        } else if current == Byte.closeParenthesis {
            if open == 0, contexts.count > 1 {
                contexts.removeLast()
            } else {
                contexts[contexts.count - 1] = .code(openParentheses: max(open - 1, 0))
            }
        }
    }

    private mutating func stepAtSlash() {
        if byte(1) == Byte.slash {
            skipLine()
        } else if byte(1) == Byte.star {
            skipBlockComment()
        } else if let end = endOfRegularExpression() {
            emit("/")
            index = end
        } else {
            stepAtPunctuation(Byte.slash)
        }
    }

    private mutating func skipLine() {
        while index < bytes.count, bytes[index] != Byte.newline { index += 1 }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if byte(0) == Byte.slash, byte(1) == Byte.star {
                depth += 1
                index += 2
            } else if byte(0) == Byte.star, byte(1) == Byte.slash {
                depth -= 1
                index += 2
            } else {
                if byte(0) == Byte.newline { line += 1 }
                index += 1
            }
        } while depth > 0 && index < bytes.count
    }

    /// The index after `/…/`, where a value may begin and the slash cannot be a division.
    private func endOfRegularExpression() -> Int? {
        let opening: Set<String> = ["(", ",", "=", ":", "[", "{", "!", "&", "|", "return", "in"]
        guard tokens.last.map({ opening.contains($0.text) }) ?? true, byte(1) != Byte.space else {
            return nil
        }
        var position = index + 1
        while position < bytes.count, bytes[position] != Byte.newline {
            if bytes[position] == Byte.backslash {
                position += 1
            } else if bytes[position] == Byte.slash {
                return position + 1
            }
            position += 1
        }
        return nil
    }

    private mutating func stepAtHash() {
        var hashes = 1
        while byte(hashes) == Byte.hash { hashes += 1 }
        switch byte(hashes) {
        case Byte.quote:
            startString(hashes: hashes)
        case Byte.slash:
            emit("/")
            index += hashes + 1
            while index < bytes.count, !(byte(0) == Byte.slash && hasHashes(hashes, at: 1)) {
                if byte(0) == Byte.newline { line += 1 }
                index += 1
            }
            index += hashes + 1
        default:
            stepAtPunctuation(Byte.hash)
        }
    }

    private func hasHashes(_ count: Int, at offset: Int) -> Bool {
        (0..<count).allSatisfy { byte(offset + $0) == Byte.hash }
    }

    // MARK: - Strings

    private mutating func startString(hashes: Int) {
        emit("\"")
        index += hashes
        let isMultiline = byte(1) == Byte.quote && byte(2) == Byte.quote
        index += isMultiline ? 3 : 1
        contexts.append(.string(hashes: hashes, isMultiline: isMultiline))
    }

    private mutating func stepInString(hashes: Int, isMultiline: Bool) {
        switch bytes[index] {
        case Byte.newline:
            line += 1
            index += 1
            if !isMultiline { contexts.removeLast() }
        case Byte.backslash where hasHashes(hashes, at: 1):
            let isInterpolation = byte(hashes + 1) == Byte.openParenthesis
            if byte(hashes + 1) == Byte.newline { line += 1 }
            index += hashes + 2
            if isInterpolation {
                emit("(")
                contexts.append(.code(openParentheses: 0))
            }
        case Byte.quote where closesString(hashes: hashes, isMultiline: isMultiline):
            index += (isMultiline ? 3 : 1) + hashes
            contexts.removeLast()
        default:
            index += 1
        }
    }

    private func closesString(hashes: Int, isMultiline: Bool) -> Bool {
        if isMultiline {
            return byte(1) == Byte.quote && byte(2) == Byte.quote && hasHashes(hashes, at: 3)
        }
        return hasHashes(hashes, at: 1)
    }
}

private enum Byte {
    static let tab = UInt8(ascii: "\t")
    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let slash = UInt8(ascii: "/")
    static let star = UInt8(ascii: "*")
    static let quote = UInt8(ascii: "\"")
    static let hash = UInt8(ascii: "#")
    static let backtick = UInt8(ascii: "`")
    static let backslash = UInt8(ascii: "\\")
    static let openParenthesis = UInt8(ascii: "(")
    static let closeParenthesis = UInt8(ascii: ")")

    /// Letters, digits, `_`, `$` and everything beyond ASCII.
    static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x24, 0x80...: true
        default: false
        }
    }
}
