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
        do throws(PostgresError) {
            return try await session(parameters, applicationName: applicationName)
        } catch {
            throw SluiceError(
                error.kind == .usage ? .refused : .unreachable, error.description)
        }
    }

    /// The same with the errors as they are.
    static func session(
        _ parameters: ConnectionParameters, applicationName: String
    ) async throws(PostgresError) -> PostgresConnection {
        let connection = try await PostgresConnection.connect(
            parameters.setting("application_name", to: applicationName),
            timeout: .seconds(timeoutSeconds))
        connection.opening = try await PoolerSQL.opening(of: connection)
        return connection
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
