import SluicePostgres
import SluiceSandbox

/// A durable primary with streaming replicas, an application's tables and tables to backfill.
///
/// Its own cluster for each experiment: a replica that was slowed or killed is not the next one's.
struct SteeringCluster: Sendable {
    let sandbox: Sandbox

    var primary: Server { sandbox.primary }
    var replicas: [Server] { sandbox.replicas }

    static let database = "app"
    /// A million accounts of `pgbench`: what the application reads is in memory, as it should be.
    private static let scale = 10
    /// The primary and its replicas together take half of a small machine's memory.
    ///
    /// So much log is kept that a replica can replay a run once more.
    private static let settings = ["shared_buffers": "1GB", "wal_keep_size": "16GB"]
    /// A replica that is started again recovers a whole table's making first.
    private static let startTimeoutSeconds = 300

    /// Lends a cluster to the body.
    static func with(
        replicas: Int, _ body: (SteeringCluster) async throws -> Void
    ) async throws {
        var options = SandboxOptions(
            replicas: 0, settings: BenchCluster.settings.merging(settings) { $1 })
        options.durable = true
        options.startTimeoutSeconds = startTimeoutSeconds
        try await withSandbox(options) { sandbox in
            let cluster = SteeringCluster(sandbox: sandbox)
            Progress.say("making a cluster with \(replicas) replicas")
            _ = try await sandbox.primary.createDatabase(database)
            try await sandbox.primary.run(
                "pgbench",
                cluster.pgbenchTarget(["-i", "-q", "-s", "\(scale)"]))
            for _ in 0..<replicas { try await sandbox.addReplica() }
            try await body(cluster)
        }
    }

    /// Arguments of `pgbench`, with where it goes.
    func pgbenchTarget(_ arguments: [String]) -> [String] {
        arguments + [
            "-h", primary.host, "-p", "\(primary.port)", "-U", primary.superuser, Self.database,
        ]
    }

    /// Makes a narrow table, after a checkpoint of every server.
    ///
    /// Its pages are new, so no full images of them go into the log later, and a replica that
    /// crashes recovers from there, not from its own making.
    func makeTable(_ name: String, rows: Int) async throws {
        try await primary.psql("CHECKPOINT")
        try await caughtUp()
        for replica in replicas { try await replica.psql("CHECKPOINT") }
        try await primary.psql(
            """
            DROP TABLE IF EXISTS \(name);
            CREATE TABLE \(name) (id bigint NOT NULL, value int NOT NULL DEFAULT 0);
            INSERT INTO \(name) SELECT generate_series(1, \(rows));
            ALTER TABLE \(name) ADD PRIMARY KEY (id);
            VACUUM (FREEZE, ANALYZE) \(name);
            """, database: Self.database)
        try await caughtUp()
    }

    /// Returns when every replica has replayed all that was written until now.
    func caughtUp() async throws {
        try await reached("pg_last_wal_replay_lsn()", "pg_current_wal_insert_lsn()")
    }

    /// Returns when every replica has on its disk all that was on the primary's until now.
    func received() async throws {
        try await reached("pg_last_wal_receive_lsn()", "pg_current_wal_flush_lsn()")
    }

    private func reached(_ place: String, _ end: String) async throws {
        let end = try await primary.psql("SELECT \(end)")
        for replica in replicas {
            while try await replica.psql("SELECT \(place) >= '\(end)'") != "t" {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    /// Connects to the application's database on one of the servers.
    static func connect(_ server: Server) async throws -> PostgresConnection {
        try await PostgresConnection.connect(
            try ConnectionParameters(dsn: server.dsn(database: database)))
    }
}
