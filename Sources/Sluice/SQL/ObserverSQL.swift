/// What a running process looks at, from ten times in the first second to once in a few.
enum ObserverSQL {
    /// The timeline that the server writes to, or on a standby the one of its last checkpoint.
    ///
    /// A promoted server takes writes before its first checkpoint, and the control file tells of
    /// checkpoints only; the name of the file that is being written tells at once.
    static let timeline = """
        CASE WHEN pg_catalog.pg_is_in_recovery()
        THEN (SELECT timeline_id FROM pg_catalog.pg_control_checkpoint())
        ELSE ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name(
        pg_catalog.pg_current_wal_insert_lsn()), 1, 8))::bit(32)::integer END
        """

    /// Whether a server is a standby, and how far it has received and replayed the log, in bytes.
    static let standby = """
        SELECT pg_catalog.pg_is_in_recovery(),
        (pg_catalog.pg_last_wal_receive_lsn() - '0/0'::pg_catalog.pg_lsn)::numeric(20, 0),
        (pg_catalog.pg_last_wal_replay_lsn() - '0/0'::pg_catalog.pg_lsn)::numeric(20, 0)
        """

    /// Whether this is a standby, and its timeline.
    static let role = "SELECT pg_catalog.pg_is_in_recovery(), \(timeline)"

    /// State and limits of the run, which other processes change.
    static let run = """
        SELECT state, workers_min, workers_max, batch_keys, max_lag_seconds, lock_timeout_ms,
        statement_timeout_ms, synchronous_commit, batch_bytes, max_quarantine, batch_auto,
        throttle, error
        FROM sluice.run WHERE id = $1
        """

    /// Backends named `$1` that hold a lock for which somebody outside of Sluice has waited for a
    /// second, which is what a person at an application notices.
    ///
    /// Who blocks whom is asked only of those that wait so long: the question stops the server's
    /// lock table for a moment.
    static let blockers = """
        WITH waiter AS MATERIALIZED (SELECT DISTINCT l.pid FROM pg_catalog.pg_locks l
        JOIN pg_catalog.pg_stat_activity w ON w.pid = l.pid
        WHERE NOT l.granted AND l.waitstart < clock_timestamp() - interval '1 second'
        AND w.application_name NOT LIKE 'sluice %')
        SELECT DISTINCT o.pid FROM waiter w
        CROSS JOIN LATERAL unnest(pg_catalog.pg_blocking_pids(w.pid)) AS b (pid)
        JOIN pg_catalog.pg_stat_activity o ON o.pid = b.pid
        WHERE o.application_name = $1 AND o.datname = pg_catalog.current_database()
        AND o.usename = current_user AND o.pid <> pg_catalog.pg_backend_pid()
        """

    /// What the session keeps is planned once, whatever its parameters: catalog views take longer
    /// to plan than to read.
    static let keepPlans = "SET plan_cache_mode = force_generic_plan"

    static let cancel = "SELECT pg_catalog.pg_cancel_backend($1)"

    /// What the table's name means now, and numbers and names of the columns `$2` in it.
    static let table = """
        SELECT pg_catalog.to_regclass($1)::oid, (SELECT string_agg(
        a.attnum || ':' || a.attname, ',' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = pg_catalog.to_regclass($1) AND NOT a.attisdropped
        AND a.attname = ANY ($2::text[]))
        """

    /// Where the log ends, and how far each replica that streams has replayed it.
    ///
    /// A walsender whose details are NULL belongs to another role: they need `pg_monitor`.
    /// Base backups and subscribers are walsenders too, but no replicas that anybody reads from.
    /// Senders and slots are read once each: the views take locks and join the server's sessions.
    ///
    /// The last columns have every replica as `[name, bytes on its disk, bytes replayed, slot]`,
    /// and the slots that there are for replicas, in JSON. A replica goes by its slot, or by its
    /// application's name and address; several of one name are numbered in the order in which they
    /// came. A slot that is temporary goes with its connection, and so names nobody.
    static let replicas = """
        WITH slot AS MATERIALIZED (SELECT slot_name, slot_type, active, active_pid,
        CASE WHEN slot_type = 'physical' AND NOT temporary THEN slot_name END AS lasting
        FROM pg_catalog.pg_replication_slots),
        sender AS MATERIALIZED (SELECT s.pid, s.state, s.backend_start, s.replay_lag,
        s.state = 'streaming' AND l.slot_type IS DISTINCT FROM 'logical' AS streams,
        s.state IN ('streaming', 'catchup') AND l.slot_type IS DISTINCT FROM 'logical'
        AND s.replay_lsn IS NOT NULL AS counts,
        coalesce(l.lasting, s.application_name || coalesce('@' || host(s.client_addr), ''))
        AS name, l.lasting, (s.flush_lsn - '0/0'::pg_catalog.pg_lsn)::numeric(20, 0) AS flushed,
        (s.replay_lsn - '0/0'::pg_catalog.pg_lsn)::numeric(20, 0) AS replayed
        FROM pg_catalog.pg_stat_replication s LEFT JOIN slot l ON l.active_pid = s.pid),
        standby AS (SELECT name || CASE WHEN n > 1 THEN '#' || n ELSE '' END AS name, flushed,
        replayed, lasting FROM (SELECT name, flushed, replayed, lasting,
        row_number() OVER (PARTITION BY name ORDER BY backend_start, pid) AS n
        FROM sender WHERE counts) numbered)
        SELECT (pg_catalog.pg_current_wal_lsn() - '0/0'::pg_catalog.pg_lsn)::numeric(20, 0),
        count(*) FILTER (WHERE state IS NULL), min(replayed) FILTER (WHERE streams),
        coalesce((SELECT string_agg(slot_name, ', ') FROM slot
        WHERE slot_type = 'physical' AND NOT active), ''),
        count(*) FILTER (WHERE state = 'catchup'),
        extract(epoch FROM max(replay_lag) FILTER (WHERE state = 'streaming')),
        count(*) FILTER (WHERE streams), \(timeline),
        (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(
        name, flushed::text, replayed::text, lasting)), '[]') FROM standby),
        (SELECT coalesce(pg_catalog.json_agg(lasting ORDER BY lasting), '[]') FROM slot
        WHERE lasting IS NOT NULL)
        FROM sender
        """

    /// Changes with each ANALYZE of the table, by hand or by autovacuum, and with its indexes.
    static let statisticsMark = """
        SELECT string_agg(coalesce(last_analyze::text, '') || '/'
        || coalesce(last_autoanalyze::text, '') || '/' || coalesce((
        SELECT string_agg(i.indexrelid::text || i.indisvalid::text, ',' ORDER BY i.indexrelid)
        FROM pg_catalog.pg_index i WHERE i.indrelid = relid), ''), ';' ORDER BY relid)
        FROM pg_catalog.pg_stat_all_tables WHERE relid = ANY ($1::pg_catalog.oid[])
        """

    /// Transactions that hold a lock on the table under which rows are written, with what a person
    /// needs to know of them.
    ///
    /// Our own sessions take none before the first batch.
    static let writers = """
        SELECT DISTINCT l.virtualtransaction, l.pid, a.usename, a.application_name, a.state,
        extract(epoch FROM clock_timestamp() - a.xact_start)::bigint, p.gid
        FROM pg_catalog.pg_locks l
        LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
        LEFT JOIN pg_catalog.pg_locks x ON l.pid IS NULL AND x.pid IS NULL
        AND x.virtualtransaction = l.virtualtransaction AND x.locktype = 'transactionid'
        LEFT JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = x.transactionid
        WHERE l.locktype = 'relation' AND l.relation = ANY ($1::pg_catalog.oid[]) AND l.granted
        AND l.database = (SELECT oid FROM pg_catalog.pg_database
        WHERE datname = pg_catalog.current_database())
        AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
        'AccessExclusiveLock') AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
        AND coalesce(a.backend_type, 'client backend') <> 'autovacuum worker'
        """
}
