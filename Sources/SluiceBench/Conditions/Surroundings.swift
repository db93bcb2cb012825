import Foundation
import SluicePostgres
import SluiceSandbox

/// Makes what goes on beside a fill: an application, a slow replica, a slow network.
struct Surroundings: Sendable {
    /// The servers that exist for the benchmark; without them nothing can be made.
    var primary: Server?
    var replicas: [Server] = []

    /// What is there.
    struct Present: Sendable {
        let application: Application?
        let proxy: DelayingProxy?

        /// How a strategy reaches its database.
        func route(_ parameters: ConnectionParameters) -> ConnectionParameters {
            guard let proxy else { return parameters }
            return parameters.setting("host", to: "127.0.0.1")
                .setting("port", to: "\(proxy.port)")
        }

        /// Does what the body does beside the application, if there is one.
        func beside<Value: Sendable>(
            _ looking: PostgresConnection,
            _ body: @escaping @Sendable () async throws -> Value
        ) async throws -> (Value, Others) {
            guard let application else { return (try await body(), Others()) }
            let (result, log) = try await application.work(beside: looking) {
                let from = Date().timeIntervalSince1970
                let value = try await body()
                return (value: value, from: from, to: Date().timeIntervalSince1970)
            }
            return (
                result.value,
                Others(
                    transactions: log.entries.count,
                    updates: log.entries.count { $0.script == Application.changes },
                    latency: log.figures(from: result.from, to: result.to))
            )
        }
    }

    /// What the application did meanwhile.
    struct Others: Sendable {
        var transactions = 0
        var updates = 0
        var latency: LatencyFigures?
    }

    /// Has all of a table's conditions hold while the body works on a database.
    func hold<Value: Sendable>(
        around table: BenchTable, in database: String,
        _ body: @escaping @Sendable (Present) async throws -> Value
    ) async throws -> Value {
        let conditions = table.conditions
        var proxy: DelayingProxy?
        var application: Application?
        if let primary, conditions.delayMilliseconds > 0 {
            proxy = try DelayingProxy(
                towards: UInt16(primary.port), delay: .milliseconds(conditions.delayMilliseconds))
        }
        defer { proxy?.stop() }
        if let primary, let perSecond = conditions.applicationPerSecond {
            application = Application(
                server: primary, database: database, job: table.job, rows: table.rows,
                perSecond: perSecond)
        }
        let present = Present(application: application, proxy: proxy)
        var brakes: [ReplicaBrake] = []
        if let share = conditions.replicaShare {
            for replica in replicas {
                brakes.append(try await ReplicaBrake.apply(replica, share: share))
            }
        }
        do {
            let value = try await body(present)
            for brake in brakes { await brake.release() }
            return value
        } catch {
            for brake in brakes { await brake.release() }
            throw error
        }
    }
}
