import SluiceCore
import SluicePostgres

/// Makes the engine's connections.
enum Connector {
    /// Longest wait for a session, in seconds: name lookup, TLS and a busy postmaster included.
    static let timeoutSeconds = 10

    /// Opens a session under an application name.
    ///
    /// - Throws: `SluiceError` of kind `unreachable`.
    static func open(
        _ parameters: ConnectionParameters, applicationName: String
    ) async throws -> PostgresConnection {
        do {
            return try await PostgresConnection.connect(
                parameters.setting("application_name", to: applicationName),
                timeout: .seconds(timeoutSeconds))
        } catch {
            throw SluiceError(
                error.kind == .usage ? .refused : .unreachable, error.description)
        }
    }
}

extension Failure {
    /// A failure in the core's terms.
    init(
        _ error: PostgresError, elapsedMilliseconds: Int? = nil, isYield: Bool = false
    ) {
        let origin: Origin =
            switch error.kind {
            case .server: .server
            case .connectFailed: .connect
            case .connectionLost, .timedOut: .connectionLost
            case .cancelled: .cancelled
            case .usage: .other
            }
        self.init(
            origin: origin, sqlState: error.sqlState?.rawValue, message: error.description,
            elapsedMilliseconds: elapsedMilliseconds, isYield: isYield)
    }
}
