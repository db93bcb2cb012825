/// Whether values that are equal are the same.
enum EqualitySQL {
    /// The columns `$2` of the table `$1` whose values may be equal and differ, with their types:
    /// by a collation that is not deterministic, or by a type of an extension, such as `citext`,
    /// whose B-tree class does not say that equal values look the same.
    ///
    /// The server's own types are left out, though 1.0 and 1.00 are equal: that is the same number.
    static let loose = """
        WITH RECURSIVE sluice_type AS (
        SELECT a.attnum, a.attname, a.attcollation, a.atttypid AS oid
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = $1::pg_catalog.oid AND a.attname = ANY ($2::text[])
        UNION ALL SELECT s.attnum, s.attname, s.attcollation,
        CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END
        FROM sluice_type s JOIN pg_catalog.pg_type t ON t.oid = s.oid
        WHERE t.typtype = 'd' OR t.typcategory = 'A')
        SELECT DISTINCT s.attname::text, (SELECT pg_catalog.format_type(a.atttypid, a.atttypmod)
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum = s.attnum)
        FROM sluice_type s JOIN pg_catalog.pg_type t ON t.oid = s.oid
        WHERE EXISTS (SELECT FROM pg_catalog.pg_collation c
        WHERE c.oid = s.attcollation AND NOT c.collisdeterministic)
        OR t.typtype = 'b' AND t.typcategory <> 'A'
        AND t.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_opclass o
        JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod AND m.amname = 'btree'
        JOIN pg_catalog.pg_amproc p ON p.amprocfamily = o.opcfamily
        AND p.amproclefttype = o.opcintype AND p.amprocrighttype = o.opcintype
        AND p.amprocnum = 4 WHERE o.opcintype = t.oid AND o.opcdefault)
        ORDER BY 1
        """

    /// Whether a column's values can be compared at all: planned and not executed.
    static func comparison(_ table: String, _ column: String) -> String {
        "EXPLAIN SELECT FROM ONLY \(table) WHERE \(column) IS DISTINCT FROM \(column)"
    }
}
