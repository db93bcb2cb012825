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
    /// The newest timeline that this process has met.
    let timelines: TimelineRecord
    /// Batches that were cancelled to make way.
    let yields = YieldRecord()
    /// What is known of the sweeps behind pages.
    let sweeps = SweepRecord()
    /// Where workers rest.
    let rests = Rests()

    var applicationName: String { RangeSQL.applicationName(run: run, owner: owner) }

    /// Connects, and makes sure that it is the primary of the newest timeline that this process
    /// knows: after a failover the address may still lead to the old one, or lead there again.
    ///
    /// Where several hosts are named, the others are asked as well.
    func connect() async throws(PostgresError) -> PostgresConnection {
        let refusal: PostgresError
        switch try await attempt(parameters) {
        case .primary(let connection): return connection
        case .refused(let error): refusal = error
        }
        for host in parameters.eachHost {
            do throws(PostgresError) {
                if case .primary(let connection) = try await attempt(host) { return connection }
            } catch {
                if error.kind == .cancelled { throw error }
            }
        }
        throw refusal
    }

    private enum Attempt {
        case primary(PostgresConnection)
        case refused(PostgresError)
    }

    private func attempt(
        _ parameters: ConnectionParameters
    ) async throws(PostgresError) -> Attempt {
        let connection = try await Connector.session(
            parameters, applicationName: applicationName)
        do throws(PostgresError) {
            guard let reason = try await objection(to: connection) else {
                return .primary(connection)
            }
            await connection.close()
            return .refused(PostgresError(kind: .connectFailed, message: reason))
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Why this is not the server to work on; `nil` when it is.
    ///
    /// A newer timeline is written down before anything is done on it, for processes that come
    /// later.
    private func objection(
        to connection: PostgresConnection
    ) async throws(PostgresError) -> String? {
        let row = try await connection.query(ObserverSQL.role, timeout: .seconds(10)).rows.first
        let timeline = Int((row?[1] ?? nil) ?? "") ?? 0
        if row?[0] == "t" { return "the server is a standby now: waiting for the primary" }
        switch timelines.judge(timeline) {
        case .known: return nil
        case .older:
            return "the server is an old primary from before a failover: waiting for the current "
                + "one"
        case .newer:
            _ = try await connection.transact(
                LedgerSQL.raiseTimeline, [.text("\(run)"), .text("\(timeline)")])
            timelines.raise(to: timeline)
            logger.notice("met a new timeline", metadata: ["timeline": "\(timeline)"])
            return nil
        }
    }
}
