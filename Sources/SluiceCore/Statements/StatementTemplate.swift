/// The user's own statement, taken apart at its placeholders.
///
/// `:range` is the whole condition on the key, `:range(alias)` the same with the table's alias in
/// front of each column; `:lower` and `:upper` are the keys `(lower, upper]` that a batch is for.
public struct StatementTemplate: Sendable, Equatable {
    /// Text, or a place where the engine puts something.
    public enum Piece: Sendable, Equatable {
        /// The user's SQL as it stands.
        case text(String)
        /// The key before the batch's first one.
        case lower
        /// The batch's last key.
        case upper
        /// The condition that says which keys are the batch's.
        case range(qualifier: String?)
    }

    /// The pieces in order, without a semicolon at the end.
    public let pieces: [Piece]
    /// The word it begins with, in lower case.
    public let verb: String

    /// Whether the first range needs a lower bound that is a value.
    public var usesLower: Bool { pieces.contains(.lower) }

    /// Takes a statement apart; refuses what could not stand within a batch.
    public init(_ sql: String) throws(StatementProblem) {
        let tokens = try SQLLexer.tokens(sql)
        let body = try Self.withoutSemicolon(tokens)
        verb = body.first { $0.kind != .blank }?.text.lowercased() ?? ""
        try Self.refuseUnfit(body)
        pieces = try Self.pieces(body)
        let hasRange = pieces.contains { if case .range = $0 { true } else { false } }
        guard hasRange || (pieces.contains(.lower) && pieces.contains(.upper)) else {
            throw StatementProblem(
                sentence: "it says nowhere which keys a batch is for, so every batch would do the "
                    + "whole: write WHERE :range, or both :lower (exclusive) and :upper "
                    + "(inclusive)")
        }
    }

    /// The statement with each placeholder replaced.
    public func filled(_ value: (Piece) -> String) -> String {
        pieces.map { piece in
            if case .text(let text) = piece { return text }
            return value(piece)
        }.joined()
    }

    // MARK: Refusals

    private static func withoutSemicolon(
        _ tokens: [SQLToken]
    ) throws(StatementProblem) -> [SQLToken] {
        guard let end = tokens.firstIndex(where: { $0.kind == .semicolon }) else { return tokens }
        guard tokens[end...].allSatisfy({ $0.kind == .blank || $0.kind == .semicolon }) else {
            throw StatementProblem(
                sentence: "it is more than one statement: write one INSERT, UPDATE or DELETE")
        }
        return Array(tokens[..<end])
    }

    private static func refuseUnfit(_ tokens: [SQLToken]) throws(StatementProblem) {
        let kinds = ["insert", "update", "delete", "merge", "with"]
        let first = tokens.first { $0.kind != .blank }
        guard let first, first.kind == .word, kinds.contains(first.text.lowercased()) else {
            throw StatementProblem(
                sentence: "it must be one INSERT, UPDATE or DELETE, which may begin with WITH")
        }
        var depth = 0
        for token in tokens {
            switch token.kind {
            case .open: depth += 1
            case .close: depth -= 1
            case .parameter:
                throw StatementProblem(
                    sentence: "\(token.text) has no value here: the engine gives only :lower, "
                        + ":upper and :range")
            case .word where depth == 0 && token.text.lowercased() == "returning":
                throw StatementProblem(
                    sentence: "it has a RETURNING of its own, where the engine counts the rows: "
                        + "leave it out")
            default: break
            }
            if depth < 0 {
                throw StatementProblem(sentence: "it closes a parenthesis that it did not open")
            }
        }
        if depth > 0 {
            throw StatementProblem(sentence: "it opens a parenthesis that it does not close")
        }
    }

    // MARK: Placeholders

    private static func pieces(_ tokens: [SQLToken]) throws(StatementProblem) -> [Piece] {
        var pieces: [Piece] = []
        var text = ""
        var brackets = 0
        var index = 0
        func isKind(_ kind: SQLToken.Kind, at place: Int) -> Bool {
            place < tokens.count && tokens[place].kind == kind
        }
        while index < tokens.count {
            let token = tokens[index]
            index += 1
            if token.kind == .openBracket { brackets += 1 }
            if token.kind == .closeBracket { brackets -= 1 }
            // In `a[1:n]` a colon stands between the ends of a slice.
            guard token.kind == .colonWord, brackets <= 0 else {
                text += token.text
                continue
            }
            pieces.append(.text(text))
            text = ""
            switch token.text {
            case ":lower": pieces.append(.lower)
            case ":upper": pieces.append(.upper)
            case ":range":
                let isName = isKind(.word, at: index + 1) || isKind(.quotedName, at: index + 1)
                if isKind(.open, at: index), isName, isKind(.close, at: index + 2) {
                    pieces.append(.range(qualifier: tokens[index + 1].text))
                    index += 3
                } else {
                    pieces.append(.range(qualifier: nil))
                }
            default:
                throw StatementProblem(
                    sentence: "\(token.text) is no placeholder: there are :range, :lower and "
                        + ":upper")
            }
        }
        return pieces + [.text(text)]
    }
}
