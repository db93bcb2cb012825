public import SluicePostgres

/// Why something could not be done: one sentence that names the thing and the cure.
public struct SluiceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of trouble it is; decides the exit code.
    public enum Kind: Sendable, Equatable {
        /// Refused before anything ran: bad usage, bad job, unsafe plan, missing permission.
        case refused
        /// Broke while running; progress is kept.
        case failed
        /// No session with the server.
        case unreachable
    }

    /// The kind of trouble.
    public let kind: Kind
    /// One sentence with the cure.
    public let message: String

    /// Describes a trouble.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// Puts what was being done in front of a server's or connection's error.
    public init(_ error: PostgresError, while doing: String) {
        switch error.kind {
        case .connectFailed:
            self.init(.unreachable, error.description)
        case .connectionLost, .timedOut:
            self.init(.unreachable, "\(doing): \(error.description)")
        default:
            self.init(.failed, "\(doing): \(error.description)")
        }
    }

    /// The message.
    public var description: String { message }
}
