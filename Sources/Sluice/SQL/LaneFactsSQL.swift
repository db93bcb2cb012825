import SluiceCore
import SluicePostgres

/// What decides whether a table is filled in lanes.
enum LaneFactsSQL {
    /// Whether any of the types `$1` is an array, or a domain over one: an array of those is one of
    /// more dimensions, and no list of keys.
    static let areArrays = """
        SELECT bool_or(t.typcategory = 'A') FROM unnest($1::text[]) AS n (name)
        JOIN pg_catalog.pg_type t ON t.oid = pg_catalog.to_regtype(n.name)
        """

    /// Facts of the table `$1` whose columns `$2` are assigned and whose key begins with `$3`:
    /// indexes that an assignment touches, how many others there are beside one, rows in a page,
    /// how far the key follows the pages, by how many bytes a row grows, and whether what is set
    /// may be stored out of line, which nobody's numbers are.
    ///
    /// It grows by what is NULL so far, all of it in a column that nobody has analyzed since it was
    /// added: by the type's length, or what its values are long on average, or 16 bytes where
    /// neither is known.
    static let facts = """
        WITH \(TouchedSQL.columns),
        sluice_index AS MATERIALIZED (SELECT c.relname, \(TouchedSQL.isTouched) AS is_touched
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_am m ON m.oid = c.relam
        WHERE i.indrelid = $1::pg_catalog.oid AND i.indislive)
        SELECT ARRAY(SELECT i.relname::text FROM sluice_index i WHERE i.is_touched
        ORDER BY i.relname), (SELECT greatest(0, count(*) - 1) FROM sluice_index),
        (SELECT c.reltuples / nullif(c.relpages, 0) FROM pg_catalog.pg_class c
        WHERE c.oid = $1::pg_catalog.oid AND c.reltuples > 0),
        (SELECT s.correlation FROM pg_catalog.pg_stats s
        JOIN pg_catalog.pg_namespace n ON n.nspname = s.schemaname
        JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename
        WHERE c.oid = $1::pg_catalog.oid AND s.attname = $3 AND NOT s.inherited),
        (SELECT coalesce(sum(coalesce(s.null_frac, CASE WHEN a.attnotnull THEN 0 ELSE 1 END)
        * CASE WHEN a.attlen > 0 THEN a.attlen WHEN s.avg_width > 0 THEN s.avg_width
        ELSE 16 END), 0)
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname
        AND s.attname = a.attname AND NOT s.inherited
        WHERE a.attrelid = $1::pg_catalog.oid AND a.attname = ANY ($2::text[])),
        EXISTS (SELECT FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = $1::pg_catalog.oid AND a.attname = ANY ($2::text[])
        AND a.attlen < 0 AND a.attstorage <> 'p'
        AND a.atttypid <> 'pg_catalog.numeric'::pg_catalog.regtype)
        """

    /// Keys that part the rows of the table `$1` into equal shares by the first column of the key,
    /// `$2`, as an array; NULL where statistics know none, or where a tenth of the rows or more has
    /// one of the most common values, which stand beside them.
    static let bounds = """
        SELECT CASE WHEN coalesce((SELECT sum(f.share) FROM unnest(s.most_common_freqs)
        AS f (share)), 0) < 0.1 THEN s.histogram_bounds::text END FROM pg_catalog.pg_stats s
        JOIN pg_catalog.pg_namespace n ON n.nspname = s.schemaname
        JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename
        WHERE c.oid = $1::pg_catalog.oid AND s.attname = $2 AND NOT s.inherited
        """

    /// The share of a page's rows in that of eight parts of the keys which has most of them, on
    /// average over some pages of the table that have eight rows or more; `$1` are the bounds
    /// between the parts, `$2` the share of pages in percent.
    static func nearness(_ table: QualifiedName, _ key: KeyColumn) -> String {
        """
        SELECT avg(p.most::double precision / p.rows) FROM (
        SELECT max(c.rows) AS most, sum(c.rows) AS rows FROM (
        SELECT (t.ctid::text::pg_catalog.point)[0] AS page, pg_catalog.width_bucket(
        t.\(Identifier(key.name).quoted), $1::\(key.castType)[]) AS part, count(*) AS rows
        FROM ONLY \(table.quoted) t TABLESAMPLE SYSTEM ($2::real) REPEATABLE (1)
        GROUP BY 1, 2) c GROUP BY c.page HAVING sum(c.rows) >= 8) p
        """
    }
}
