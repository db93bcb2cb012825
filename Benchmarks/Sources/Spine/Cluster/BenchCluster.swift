import SluicePostgres
import SluiceSandbox

/// A durable throwaway server on which nothing but the measured work happens.
struct BenchCluster: Sendable {
    let server: Server

    /// Everything fits in memory, no checkpoint falls into a round, and nobody vacuums meanwhile:
    /// what is compared is the work itself.
    static let settings = [
        "autovacuum": "off",
        "checkpoint_timeout": "60min",
        "max_wal_size": "16GB",
        "min_wal_size": "4GB",
        "shared_buffers": "2GB",
    ]

    /// Lends a cluster to the body.
    static func with(
        more: [String: String] = [:], _ body: (BenchCluster) async throws -> Void
    ) async throws {
        var options = SandboxOptions(replicas: 0, settings: settings.merging(more) { $1 })
        options.durable = true
        try await withSandbox(options) { sandbox in
            try await body(BenchCluster(server: sandbox.primary))
        }
    }

    /// Connects to one of its databases.
    func connect(_ database: String) async throws -> PostgresConnection {
        try await PostgresConnection.connect(
            try ConnectionParameters(dsn: server.dsn(database: database)))
    }

    /// Lends a copy of a template database, byte for byte the same each time, with its tables in
    /// shared memory and everything written out.
    func withCopy<Value>(
        of template: String, _ body: (String) async throws -> Value
    ) async throws -> Value {
        let name = "round"
        try await server.dropDatabase(name)
        let copied =
            try await Int(server.psql("SHOW server_version_num")) ?? 0 >= 150_000
            ? " STRATEGY FILE_COPY" : ""
        try await server.psql("CREATE DATABASE \(name) TEMPLATE \(template)\(copied)")
        try await warm(name)
        try await server.psql("CHECKPOINT")
        let value = try await body(name)
        try await server.dropDatabase(name)
        return value
    }

    /// Reads a database's tables and their indexes into shared memory.
    ///
    /// A server without `pg_prewarm` reads its tables by ranges of addresses, which leaves them
    /// there, as a scan of a whole table does not; its indexes wait in the system's cache.
    private func warm(_ database: String) async throws {
        let known = try await server.psql(
            "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_prewarm'")
        guard known == "0" else {
            try await server.psql(
                """
                CREATE EXTENSION pg_prewarm;
                SELECT sum(pg_prewarm(c.oid)) FROM pg_class c
                JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'public' AND c.relkind IN ('r', 'i');
                """, database: database)
            return
        }
        try await server.psql(
            """
            DO $warm$
            DECLARE one regclass;
            BEGIN
            SET LOCAL enable_seqscan = off;
            FOR one IN SELECT oid FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
            EXECUTE format($all$SELECT count(*) FROM %s WHERE ctid >= '(0,0)'$all$, one);
            END LOOP;
            END
            $warm$
            """, database: database)
    }
}
