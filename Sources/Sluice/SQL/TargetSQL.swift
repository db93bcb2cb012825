/// Questions to the system catalogs about the table that a copy or a move goes to.
enum TargetSQL {
    /// The relation that the name `$1` means; `$2` is the source's OID.
    ///
    /// A partition and the table that it is a part of hold the same rows.
    static let byName = """
        SELECT c.oid, n.nspname, c.relname, c.relkind,
        n.nspname IN ('pg_catalog', 'information_schema', 'pg_toast', 'sluice'),
        pg_catalog.has_table_privilege(c.oid, 'INSERT')
        OR pg_catalog.has_any_column_privilege(c.oid, 'INSERT'),
        pg_catalog.row_security_active(c.oid), c.oid = $2::pg_catalog.oid
        OR EXISTS (SELECT FROM pg_catalog.pg_partition_ancestors($2::pg_catalog.oid) a
        WHERE a.relid = c.oid)
        OR EXISTS (SELECT FROM pg_catalog.pg_partition_ancestors(c.oid) a
        WHERE a.relid = $2::pg_catalog.oid)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = pg_catalog.to_regclass($1)
        """

    /// The same by OID, for a run that is resumed.
    static let byOID = byName.replacing(
        "c.oid = pg_catalog.to_regclass($1)", with: "c.oid = $1::pg_catalog.oid")

    /// Columns of the table `$1`, in order: name, number, whether generated, whether GENERATED
    /// ALWAYS AS IDENTITY, whether an INSERT that leaves it out fails.
    static let columns = """
        SELECT a.attname, a.attnum, a.attgenerated <> '', a.attidentity = 'a',
        a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND t.typdefault IS NULL
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
        """

    /// Columns of each unique index of the table `$1` that ON CONFLICT can name, the primary key
    /// first.
    static let uniqueKeys = """
        SELECT (SELECT array_agg(a.attname::text ORDER BY k.n)
        FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE k.n <= i.indnkeyatts)
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
        WHERE i.indrelid = $1::pg_catalog.oid AND i.indisunique AND i.indisvalid
        AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
        ORDER BY i.indisprimary DESC, i.indnkeyatts, ic.relname
        """
}
