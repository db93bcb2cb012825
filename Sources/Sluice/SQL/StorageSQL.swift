/// Questions to the system catalogs about how the rows of a job's tables are stored; `$1` is an
/// array of the tables' OIDs.
enum StorageSQL {
    /// Tables with rows stored out of line, each with its columns of variable length, the bytes of
    /// its rows, and how many the statistics count.
    static let wideColumns = """
        SELECT c.oid, ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attlen < 0 AND a.attstorage <> 'p' ORDER BY a.attnum),
        pg_catalog.pg_relation_size(c.oid) + pg_catalog.pg_relation_size(c.reltoastrelid),
        c.reltuples
        FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::pg_catalog.oid[])
        AND c.reltoastrelid <> 0 AND pg_catalog.pg_relation_size(c.reltoastrelid) > 0
        """

    /// Partial indexes whose first columns are the key `$2` in its own order, with the keys that
    /// they held when statistics were taken last, and their pages for entries.
    ///
    /// Statistics count none where none of the rows looked at is in the index, which says that it
    /// is small and not that it is empty.
    static let drivingIndexes = """
        SELECT i.indrelid, ic.relname, ic.reltuples, greatest(0,
        pg_catalog.pg_relation_size(ic.oid)
        / pg_catalog.current_setting('block_size')::integer - 1) FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
        JOIN pg_catalog.pg_am m ON m.oid = ic.relam AND m.amname = 'btree'
        CROSS JOIN LATERAL (SELECT array_agg(a.attname::text ORDER BY k.n) AS names,
        min(k.o) = max(k.o) AND min(k.o) IN (0, 3)
        AND bool_and(o.opcdefault AND k.collated = a.attcollation) AS is_plain
        FROM unnest(i.indkey::int2[], i.indoption::int2[], i.indclass::oid[],
        i.indcollation::oid[]) WITH ORDINALITY AS k (attnum, o, class, collated, n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        JOIN pg_catalog.pg_opclass o ON o.oid = k.class
        WHERE k.n <= least(i.indnkeyatts, cardinality($2::text[]))) c
        WHERE i.indrelid = ANY ($1::pg_catalog.oid[]) AND i.indisvalid
        AND i.indpred IS NOT NULL AND c.is_plain AND c.names = $2::text[]
        ORDER BY i.indnkeyatts, ic.relname
        """
}
