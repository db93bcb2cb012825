import SluicePostgres

/// What a run asks before it vacuums a table, and how it does that.
enum VacuumSQL {
    /// How tables stand in which the run has left anything.
    ///
    /// `$1` run, `$2` part numbers, `$3` their OIDs. Number, rows, dead rows that the run left,
    /// whether somebody holds a lock that VACUUM would wait for, whether this role may vacuum,
    /// when somebody last did, in seconds; the same in each row, the horizon and the transaction
    /// that comes next; and pages.
    static func tables(serverVersion: Int) -> String {
        """
        WITH taken AS MATERIALIZED (SELECT DISTINCT l.relation FROM pg_catalog.pg_locks l
        WHERE l.locktype = 'relation' AND l.granted
        AND l.database = (SELECT b.oid FROM pg_catalog.pg_database b
        WHERE b.datname = pg_catalog.current_database())
        AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock'))
        SELECT p.number, greatest(c.reltuples, 0), d.dead,
        c.oid IN (SELECT k.relation FROM taken k), \(mayVacuum(serverVersion)),
        coalesce(extract(epoch FROM greatest(pg_catalog.pg_stat_get_last_vacuum_time(c.oid),
        pg_catalog.pg_stat_get_last_autovacuum_time(c.oid))), 0), \(HorizonSQL.horizon),
        pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text, \(pages)
        FROM unnest($2::integer[], $3::pg_catalog.oid[]) AS p (number, oid)
        JOIN pg_catalog.pg_class c ON c.oid = p.oid
        JOIN (SELECT r.part, sum(r.rows_changed - coalesce(r.rows_hot, 0)) AS dead
        FROM sluice.range r WHERE r.run = $1 GROUP BY r.part) d ON d.part = p.number
        WHERE d.dead > 0
        """
    }

    /// Whether this role may vacuum the table `$1`, how many rows it has by its statistics, and its
    /// pages.
    static func permission(serverVersion: Int) -> String {
        """
        SELECT \(mayVacuum(serverVersion)), greatest(c.reltuples, 0), \(pages)
        FROM pg_catalog.pg_class c WHERE c.oid = $1
        """
    }

    /// By the table `c`'s owner, or since version 17 a grant, or by the database's owner: without
    /// it the server warns and succeeds.
    private static func mayVacuum(_ serverVersion: Int) -> String {
        """
        (\(serverVersion >= 170_000 ? maintains : owns)
        OR pg_catalog.pg_has_role((SELECT b.datdba FROM pg_catalog.pg_database b
        WHERE b.datname = pg_catalog.current_database()), 'USAGE'))
        """
    }

    /// By the statistics, as its rows are: to ask the file of its size waits for whoever has locked
    /// the table, and the run's eyes with it.
    private static let pages = "greatest(c.relpages, 0)"
    private static let owns = "pg_catalog.pg_has_role(c.relowner, 'USAGE')"
    private static let maintains = "pg_catalog.has_table_privilege(c.oid, 'MAINTAIN')"

    /// What a session is told before it vacuums.
    ///
    /// The pause after each 200 units of cost (a page that is in memory is one) is that of
    /// autovacuum since version 12; by hand it would be none. With `isGentle`, where an application
    /// has a latency to keep, it comes after 20 units: ten times as much of it, and a tenth as long
    /// at work in one go, which a statement that meets it waits for. No timeout, which only version
    /// 17 has all of: a large table takes hours. One whose process was killed ends by itself where
    /// the server can see that (on Linux): its session would keep the process's ranges for the
    /// whole of their lease.
    static func settings(isGentle: Bool) -> String {
        BatchSettingsSQL.longStatement(
            """
            ('statement_timeout', '0'), ('transaction_timeout', '0'),
            ('vacuum_cost_delay', '2ms')\(isGentle ? ", ('vacuum_cost_limit', '20')" : "")
            """, isLocal: false)
    }

    /// Vacuums a table unless somebody is in the way.
    ///
    /// Its end is not cut off: that locks everybody out for a moment, and the run fills it again.
    static func vacuum(_ table: QualifiedName) -> String {
        "VACUUM (SKIP_LOCKED, TRUNCATE FALSE, PARALLEL 0) \(table.quoted)"
    }
}
