/// What a run asks of the server's health: what it may ask once for each session, then one question
/// every few seconds.
enum HealthSQL {
    /// What may be asked.
    struct Facts: Sendable, Equatable {
        /// Whether the role may see the size of `pg_wal`.
        var seesLog = false
        /// Whether the log is archived, and the role may see what waits.
        var seesArchive = false
        /// Whether the log is archived.
        var archives = false
        /// Whether this is Aurora, which has readers that no walsender serves.
        var hasReaders = false
        /// The role that asks, quoted where a GRANT needs it.
        var role = ""
        /// The server's version, as in `server_version_num`.
        var serverVersion = 0

        /// Whether there is an archive that may fall behind unseen.
        var hidesArchive: Bool { archives && !seesArchive }
    }

    /// A function that the role may not run fails a question even where it is not reached, so
    /// this has to be known before.
    static let facts = """
        SELECT \(mayRun("pg_ls_waldir")),
        \(mayRun("pg_ls_archive_statusdir"))
        AND pg_catalog.current_setting('archive_mode') <> 'off',
        \(mayRun("aurora_replica_status")), pg_catalog.quote_ident(current_user),
        pg_catalog.current_setting('archive_mode') <> 'off'
        """

    private static func mayRun(_ function: String) -> String {
        """
        coalesce(pg_catalog.has_function_privilege(
        pg_catalog.to_regprocedure('pg_catalog.\(function)()')::pg_catalog.oid, 'EXECUTE'), false)
        """
    }

    /// The question.
    ///
    /// `$1` are tables whose autovacuum is of interest, `$2` the seconds after which a snapshot is
    /// old. `seesLog` asks for the size of `pg_wal`, which reads a folder.
    static func look(_ facts: Facts, seesLog: Bool) -> String {
        """
        SELECT \(slots), nullif(pg_catalog.pg_size_bytes(
        pg_catalog.current_setting('max_slot_wal_keep_size')), -1),
        \(facts.seesArchive ? archive : "NULL"), \(facts.seesLog && seesLog ? log : "NULL"),
        \(facts.hasReaders ? readers : "NULL"),
        \(facts.serverVersion >= 170_000 ? checkpoints17 : checkpoints),
        \(snapshot), \(vacuum)
        """
    }

    /// `[name, bytes]` of each slot that keeps log; a slot that is lost keeps none.
    private static let slots = """
        (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(s.slot_name,
        (pg_catalog.pg_current_wal_lsn() - s.restart_lsn)::numeric(20, 0)::text)), '[]')
        FROM pg_catalog.pg_replication_slots s
        WHERE s.restart_lsn IS NOT NULL AND s.wal_status IS DISTINCT FROM 'lost')
        """
    private static let archive = """
        (SELECT count(*) FROM pg_catalog.pg_ls_archive_statusdir() WHERE name LIKE '%.ready')
        """
    private static let log = "(SELECT sum(size) FROM pg_catalog.pg_ls_waldir())"
    private static let readers = """
        (SELECT max(replica_lag_in_msec) / 1000.0 FROM pg_catalog.aurora_replica_status()
        WHERE session_id <> 'MASTER_SESSION_ID')
        """
    private static let checkpoints =
        "(SELECT checkpoints_req FROM pg_catalog.pg_stat_bgwriter)"
    private static let checkpoints17 =
        "(SELECT num_requested FROM pg_catalog.pg_stat_checkpointer)"

    /// `[id, role, application, process, prepared as, seconds]` of the oldest transaction with a
    /// snapshot in this database, or that is prepared; of those that the role may see.
    private static let snapshot = """
        (SELECT pg_catalog.json_build_array(o.pid || '/' || o.since, o.usename,
        o.application_name, o.pid::text, o.gid,
        extract(epoch FROM clock_timestamp() - o.since)::bigint::text) FROM (
        SELECT a.usename, a.application_name, a.pid, NULL AS gid, a.xact_start AS since
        FROM pg_catalog.pg_stat_activity a WHERE a.backend_xmin IS NOT NULL
        AND a.datname = pg_catalog.current_database() AND a.application_name NOT LIKE 'sluice %'
        UNION ALL SELECT p.owner, NULL, 0, p.gid, p.prepared FROM pg_catalog.pg_prepared_xacts p
        WHERE p.database = pg_catalog.current_database()) o
        WHERE o.since < clock_timestamp() - $2::double precision * interval '1 second'
        ORDER BY o.since LIMIT 1)
        """
    private static let vacuum = """
        (SELECT min(v.relid::pg_catalog.regclass::text)
        FROM pg_catalog.pg_stat_progress_vacuum v
        JOIN pg_catalog.pg_stat_activity a ON a.pid = v.pid
        WHERE a.backend_type = 'autovacuum worker'
        AND v.datname = pg_catalog.current_database() AND v.relid = ANY ($1::pg_catalog.oid[]))
        """
}
