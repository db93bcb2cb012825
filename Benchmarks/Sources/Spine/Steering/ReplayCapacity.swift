import SluicePostgres
import SluiceSandbox

/// How fast replicas under a fault replay, from a backlog, the very log that a run wrote under it.
///
/// Each keeps a copy of itself from before the run, goes back to it afterwards and replays the
/// run's log once more, with the fault's share of its time and all of the log on its disk: first
/// beside a run that writes as many rows a second, then with nothing but the application beside
/// it. The log of another run will not do: what a byte of it costs follows from how many rows
/// left their pages, and a run that no replica holds back leaves fewer.
struct ReplayCapacity {
    /// What it comes to, of the slowest replica.
    struct Figures {
        /// Bytes a second.
        var bytesPerSecond: Double
        /// Seconds that this stretch of the log took when it was replayed from a backlog, over
        /// those in which the run wrote it.
        var share: Double
    }

    let cluster: SteeringCluster
    let plan: BenchPlan
    let fault: Fault
    let foreground: ForegroundLoad?
    let round: Int

    private static let settleSeconds = 1.0
    private static let besideSeconds = 16.0
    private static let aloneSeconds = 10.0
    /// Twenty turns of the brake.
    private static let measuredSecondsMin = 2.0
    /// Rows of the run beside it, in seconds of its rate: it must not be done before.
    private static let besideRowsSeconds = 60.0
    /// A replica that still hurries is looked at so often: it replays a megabyte meanwhile.
    private static let pollSeconds = 0.005

    /// Keeps the replicas as they are before the run.
    func keep() async throws {
        for replica in cluster.replicas { try await replica.keepState() }
        // The last transaction that they replayed is as old as their restart took: what follows
        // would count that as lag.
        try await cluster.primary.psql("SELECT pg_current_xact_id()")
        try await cluster.caughtUp()
    }

    /// Replays once more what `series` shows that the run wrote in `span`.
    func measure(
        _ series: LagSeries, _ span: ClosedRange<Double>
    ) async throws -> (beside: Figures, alone: Figures) {
        let rate = series.rowsPerSecond(span)
        let log =
            series.writtenBytes(at: span.lowerBound)...series.writtenBytes(at: span.upperBound)
        // Now, so that its own log is none that is replayed later.
        try await cluster.makeTable("beside", rows: Int(rate * Self.besideRowsSeconds) + 1)
        for replica in cluster.replicas {
            try await replica.returnToKeptState()
            try await pause(replica, at: log.lowerBound)
        }
        try await cluster.received()
        let toggle = FaultSwitch(fault, cluster)
        let writer = Backfill(
            cluster, sluicePath: plan.sluicePath, table: "beside", name: "beside \(round)",
            limits: ["--max-lag", "off", "--max-rate", "\(max(1, Int(rate)))"])
        let beside = try await Recording(
            cluster: cluster, foreground: foreground, backfill: writer
        ).play([
            Scene("settle", seconds: Self.settleSeconds) {
                try await toggle.begin()
                for replica in cluster.replicas {
                    try await replica.psql("SELECT pg_wal_replay_resume()")
                }
            },
            Scene("measure", seconds: Self.besideSeconds),
        ])
        let alone = try await Recording(cluster: cluster, foreground: foreground).play([
            Scene("settle", seconds: Self.settleSeconds),
            Scene("measure", seconds: Self.aloneSeconds),
        ])
        try await toggle.end()
        try await cluster.caughtUp()
        return (
            try slowest(beside, log, as: series), try slowest(alone, log, as: series)
        )
    }

    /// Lets a replica replay until there, and stops it.
    private func pause(_ replica: Server, at position: Double) async throws {
        let connection = try await SteeringCluster.connect(replica)
        let query = "SELECT pg_last_wal_replay_lsn() - '0/0'::pg_lsn"
        while true {
            let row = try await connection.query(query).rows[0]
            if let replayed = row[0].flatMap({ Double($0) }), replayed >= position { break }
            try await Task.sleep(for: .seconds(Self.pollSeconds))
        }
        _ = try await connection.query("SELECT pg_wal_replay_pause()")
        await connection.close()
    }

    /// The replica that took longest for what the run wrote, within the measured scene.
    private func slowest(
        _ replayed: LagSeries, _ log: ClosedRange<Double>, as run: LagSeries
    ) throws -> Figures {
        guard let span = replayed.spans["measure"] else { throw Self.tooShort }
        let inside = replayed.samples.filter { span.contains($0.seconds) }
        let figures = cluster.replicas.indices.compactMap { replica -> Figures? in
            let looks = inside.compactMap { sample -> (seconds: Double, bytes: Double)? in
                guard let bytes = sample.replicas[replica].replayedBytes, log.contains(bytes)
                else { return nil }
                return (sample.seconds, bytes)
            }
            guard let first = looks.first, let last = looks.last else { return nil }
            let seconds = last.seconds - first.seconds
            let written = run.seconds(written: last.bytes) - run.seconds(written: first.bytes)
            guard seconds >= Self.measuredSecondsMin, written > 0 else { return nil }
            return Figures(
                bytesPerSecond: (last.bytes - first.bytes) / seconds, share: seconds / written)
        }
        guard let slowest = figures.max(by: { $0.share < $1.share }) else { throw Self.tooShort }
        return slowest
    }

    private static var tooShort: BenchError {
        BenchError("the run's log was replayed before the rate of that was measured")
    }
}
