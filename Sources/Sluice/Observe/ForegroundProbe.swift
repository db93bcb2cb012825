import SluiceCore
import SluicePostgres

/// Runs the user's SQL again and again on a connection of its own and keeps how long it takes.
///
/// One after the other: a probe that takes long is not joined by the next. Each is timed from when
/// it was due, as an application's user counts: on a host that is busy, a statement waits longest
/// before it is sent.
actor ForegroundProbe {
    /// How often it runs, in seconds.
    ///
    /// 120 samples are within the ring's span, of which the six slowest do not count: the 95th
    /// percentile of a dozen is their slowest, which is luck.
    static let periodSeconds = 0.025
    /// The same while no batch may start for another reason, which may be for hours: a dozen within
    /// the span, which only say that it still answers.
    static let periodSecondsAtRest = 0.25
    /// Of the period, how far each is moved (no unit): as the golden ratio's multiples lie, which
    /// meet no other rhythm, such as that of batches.
    private static let goldenShare = 0.618_033_988_749_895
    /// A schedule so far behind, in seconds, begins anew: what took long is one statement that
    /// did, and of those that an application would have sent meanwhile these are enough.
    private static let behindSecondsMax = 0.25
    /// How long after a failure it is tried again, in seconds.
    private static let refusedSeconds = 0.25

    private let connect: @Sendable () async throws(PostgresError) -> PostgresConnection
    private let began = ContinuousClock.now
    /// Tells that there may be something to run.
    private let asked = AsyncStream.makeStream(
        of: Void.self, bufferingPolicy: .bufferingNewest(1))
    private var sql: String?
    private var period = ForegroundProbe.periodSeconds
    private var ring = LatencyRing()
    /// Since when the one that is under way has been due; `nil` while there is none.
    private var pendingSince: ContinuousClock.Instant?
    private(set) var problem: String?

    /// `connect` opens the connection that is used.
    init(
        connect: @escaping @Sendable () async throws(PostgresError) -> PostgresConnection
    ) {
        self.connect = connect
    }

    /// Takes over what is to be run; `nil` runs nothing and forgets what was measured.
    ///
    /// With `isAtRest` no batch may start, and it runs less often. With `beginsAnew` what comes now
    /// is what counts, as soon as that is enough.
    func probe(_ sql: String?, isAtRest: Bool = false, beginsAnew: Bool = false) {
        period = isAtRest ? Self.periodSecondsAtRest : Self.periodSeconds
        if beginsAnew { ring.beginAnew(nowSeconds: nowSeconds) }
        guard sql != self.sql else { return }
        self.sql = sql
        ring = LatencyRing()
        pendingSince = nil
        problem = nil
        asked.continuation.yield()
    }

    /// The 95th percentile of the last 3 s, in seconds; `nil` before there are three samples, or
    /// before probes have taken that long together.
    ///
    /// A probe that failed counts as one that took the whole timeout, and one that is under way as
    /// what it has taken so far.
    var percentileSeconds: Double? {
        ring.percentileSeconds(
            nowSeconds: nowSeconds,
            pendingSeconds: pendingSince.map { max(0, $0.duration(to: .now) / .seconds(1)) })
    }

    /// Probes until cancelled.
    nonisolated func run() async {
        var connection: PostgresConnection?
        var schedule = Schedule()
        var news = asked.stream.makeAsyncIterator()
        while !Task.isCancelled {
            guard let sql = await sql else {
                await connection?.close()
                connection = nil
                await news.next()
                continue
            }
            do throws(PostgresError) {
                // Connecting and preparing hang where the server answers nobody.
                await begin(sql, dueAt: .now)
                let session: PostgresConnection
                if let connection, connection.isUsable {
                    session = connection
                } else {
                    session = try await connect()
                    connection = session
                    try await warmUp(session, sql)
                    schedule = Schedule()
                }
                // Before each, and not in its time: what the last one set must not hold for it.
                try await session.prepareAsApplication()
                let due = schedule.next(after: await period)
                await begin(sql, dueAt: due)
                let latency = try await session.latencyAsApplication(sql, dueAt: due)
                await note(sql, latency / .seconds(1), nil)
            } catch {
                if Task.isCancelled { break }
                if error.kind != .server {
                    await connection?.close()
                    connection = nil
                }
                await note(
                    sql, Double(ThrottleSQL.timeoutSeconds), ExpressionCheck.message(error))
                // A server that refuses at once is not asked in a circle.
                try? await Task.sleep(for: .seconds(Self.refusedSeconds))
            }
        }
        await connection?.close()
    }

    /// Has a new session run it once, which does not count: what a session's first statement takes
    /// to read the catalog is nothing that an application's sessions, which stay, take again.
    private nonisolated func warmUp(
        _ session: PostgresConnection, _ sql: String
    ) async throws(PostgresError) {
        try await session.prepareAsApplication()
        _ = try await session.latencyAsApplication(sql, dueAt: .now)
    }

    /// When the next one is due.
    private struct Schedule {
        private var beat = ContinuousClock.now
        private var phase = 0.0

        /// A period after the one before, give or take; never more than
        /// ``ForegroundProbe/behindSecondsMax`` ago.
        mutating func next(after periodSeconds: Double) -> ContinuousClock.Instant {
            beat = max(
                beat.advanced(by: .seconds(periodSeconds)),
                .now.advanced(by: .seconds(-behindSecondsMax)))
            phase = (phase + goldenShare).truncatingRemainder(dividingBy: 1)
            return beat.advanced(by: .seconds(periodSeconds * phase))
        }
    }

    private func begin(_ sql: String, dueAt due: ContinuousClock.Instant) {
        guard sql == self.sql else { return }
        pendingSince = due
    }

    private func note(_ sql: String, _ latencySeconds: Double, _ problem: String?) {
        guard sql == self.sql else { return }
        pendingSince = nil
        ring.note(latencySeconds: latencySeconds, nowSeconds: nowSeconds)
        self.problem = problem
    }

    private var nowSeconds: Double { began.duration(to: .now) / .seconds(1) }
}
