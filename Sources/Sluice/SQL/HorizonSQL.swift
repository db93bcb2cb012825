/// What row versions somebody may still need, and so cannot be pruned.
enum HorizonSQL {
    /// The oldest transaction whose past somebody may still need: a scalar expression.
    ///
    /// `pg_snapshot_xmin` knows running transactions only. What also counts is what sessions of
    /// this database read (VACUUM left out, which reads the past for nobody), what connections of
    /// no database do on behalf of a standby, and what slots keep. Numbers of 32 bits are taken for
    /// the nearest of 64.
    static let horizon = """
        (SELECT min(h.xid) FROM (SELECT pg_catalog.pg_snapshot_xmin(
        pg_catalog.pg_current_snapshot())::text::bigint) AS x (base)
        CROSS JOIN LATERAL (SELECT x.base AS xid UNION ALL SELECT x.base
        - ((x.base - o.xid::text::bigint + 2147483648) & 4294967295) + 2147483648
        FROM (SELECT a.backend_xmin FROM pg_catalog.pg_stat_activity a
        WHERE a.backend_xmin IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid()
        AND (a.datname IS NULL OR a.datname = pg_catalog.current_database())
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum v WHERE v.pid = a.pid)
        UNION ALL SELECT s.xmin FROM pg_catalog.pg_replication_slots s
        WHERE s.xmin IS NOT NULL) AS o (xid)) AS h)
        """

    /// The horizon, and the number that the next transaction gets.
    static let look = """
        SELECT \(horizon),
        pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text
        """
}
