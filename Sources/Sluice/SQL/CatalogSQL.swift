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
    /// Arithmetic is that of a domain's base type; a domain over an enum is cast to the enum.
    static let columns = """
        SELECT a.attname, a.attgenerated <> '', a.attidentity = 'a',
        CASE WHEN t.typtype = 'd' AND b.is_enum THEN b.spelled
        ELSE pg_catalog.quote_ident(tn.nspname) || '.' || pg_catalog.quote_ident(t.typname) END,
        CASE WHEN b.name IN ('int2', 'int4', 'int8') THEN 'integer'
        WHEN b.name IN ('float4', 'float8') THEN 'float' ELSE b.name END,
        a.attnum, t.typtype = 'd' AND b.is_enum, (SELECT pg_catalog.quote_ident(cn.nspname) || '.'
        || pg_catalog.quote_ident(co.collname) FROM pg_catalog.pg_collation co
        JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
        WHERE co.oid = a.attcollation)
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
        CROSS JOIN LATERAL (WITH RECURSIVE base AS (
        SELECT t.oid, t.typtype, t.typbasetype, t.typname, t.typnamespace
        UNION ALL SELECT n.oid, n.typtype, n.typbasetype, n.typname, n.typnamespace
        FROM base JOIN pg_catalog.pg_type n ON n.oid = base.typbasetype
        WHERE base.typtype = 'd')
        SELECT CASE WHEN base.typnamespace = 'pg_catalog'::regnamespace
        THEN base.typname::text ELSE '' END AS name, base.typtype = 'e' AS is_enum,
        pg_catalog.quote_ident(bn.nspname) || '.'
        || pg_catalog.quote_ident(base.typname) AS spelled
        FROM base JOIN pg_catalog.pg_namespace bn ON bn.oid = base.typnamespace
        WHERE base.typtype <> 'd') b
        WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
        """

    /// Unique indexes of the table `$1` that can carry a key, the primary key first, with their
    /// columns as a text array in index order.
    ///
    /// Left out: partial and expression indexes, invalid ones, columns that may be NULL, those
    /// whose order is not their columns' own (another operator class or collation, mixed or
    /// unusual directions), and those for which different texts are equal. From PostgreSQL 18 a
    /// NOT NULL constraint may not be validated yet.
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
        AND (NOT a.attnotnull OR NOT o.opcdefault OR k.collated <> a.attcollation
        OR EXISTS (SELECT FROM pg_catalog.pg_collation l WHERE l.oid = a.attcollation
        AND NOT l.collisdeterministic)))
        ORDER BY i.indisprimary DESC, i.indnkeyatts, ic.relname
        """

    /// Every index of the table `$1` with what keeps it from carrying a key: its name, its plain
    /// columns in order, every column that it uses, the obstacle and what that lies in.
    static let keyObstacles = """
        SELECT ic.relname, coalesce(c.names, '{}'), ARRAY(SELECT DISTINCT a.attname::text
        FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid
        AND a.attnum = d.refobjsubid WHERE d.classid = 'pg_catalog.pg_class'::regclass
        AND d.objid = i.indexrelid AND d.refobjid = i.indrelid AND d.refobjsubid > 0),
        CASE WHEN NOT i.indisunique THEN 'not unique' WHEN m.amname <> 'btree' THEN 'method'
        WHEN i.indexprs IS NOT NULL THEN 'expression' WHEN i.indpred IS NOT NULL THEN 'partial'
        WHEN NOT i.indisvalid THEN 'invalid' WHEN c.nullable IS NOT NULL THEN 'nullable'
        WHEN n.conname IS NOT NULL THEN 'not validated' WHEN c.loose IS NOT NULL THEN 'collation'
        ELSE 'order' END,
        CASE WHEN i.indexprs IS NOT NULL THEN pg_catalog.pg_get_expr(i.indexprs, i.indrelid)
        WHEN i.indpred IS NOT NULL THEN pg_catalog.pg_get_expr(i.indpred, i.indrelid)
        ELSE coalesce(c.nullable, n.conname, c.loose, '') END
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
        JOIN pg_catalog.pg_am m ON m.oid = ic.relam
        LEFT JOIN LATERAL (SELECT conname::text FROM pg_catalog.pg_constraint x
        WHERE x.conrelid = i.indrelid AND x.contype = 'n' AND NOT x.convalidated
        AND x.conkey && i.indkey::int2[] LIMIT 1) n ON true
        LEFT JOIN LATERAL (SELECT array_agg(a.attname::text ORDER BY k.n) AS names,
        min(a.attname::text) FILTER (WHERE NOT a.attnotnull) AS nullable,
        min(a.attname || ' (' || l.collname || ')')
        FILTER (WHERE NOT l.collisdeterministic) AS loose
        FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
        WHERE k.n <= i.indnkeyatts) c ON true
        WHERE i.indrelid = $1::pg_catalog.oid
        ORDER BY i.indisprimary DESC, i.indisunique DESC, i.indnkeyatts, ic.relname
        """

    /// What the server and the session are.
    static func session(settings: [String]) -> String {
        let pairs = settings.map { "'\($0)', pg_catalog.current_setting('\($0)')" }
        return """
            SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.pg_backend_pid(),
            \(ObserverSQL.timeline),
            pg_catalog.current_setting('synchronous_commit'), current_user,
            pg_catalog.current_database(),
            pg_catalog.json_build_object(\(pairs.joined(separator: ", ")))::text
            """
    }
}
