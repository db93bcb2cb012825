/// What `doctor --grants` asks; it needs no permission on what it asks about.
enum GrantSQL {
    /// The database, the role `$1` or the session's own, whether it exists, how far the ledger has
    /// come, and whether the log is archived.
    static let facts = """
        SELECT pg_catalog.current_database(), coalesce($1, current_user),
        EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = coalesce($1, current_user)),
        EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'sluice'),
        EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n
        ON n.oid = c.relnamespace WHERE n.nspname = 'sluice' AND c.relname = 'ledger'),
        pg_catalog.current_setting('archive_mode') <> 'off'
        """

    /// Tables that are called `$1`, in the schema `$2` if it is given, with those on the search
    /// path first.
    ///
    /// Not `to_regclass`: it fails in a schema that the session may not use.
    static let tables = """
        SELECT c.oid, n.nspname, c.relname, pg_catalog.pg_table_is_visible(c.oid)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND c.relname = $1 AND n.nspname = coalesce($2, n.nspname)
        AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        ORDER BY 4 DESC, 2
        """

    /// The partitions with rows of the table with the OID `$1`: batches name them directly.
    static let partitions = """
        SELECT n.nspname, c.relname FROM pg_catalog.pg_partition_tree($1::pg_catalog.oid) p
        JOIN pg_catalog.pg_class c ON c.oid = p.relid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE p.isleaf AND p.level > 0 AND c.relkind = 'r' ORDER BY 1, 2
        """
}
