import Logging
import SluiceCore
import SluicePostgres

/// What everything that works on one run in one process needs to know.
struct RunContext: Sendable {
    let run: Int64
    /// A fresh UUID for each process: together with a range's epoch it is the fence.
    let owner: String
    let job: PlannedJob
    let parameters: ConnectionParameters
    let leaseSeconds: Double
    let logger: Logger

    var applicationName: String { RangeSQL.applicationName(run: run, owner: owner) }

    func connect() async throws(PostgresError) -> PostgresConnection {
        try await PostgresConnection.connect(
            parameters.setting("application_name", to: applicationName),
            timeout: .seconds(Connector.timeoutSeconds))
    }
}
