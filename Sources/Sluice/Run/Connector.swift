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

    /// The same; of several hosts, the primary on the highest timeline.
    ///
    /// libpq would stay with the first that takes writes, which after a failover may be the old
    /// primary, whose ledger knows nothing of the new one.
    static func openPrimary(
        _ parameters: ConnectionParameters, applicationName: String
    ) async throws -> PostgresConnection {
        var best: (connection: PostgresConnection, timeline: Int)?
        for host in parameters.eachHost {
            guard let connection = try? await session(host, applicationName: applicationName)
            else { continue }
            let row = try? await connection.query(ObserverSQL.role, timeout: .seconds(10)).rows
                .first
            let timeline = row?[0] == "f" ? row?[1].flatMap { Int($0) } : nil
            guard let timeline, timeline > best?.timeline ?? 0 else {
                await connection.close()
                continue
            }
            await best?.connection.close()
            best = (connection, timeline)
        }
        if let best { return best.connection }
        // One host, or none of them will do: libpq says why.
        return try await open(parameters, applicationName: applicationName)
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
