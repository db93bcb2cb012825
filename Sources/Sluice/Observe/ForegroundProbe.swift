import SluiceCore
import SluicePostgres

/// Runs the user's SQL again and again on a connection of its own and keeps how long it takes.
///
/// One after the other: a probe that takes long is not joined by the next.
actor ForegroundProbe {
    /// How often it runs, in seconds: eight samples within the ring's span, and next to no load.
    static let periodSeconds = 0.25
    /// How often it is looked whether there is one to run, in seconds: limits change no sooner.
    private static let idleSeconds = 0.5

    private let connect: @Sendable () async throws(PostgresError) -> PostgresConnection
    private let began = ContinuousClock.now
    private var sql: String?
    private var ring = LatencyRing()
    private(set) var problem: String?

    /// `connect` opens the connection that is used.
    init(
        connect: @escaping @Sendable () async throws(PostgresError) -> PostgresConnection
    ) {
        self.connect = connect
    }

    /// Takes over what is to be run; `nil` runs nothing and forgets what was measured.
    func probe(_ sql: String?) {
        guard sql != self.sql else { return }
        self.sql = sql
        ring = LatencyRing()
        problem = nil
    }

    /// The 95th percentile of the last 2 s, in seconds; `nil` before there are three samples.
    ///
    /// A probe that failed counts as one that took the whole timeout.
    var percentileSeconds: Double? {
        ring.percentileSeconds(nowSeconds: nowSeconds)
    }

    /// Probes until cancelled.
    nonisolated func run() async {
        var connection: PostgresConnection?
        while !Task.isCancelled {
            guard let sql = await sql else {
                await connection?.close()
                connection = nil
                try? await Task.sleep(for: .seconds(Self.idleSeconds))
                continue
            }
            let start = ContinuousClock.now
            do throws(PostgresError) {
                let session: PostgresConnection
                if let connection, connection.isUsable {
                    session = connection
                } else {
                    session = try await connect()
                    connection = session
                }
                let latency = try await Self.latencySeconds(of: sql, on: session)
                await note(sql, latency, nil)
            } catch {
                if Task.isCancelled { break }
                if error.kind != .server {
                    await connection?.close()
                    connection = nil
                }
                await note(
                    sql, Double(ThrottleSQL.timeoutSeconds), ExpressionCheck.message(error))
            }
            let pause = Duration.seconds(Self.periodSeconds) - start.duration(to: .now)
            try? await Task.sleep(for: max(pause, .zero))
        }
        await connection?.close()
    }

    private func note(_ sql: String, _ latencySeconds: Double, _ problem: String?) {
        guard sql == self.sql else { return }
        ring.note(latencySeconds: latencySeconds, nowSeconds: nowSeconds)
        self.problem = problem
    }

    private var nowSeconds: Double { began.duration(to: .now) / .seconds(1) }

    /// How long one run takes from sending to the last row.
    ///
    /// Planned before and in one round trip, as a statement of the application's: parsed anew and
    /// in a transaction of its own it takes twice as long, and a budget that fits the application
    /// cannot be kept.
    private static func latencySeconds(
        of sql: String, on connection: PostgresConnection
    ) async throws(PostgresError) -> Double {
        try await connection.latencyAsApplication(sql) / .seconds(1)
    }
}
