/// Which indexes an update of some columns writes.
enum TouchedSQL {
    /// The numbers of the columns `$2` of the table `$1`, and of those that are generated from
    /// them, as `sluice_column`.
    ///
    /// To PostgreSQL 14 the generated column itself depends on the others, since then its
    /// expression does.
    static let columns = """
        sluice_column AS MATERIALIZED (
        WITH sluice_assigned AS MATERIALIZED (
        SELECT a.attnum FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = $1::pg_catalog.oid AND a.attname = ANY ($2::text[]))
        SELECT s.attnum FROM sluice_assigned s
        UNION SELECT g.attnum FROM pg_catalog.pg_attribute g
        JOIN pg_catalog.pg_attrdef e ON e.adrelid = g.attrelid AND e.adnum = g.attnum
        JOIN pg_catalog.pg_depend d
        ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.objid = e.oid
        OR d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = g.attrelid
        AND d.objsubid = g.attnum
        JOIN sluice_assigned s ON s.attnum = d.refobjsubid
        WHERE g.attrelid = $1::pg_catalog.oid AND g.attgenerated <> ''
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refobjid = g.attrelid)
        """

    /// Whether the index `i`, whose access method is `m`, holds one of `sluice_column`, or an
    /// expression or a predicate over it: each update then writes all indexes anew.
    ///
    /// From version 16 on an index that only sums up its pages (BRIN) leaves updates in place.
    static let isTouched = """
        EXISTS (SELECT FROM sluice_column s WHERE s.attnum = ANY (i.indkey::int2[])
        OR EXISTS (SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refobjid = i.indrelid AND d.refobjsubid = s.attnum))
        AND NOT (m.amname = 'brin' AND current_setting('server_version_num')::integer >= 160000)
        """
}
