/// The one error of this module.
public struct PostgresError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is, and so what can be believed afterwards.
    public enum Kind: Sendable, Equatable {
        /// The server reported an error; the session lives on. See `sqlState`.
        case server
        /// There never was a session. `sqlState` is set when the server refused it.
        case connectFailed
        /// There was a session and it is gone. If COMMIT was sent, its outcome is unknown.
        /// `sqlState` is set when the server said why (57P01 and the like).
        case connectionLost
        /// The caller's deadline passed. The connection is discarded if anything was sent.
        case timedOut
        /// The task was cancelled. The connection is discarded if anything was sent.
        case cancelled
        /// The caller's mistake: a bad connection string, a closed connection, NUL in SQL.
        case usage
    }

    /// What kind of failure it is.
    public let kind: Kind
    /// What happened, in one sentence.
    public let message: String
    /// The server's own fields, if the server spoke.
    public let diagnostics: Diagnostics?

    /// Makes an error; `diagnostics` only where the server said something.
    public init(kind: Kind, message: String, diagnostics: Diagnostics? = nil) {
        self.kind = kind
        self.message = message
        self.diagnostics = diagnostics
    }

    /// The server's SQLSTATE, if it gave one.
    public var sqlState: SQLState? { diagnostics?.sqlState }

    /// The longest description, in characters: a line for a log, not a page.
    static let descriptionCharactersMax = 600

    /// One bounded line: the SQLSTATE, the message and the hint, never a password.
    public var description: String {
        var text = sqlState.map { "\($0): " } ?? ""
        text += message
        if let hint = diagnostics?.hint { text += " (\(hint))" }
        let line = text.onOneLine
        guard line.count > Self.descriptionCharactersMax else { return line }
        return line.prefix(Self.descriptionCharactersMax - 1) + "…"
    }
}

extension String {
    /// The text with every run of white space, line ends included, made one space.
    var onOneLine: String {
        split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
