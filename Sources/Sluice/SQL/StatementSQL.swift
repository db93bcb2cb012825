/// Questions to `pg_stat_statements`.
enum StatementSQL {
    /// The view as SQL spells it; NULL where the extension is not in this database or this role may
    /// not see the statements of others.
    static let view = """
        SELECT pg_catalog.quote_ident(n.nspname) || '.pg_stat_statements'
        FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements'
        AND pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
        """

    /// Calls and milliseconds of this database's statements that only read, those with the most
    /// calls, without Sluice's own.
    ///
    /// Fifty are what an application's load consists of; a statement that is seldom called says
    /// little of how it is now. Sluice's own name its schema or begin as its questions do.
    static func totals(view: String) -> String {
        """
        SELECT s.userid || '/' || s.queryid, sum(s.calls), sum(s.total_exec_time) FROM \(view) s
        WHERE s.dbid = (SELECT oid FROM pg_catalog.pg_database
        WHERE datname = pg_catalog.current_database())
        AND s.queryid IS NOT NULL AND s.query ~* '^\\s*(SELECT|TABLE|VALUES)\\y'
        AND s.query !~* '\\ysluice|pg_catalog\\.|pg_stat_'
        GROUP BY 1 ORDER BY 2 DESC LIMIT 50
        """
    }
}
