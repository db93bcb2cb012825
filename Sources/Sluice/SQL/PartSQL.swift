/// Questions about the tables that hold a partitioned or inherited table's rows, and what the
/// ledger knows of them.
enum PartSQL {
    /// The table `$1` and everything below it, partitions that are being detached left out.
    private static let tree = """
        WITH RECURSIVE tree AS (SELECT $1::pg_catalog.oid AS oid UNION
        SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree t ON i.inhparent = t.oid
        WHERE NOT i.inhdetachpending)
        """

    /// What batches need to know of a table: numbers and names of the columns `$2` in it.
    private static let mark = """
        (SELECT string_agg(a.attnum || ':' || a.attname, ',' ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped
        AND a.attname = ANY ($2::text[]))
        """

    private static let facts = """
        c.oid, n.nspname, c.relname, c.relkind, \(mark),
        pg_catalog.row_security_active(c.oid),
        pg_catalog.has_table_privilege(c.oid, 'SELECT'), c.relpages
        """

    /// Tables that hold rows of `$1`: itself, or with `$3` also what lies below it.
    static let leaves = """
        \(tree) SELECT \(facts) FROM tree t
        JOIN pg_catalog.pg_class c ON c.oid = t.oid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind <> 'p' AND ($3::boolean OR c.oid = $1::pg_catalog.oid)
        ORDER BY n.nspname, c.relname
        """

    /// The tables of a run, by what the ledger holds of them: `$1` run; no OID where the table is
    /// gone from the catalog.
    static let recorded = """
        SELECT \(facts), p.number, p.table_name, p.gone_at IS NOT NULL, p.is_physical
        FROM sluice.part p
        LEFT JOIN pg_catalog.pg_class c ON c.oid = p.table_oid
        LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE p.run = $1 ORDER BY p.number
        """

    /// Columns that decide in which partition of `$1` a row lies: those named in a partition key,
    /// and those that its expressions read (on which the table itself depends).
    static let partitionKey = """
        \(tree) SELECT DISTINCT a.attname FROM tree t
        JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = t.oid
        JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0
        WHERE a.attnum = ANY (p.partattrs::int2[]) OR EXISTS (SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = t.oid
        AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = t.oid
        AND (d.objsubid = a.attnum OR d.refobjsubid = a.attnum) AND d.deptype = 'i')
        """

    /// Triggers of single partitions that fire for each updated row; those of the table itself
    /// are its own.
    static let triggers = """
        \(tree) SELECT string_agg(DISTINCT g.tgname || ' (' || c.relname || ')', ', ')
        FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.oid
        JOIN pg_catalog.pg_trigger g ON g.tgrelid = t.oid
        WHERE t.oid <> $1::pg_catalog.oid AND NOT g.tgisinternal AND g.tgparentid = 0
        AND g.tgenabled IN ('O', 'A') AND g.tgtype & 16 <> 0
        """

    // MARK: While a run goes on

    /// How the run's tables stand: `$1` numbers, `$2` columns, `$3` names, `$4` OIDs; whether the
    /// table is there, whether its name still means it, and its columns.
    static let present = """
        SELECT p.number, c.oid IS NOT NULL, pg_catalog.to_regclass(p.name)::oid = p.oid, \(mark)
        FROM unnest($1::integer[], $3::text[], $4::pg_catalog.oid[]) AS p (number, name, oid)
        LEFT JOIN pg_catalog.pg_class c ON c.oid = p.oid
        """

    /// Tables below `$1` that hold rows and that the run `$2` does not know, and such that it knows
    /// and that are no longer below it.
    static let changes = """
        \(tree), leaf AS (SELECT c.oid, c.oid::regclass::text AS name FROM tree t
        JOIN pg_catalog.pg_class c ON c.oid = t.oid WHERE c.relkind <> 'p')
        SELECT 'attached', l.name FROM leaf l WHERE l.oid NOT IN
        (SELECT p.table_oid FROM sluice.part p WHERE p.run = $2)
        UNION ALL SELECT 'detached', p.table_name FROM sluice.part p WHERE p.run = $2
        AND p.gone_at IS NULL AND p.table_oid NOT IN (SELECT l.oid FROM leaf l)
        AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = p.table_oid)
        """

    /// Writes down a change of the run's tables once: `$1` run, `$2` kind, `$3` table; a row where
    /// it is news.
    static let note = """
        INSERT INTO sluice.event (run, kind, detail) SELECT $1, $2, $3
        WHERE NOT EXISTS (SELECT FROM sluice.event e WHERE e.run = $1 AND e.kind = $2
        AND e.detail = $3) RETURNING id
        """

    /// Changes that were noted, for the run's last word.
    static let noted = """
        SELECT kind, string_agg(DISTINCT detail, ', ') FROM sluice.event
        WHERE run = $1 AND kind IN ('attached', 'detached', 'dropped') GROUP BY kind ORDER BY kind
        """

    /// Writes down that a table was dropped: `$1` run, `$2` part; the table's name where that is
    /// news.
    static let abandon = """
        WITH gone AS (UPDATE sluice.part SET gone_at = clock_timestamp()
        WHERE run = $1 AND number = $2 AND gone_at IS NULL RETURNING table_name)
        INSERT INTO sluice.event (run, kind, detail) SELECT $1, 'dropped', g.table_name FROM gone g
        RETURNING detail
        """

    /// Ends the ranges of every table that was dropped: `$1` run.
    ///
    /// Not once and for all: a range that is cut or renewed at that very moment appears later.
    static let endAbandoned = """
        UPDATE sluice.range r SET state = 'done', owner = NULL, lease_until = NULL,
        epoch = r.epoch + 1, keys_estimate = r.keys_scanned, updated_at = clock_timestamp()
        FROM sluice.part p WHERE r.run = $1 AND r.state <> 'done'
        AND p.run = $1 AND p.number = r.part AND p.gone_at IS NOT NULL
        """
}
