/// What went wrong with a batch or a connection, in the terms that decide what to do about it.
public struct Failure: Error, Sendable, Equatable {
    /// Where the error came from.
    public enum Origin: Sendable, Equatable {
        /// The server refused a statement; the session lives on.
        case server
        /// No session could be made.
        case connect
        /// The session is gone; what it had sent may or may not have happened.
        case connectionLost
        /// The caller cancelled.
        case cancelled
        /// Anything else.
        case other
    }

    /// Where it came from.
    public let origin: Origin
    /// The five characters of the server's SQLSTATE, where it gave one.
    public let sqlState: String?
    /// One printable line without secrets.
    public let message: String
    /// How long the failed statement had run, in milliseconds, where known.
    public let elapsedMilliseconds: Int?
    /// Whether the batch was cancelled by this process, since somebody waited for its locks.
    public let isYield: Bool

    /// Describes a failure.
    public init(
        origin: Origin, sqlState: String? = nil, message: String, elapsedMilliseconds: Int? = nil,
        isYield: Bool = false
    ) {
        self.isYield = isYield
        self.origin = origin
        self.sqlState = sqlState
        self.message = message
        self.elapsedMilliseconds = elapsedMilliseconds
    }
}

/// What to do about a failure.
public enum FailureClass: Sendable, Equatable {
    /// Roll back, back off, retry the same batch.
    case retry
    /// The batch is too large for the statement timeout: a quarter of it, same range.
    case shrink
    /// The batch made way for somebody who waited for it: a quarter of it, same range.
    case yield
    /// Somebody cancelled the statement: retry a few times, then pause the run and say so.
    case administrator
    /// Connect again, then ask the ledger what was committed.
    case reconnect
    /// The server is short of disk, memory or connections: wait, then go on.
    case resources
    /// A row cannot be changed: look for it, set it aside, go on.
    case poison
    /// Stop the run, progress kept.
    case stop

    /// The class of a failure, from design table "Failures".
    ///
    /// `statementTimeoutMilliseconds` tells a real timeout from a cancel request: both are 57014,
    /// and only the first should shrink the batch.
    public static func of(_ failure: Failure, statementTimeoutMilliseconds: Int) -> FailureClass {
        if failure.origin == .connectionLost { return .reconnect }
        if failure.origin == .cancelled || failure.origin == .other { return .stop }
        guard let state = failure.sqlState else {
            return failure.origin == .connect ? .reconnect : .stop
        }
        switch state {
        case "40P01", "40001", "55P03": return .retry
        case "57014":
            if failure.isYield { return .yield }
            // The server's timer may fire a little early by our clock, never by a tenth.
            let elapsed = failure.elapsedMilliseconds ?? 0
            return elapsed >= statementTimeoutMilliseconds / 10 * 9 ? .shrink : .administrator
        case "57P01", "57P02", "57P03", "25006": return .reconnect
        case "57P04": return .stop
        default: break
        }
        switch state.prefix(2) {
        case "08": return .reconnect
        case "53": return .resources
        // A value, a constraint, a user's function: they judge one row.
        case "22", "23", "38", "39": return .poison
        default: return rowStates.contains(state) ? .poison : .stop
        }
    }

    /// A trigger that raises, an index row too large, a sub-select with several rows.
    private static let rowStates: Set<String> = ["P0001", "54000", "21000"]
}
