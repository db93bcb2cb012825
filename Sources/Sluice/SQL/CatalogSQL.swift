/// Questions to the system catalogs about the job's table.
///
/// They read no user data.
enum CatalogSQL {
    /// The relation a name resolves to on this session's search path; `$1` is the name as SQL
    /// would spell it.
    static let relation = """
        SELECT c.oid, n.nspname, c.relname, c.relkind, c.relispartition,
        pg_catalog.row_security_active(c.oid),
        n.nspname IN ('pg_catalog', 'information_schema', 'pg_toast', 'sluice'),
        pg_catalog.has_table_privilege(c.oid, 'SELECT'),
        EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid),
        (SELECT string_agg(t.tgname, ', ' ORDER BY t.tgname) FROM pg_catalog.pg_trigger t
        WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
        AND t.tgtype & 16 <> 0)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = pg_catalog.to_regclass($1)
        """

    /// The same by OID, for a run that is resumed.
    static let relationByOID = relation.replacing(
        "c.oid = pg_catalog.to_regclass($1)", with: "c.oid = $1::pg_catalog.oid")

    /// Tables whose name looks like `$1`, for the hint in an error.
    static let similarTables = """
        SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND (lower(c.relname) = lower($1) OR lower(c.relname) LIKE lower($2))
        ORDER BY lower(c.relname) <> lower($1), 1 LIMIT 3
        """

    /// Columns of the table with the OID `$1`, in order.
    ///
    /// No arithmetic on domains: what lies between two of their values may not be one.
    static let columns = """
        SELECT a.attname, a.attgenerated <> '', a.attidentity = 'a',
        pg_catalog.quote_ident(tn.nspname) || '.' || pg_catalog.quote_ident(t.typname),
        CASE WHEN t.oid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) THEN 'integer'
        WHEN t.oid = 'uuid'::regtype THEN 'uuid' ELSE 'none' END,
        a.attnum, (SELECT pg_catalog.quote_ident(cn.nspname) || '.'
        || pg_catalog.quote_ident(co.collname) FROM pg_catalog.pg_collation co
        JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
        WHERE co.oid = a.attcollation)
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
        WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
        """

    /// Unique indexes of the table `$1` that can carry a key, the primary key first, with their
    /// columns as a text array in index order.
    ///
    /// Left out: partial and expression indexes, invalid ones, columns that may be NULL, and
    /// those whose order is not their columns' own (another operator class or collation, mixed or
    /// unusual directions). From PostgreSQL 18 a NOT NULL constraint may not be validated yet.
    static let uniqueIndexes = """
        SELECT ic.relname, i.indisprimary, (SELECT array_agg(a.attname::text ORDER BY k.n)
        FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE k.n <= i.indnkeyatts)
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
        JOIN pg_catalog.pg_am m ON m.oid = ic.relam AND m.amname = 'btree'
        WHERE i.indrelid = $1::pg_catalog.oid AND i.indisunique AND i.indisvalid
        AND i.indpred IS NULL AND i.indexprs IS NULL
        AND (SELECT min(o) = max(o) AND min(o) IN (0, 3) FROM unnest(i.indoption::int2[]) AS o)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint n WHERE n.conrelid = i.indrelid
        AND n.contype = 'n' AND NOT n.convalidated AND n.conkey && i.indkey::int2[])
        AND NOT EXISTS (SELECT FROM unnest(i.indkey::int2[], i.indclass::oid[],
        i.indcollation::oid[]) WITH ORDINALITY AS k (attnum, class, collated, n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        JOIN pg_catalog.pg_opclass o ON o.oid = k.class
        WHERE k.n <= i.indnkeyatts
        AND (NOT a.attnotnull OR NOT o.opcdefault OR k.collated <> a.attcollation))
        ORDER BY i.indisprimary DESC, i.indnkeyatts, ic.relname
        """

    /// What the server and the session are.
    static func session(settings: [String]) -> String {
        let pairs = settings.map { "'\($0)', pg_catalog.current_setting('\($0)')" }
        return """
            SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.pg_backend_pid(),
            (SELECT timeline_id FROM pg_catalog.pg_control_checkpoint()),
            pg_catalog.current_setting('synchronous_commit'), current_user,
            pg_catalog.current_database(),
            pg_catalog.json_build_object(\(pairs.joined(separator: ", ")))::text
            """
    }
}
