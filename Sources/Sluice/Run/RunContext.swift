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
    /// Batches that were cancelled to make way.
    let yields = YieldRecord()

    var applicationName: String { RangeSQL.applicationName(run: run, owner: owner) }

    /// Connects, and makes sure that it is the primary of the timeline that the run knows: after
    /// a failover the address may still lead to the old one.
    func connect() async throws(PostgresError) -> PostgresConnection {
        let connection = try await Connector.session(
            parameters, applicationName: applicationName)
        let row = try await connection.query(ObserverSQL.role, timeout: .seconds(10)).rows.first
        let isStandby = row?[0] == "t"
        let timeline = Int((row?[1] ?? nil) ?? "") ?? 0
        guard isStandby || timeline < job.session.timeline else { return connection }
        await connection.close()
        throw PostgresError(
            kind: .connectFailed,
            message: isStandby
                ? "the server is a standby now: waiting for the primary"
                : "the server is an old primary from before a failover: waiting for the current one"
        )
    }
}
