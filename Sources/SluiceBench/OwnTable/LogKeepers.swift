import SluicePostgres

/// Replication slots that nobody reads, and replicas that cannot be seen: who keeps the log that a
/// benchmark writes on a server that others use.
struct LogKeepers: Sendable {
    let connection: PostgresConnection

    /// Log that may be kept for a slot that nobody reads, in bytes: a benchmark is not worth more
    /// of the disk that the whole server stands on.
    var keptBytesMost = 4 << 30

    /// The slot that nobody reads for which most of the log is kept, how many bytes that is, and
    /// the least that the server keeps before it gives a slot up, in bytes (-1: it never does).
    static let slots = """
        SELECT slot_name, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), restart_lsn)::bigint,
        (SELECT setting::bigint * 1048576 FROM pg_settings WHERE name = 'max_slot_wal_keep_size')
        FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL
        AND wal_status IS DISTINCT FROM 'lost'
        ORDER BY 2 DESC LIMIT 1
        """

    /// How many replicas there are of which this role cannot see how far they are.
    static let unseen = """
        SELECT count(*) FROM pg_stat_replication WHERE replay_lsn IS NULL AND state IS NULL
        """

    /// What is to be said before anything is written.
    func warnings() async throws -> [String] {
        var sentences: [String] = []
        if let slot = try await worst() {
            sentences.append(
                "nobody reads the replication slot \(slot.name): the server keeps for it whatever "
                    + "the benchmark writes")
        }
        if let unseen = try await connection.query(Self.unseen).scalar.flatMap({ Int($0) }),
            unseen > 0
        {
            sentences.append(
                "how far \(unseen) of the replicas are cannot be seen by this role, and nobody "
                    + "waits for them: GRANT pg_monitor TO it")
        }
        return sentences
    }

    /// Refuses to go on where too much is kept.
    func requireRoom() async throws {
        guard let slot = try await worst() else { return }
        // Half of what the server keeps at the most, as a run does.
        let most = slot.keptMost < 0 ? keptBytesMost : slot.keptMost / 2
        guard slot.bytes <= most else {
            throw BenchError(
                "\(slot.bytes >> 20) MiB of log are kept for the replication slot \(slot.name), "
                    + "which nobody reads: have it read, or drop it, before more is written")
        }
    }

    private func worst() async throws -> (name: String, bytes: Int, keptMost: Int)? {
        guard let row = try await connection.query(Self.slots).rows.first, let name = row[0],
            let bytes = row[1].flatMap({ Int($0) })
        else { return nil }
        return (name, bytes, row[2].flatMap { Int($0) } ?? -1)
    }
}
