import SluicePostgres

/// What the server counts, at one moment.
struct ServerCounters: Sendable {
    let walBytes: Double
    let fullPageImages: Double
    let transactions: Double
    let updates: Double
    let hotUpdates: Double
    let heapBytes: Double
    let indexBytes: Double

    /// Of a table, with its partitions, and its database.
    private static let sql = """
        SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn,
        (SELECT wal_fpi FROM pg_stat_wal),
        (SELECT xact_commit + xact_rollback FROM pg_stat_database
        WHERE datname = current_database()),
        sum(t.n_tup_upd), sum(t.n_tup_hot_upd), sum(pg_table_size(t.relid)),
        sum(pg_indexes_size(t.relid)) FROM pg_stat_user_tables t
        WHERE t.relid = $1::regclass OR t.relid IN (SELECT relid FROM pg_partition_tree($1))
        HAVING count(*) > 0
        """

    /// Reads them, those of sessions that have ended included.
    static func read(
        _ table: String, _ connection: PostgresConnection
    ) async throws -> ServerCounters {
        _ = try await connection.query("SELECT pg_stat_clear_snapshot()")
        guard let row = try await connection.query(sql, [.text(table)]).rows.first else {
            throw BenchError("the table of the benchmark is gone")
        }
        let numbers = row.map { $0.flatMap(Double.init) ?? 0 }
        return ServerCounters(
            walBytes: numbers[0], fullPageImages: numbers[1], transactions: numbers[2],
            updates: numbers[3], hotUpdates: numbers[4], heapBytes: numbers[5],
            indexBytes: numbers[6])
    }
}
