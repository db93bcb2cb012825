import SluicePostgres

/// Looks how far the slowest replica is behind while a strategy works, and until it has caught up.
///
/// In another database than the strategy's, whose transactions are counted.
actor LagWatch {
    /// Lag that a strategy should not cause, in seconds: Sluice's default.
    static let ceilingSeconds = 10.0
    /// Ten looks a second: what is judged is seconds.
    private static let periodSeconds = 0.1
    /// Longest wait for others' replicas to catch up, in seconds: one that is delayed on purpose
    /// never does.
    static let patienceSeconds = 120.0
    /// The same for those of a server that exists for the benchmark, which do in the end.
    static let ownPatienceSeconds = 3_600.0
    /// How long a replica may be gone before nobody waits for it any more, in seconds.
    private static let goneSecondsMax = 60.0

    /// Where the log ends and where the slowest replica is; who reads the log to decode it replays
    /// nothing.
    private static let sql = """
        SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn,
        (SELECT min(r.replay_lsn) - '0/0'::pg_lsn FROM pg_stat_replication r
        WHERE NOT EXISTS (SELECT FROM pg_replication_slots s WHERE s.active_pid = r.pid
        AND s.slot_type = 'logical'))
        """

    private let connection: PostgresConnection
    private let began = ContinuousClock.now
    private var isOver = false
    private var clock: LagClock
    private var replayed: Double?
    private var seenSeconds = 0.0

    /// A watch that counts what is above so many seconds.
    init(_ connection: PostgresConnection, ceilingSeconds: Double = LagWatch.ceilingSeconds) {
        self.connection = connection
        clock = LagClock(ceilingSeconds: ceilingSeconds)
    }

    /// The highest lag so far, in seconds.
    var lagSecondsMax: Double { clock.lagSecondsMax }
    /// How long it was above the ceiling, in seconds.
    var secondsAbove: Double { clock.secondsAbove }

    /// The lag over time.
    var series: [LagPoint] { clock.series }

    private var nowSeconds: Double { began.duration(to: .now) / .seconds(1) }

    /// Ends the watch at its next look.
    func stop() { isOver = true }

    /// Looks until stopped.
    func watch() async throws {
        while !isOver {
            _ = try await look()
            try await Task.sleep(for: .seconds(Self.periodSeconds))
        }
    }

    /// Whether there is a replica whose replay this role may see.
    private(set) var sawReplicas = false

    /// Looks until all that is written now has been replayed, or for so many seconds, and tells
    /// which it was.
    func catchUp(withinSeconds patience: Double) async throws -> Bool {
        let deadline = nowSeconds + patience
        let end = try await look().written
        while true {
            let now = try await look()
            if now.replayed >= end { return true }
            if nowSeconds >= deadline || nowSeconds - seenSeconds >= Self.goneSecondsMax {
                return false
            }
            try await Task.sleep(for: .seconds(Self.periodSeconds))
        }
    }

    private func look() async throws -> (written: Double, replayed: Double) {
        let row = try await connection.query(Self.sql).rows.first
        let written = row?[0].flatMap(Double.init) ?? 0
        if row?[1] != nil { (sawReplicas, seenSeconds) = (true, nowSeconds) }
        // Without a replica nothing is behind; one that has gone stays where it was.
        replayed = row?[1].flatMap(Double.init) ?? replayed
        let replayed = self.replayed ?? written
        clock.observe(written: written, replayed: replayed, nowSeconds: nowSeconds)
        return (written, replayed)
    }
}
