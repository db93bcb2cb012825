/// What decides in which order a table's rows are visited.
enum OrderSQL {
    /// Facts of each of the tables `$1`, whose keys begin with `$2`: its OID, pages on disk, rows
    /// in a page by the statistics, how far the key follows the pages, and how many indexes there
    /// are beside the key's.
    static let tables = """
        SELECT c.oid, pg_catalog.pg_relation_size(c.oid)
        / pg_catalog.current_setting('block_size')::bigint,
        CASE WHEN c.reltuples > 0 THEN c.reltuples / nullif(c.relpages, 0) END,
        (SELECT s.correlation FROM pg_catalog.pg_stats s
        JOIN pg_catalog.pg_namespace n ON n.nspname = s.schemaname
        WHERE n.oid = c.relnamespace AND s.tablename = c.relname AND s.attname = $2
        AND NOT s.inherited),
        (SELECT greatest(0, count(*) - 1) FROM pg_catalog.pg_index i
        WHERE i.indrelid = c.oid AND i.indislive)
        FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::pg_catalog.oid[])
        """
}
