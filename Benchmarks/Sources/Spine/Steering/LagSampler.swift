import Foundation
import SluicePostgres
import SluiceSandbox
import Synchronization

/// Looks at the primary and its replicas over and over, on connections of its own.
final class LagSampler: Sendable {
    /// Five looks a second: what is judged is seconds, and the looks themselves cost little.
    private static let everySeconds = 0.2
    private static let patience = Duration.seconds(5)

    private static let primaryQuery = """
        SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn,
        coalesce((SELECT sum(rows_changed) FROM sluice.range g JOIN sluice.run r ON r.id = g.run
        WHERE r.name = $1), 0),
        (SELECT min(p.waiting_for) FROM sluice.process p JOIN sluice.run r ON r.id = p.run
        WHERE r.name = $1)
        """
    private static let emptyQuery = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, 0, NULL"
    /// A replica that has replayed all that it has is not behind, however old that is.
    private static let replicaQuery = """
        SELECT pg_last_wal_replay_lsn() - '0/0'::pg_lsn,
        CASE WHEN pg_last_wal_receive_lsn() IS DISTINCT FROM pg_last_wal_replay_lsn()
        THEN extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) ELSE 0 END
        """

    private let cluster: SteeringCluster
    private let run: String
    private let began = ContinuousClock.now
    /// When that was by the clock on the wall, which logs go by.
    let epochSeconds = Date().timeIntervalSince1970
    private let kept = Mutex<[LagSample]>([])

    init(_ cluster: SteeringCluster, run: String) {
        self.cluster = cluster
        self.run = run
    }

    var nowSeconds: Double { began.duration(to: .now) / .seconds(1) }
    var samples: [LagSample] { kept.withLock { $0 } }

    /// Looks until cancelled.
    func watch() async throws {
        let primary = try await SteeringCluster.connect(cluster.primary)
        var replicas = [PostgresConnection?](repeating: nil, count: cluster.replicas.count)
        while !Task.isCancelled {
            var views: [LagSample.Replica] = []
            for (number, server) in cluster.replicas.enumerated() {
                if replicas[number] == nil {
                    replicas[number] = try? await SteeringCluster.connect(server)
                }
                let view = await Self.view(replicas[number])
                if view == nil {
                    await replicas[number]?.close()
                    replicas[number] = nil
                }
                views.append(view ?? LagSample.Replica())
            }
            // The primary after its replicas: none seems ahead of it.
            let row = try await look(primary)
            let sample = LagSample(
                seconds: nowSeconds, writtenBytes: number(row[0]) ?? 0, rows: number(row[1]) ?? 0,
                replicas: views, waitingFor: row[2])
            kept.withLock { $0.append(sample) }
            try? await Task.sleep(for: .seconds(Self.everySeconds))
        }
        await primary.close()
        for replica in replicas { await replica?.close() }
    }

    /// Where the log ends, how many rows are changed, and what batches wait for.
    private func look(
        _ primary: PostgresConnection
    ) async throws(PostgresError) -> [String?] {
        do throws(PostgresError) {
            return try await ask(primary, Self.primaryQuery, [.text(run)])
        } catch {
            // No run has begun yet, so there is no ledger.
            guard error.sqlState == "42P01" else { throw error }
            return try await ask(primary, Self.emptyQuery, [])
        }
    }

    private func ask(
        _ primary: PostgresConnection, _ query: String, _ parameters: [Parameter]
    ) async throws(PostgresError) -> [String?] {
        let row = try await primary.query(query, parameters, timeout: Self.patience).rows[0]
        return [row[0], row[1], row[2]]
    }

    private static func view(_ replica: PostgresConnection?) async -> LagSample.Replica? {
        guard let replica,
            let row = try? await replica.query(replicaQuery, timeout: patience).rows.first
        else { return nil }
        return LagSample.Replica(
            replayedBytes: row[0].flatMap { Double($0) },
            ownLagSeconds: row[1].flatMap { Double($0) })
    }

    private func number(_ text: String?) -> Double? { text.flatMap { Double($0) } }
}
