import SluiceCore
import SluicePostgres

/// Questions from whose answers a forecast is made.
enum ForecastSQL {
    /// Whether this role may make temporary tables, and whether making one would set off triggers
    /// on definitions.
    static let mayTry = """
        SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY'),
        EXISTS (SELECT FROM pg_catalog.pg_event_trigger e WHERE e.evtenabled <> 'D'
        AND (e.evtevent LIKE 'ddl%' OR e.evtevent = 'sql_drop'))
        """

    /// Bytes of the tables `$1` and of all partitions below them: with values out of line, of
    /// indexes, and of the heap alone.
    static let sizes = """
        SELECT coalesce(sum(pg_catalog.pg_table_size(t.oid)), 0),
        coalesce(sum(pg_catalog.pg_indexes_size(t.oid)), 0),
        coalesce(sum(pg_catalog.pg_relation_size(t.oid)), 0)
        FROM (SELECT o.oid FROM unnest($1::pg_catalog.oid[]) AS o (oid)
        UNION SELECT p.relid::pg_catalog.oid FROM unnest($1::pg_catalog.oid[]) AS o (oid),
        pg_catalog.pg_partition_tree(o.oid) p) t
        """

    /// The statistics of the columns of the table `$1`.
    private static let statistics = """
        sluice_stat AS MATERIALIZED (SELECT s.attname, s.avg_width, s.correlation, s.null_frac
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname
        WHERE c.oid = $1::pg_catalog.oid AND NOT s.inherited)
        """

    /// What a row of the table `$1` is wide, by the statistics, and how much wider it becomes when
    /// the columns `$2` are set; then its pages, and its rows (-1 where it was never analyzed).
    ///
    /// 24 bytes are a row's header. A value of variable length that nothing is known of is taken
    /// for one of 32 bytes.
    static let widths = """
        WITH \(statistics)
        SELECT 24 + sum(s.avg_width * (1 - s.null_frac)),
        coalesce(sum(CASE WHEN a.attlen > 0 THEN a.attlen ELSE coalesce(nullif(s.avg_width, 0), 32)
        END - coalesce(s.avg_width * (1 - s.null_frac), 0))
        FILTER (WHERE a.attname = ANY ($2::text[])), 0),
        pg_catalog.pg_relation_size($1::pg_catalog.oid) / current_setting('block_size')::bigint,
        (SELECT c.reltuples FROM pg_catalog.pg_class c WHERE c.oid = $1::pg_catalog.oid)
        FROM pg_catalog.pg_attribute a LEFT JOIN sluice_stat s ON s.attname = a.attname
        WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
        """

    /// The indexes of the table `$1`: bytes, what an entry's values are wide, whether one of the
    /// columns `$2` stands in it, and how far its order is that of the pages.
    static let indexes = """
        WITH \(statistics), \(TouchedSQL.columns)
        SELECT pg_catalog.pg_relation_size(c.oid),
        (SELECT sum(coalesce(s.avg_width, CASE WHEN a.attlen > 0 THEN a.attlen ELSE 16 END))
        FROM pg_catalog.pg_attribute a
        LEFT JOIN pg_catalog.pg_attribute t ON t.attrelid = i.indrelid
        AND t.attnum = (i.indkey::int2[])[a.attnum - 1] AND t.attnum > 0
        LEFT JOIN sluice_stat s ON s.attname = t.attname WHERE a.attrelid = c.oid),
        \(TouchedSQL.isTouched),
        (SELECT s.correlation FROM pg_catalog.pg_attribute t
        JOIN sluice_stat s ON s.attname = t.attname
        WHERE t.attrelid = i.indrelid AND t.attnum = (i.indkey::int2[])[0])
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_am m ON m.oid = c.relam
        WHERE i.indrelid = $1::pg_catalog.oid AND i.indislive ORDER BY c.relname
        """

    /// How often the run `$1` was joined, and what was reckoned before it began.
    static let recorded = """
        SELECT (SELECT count(*) FROM sluice.event e WHERE e.run = r.id AND e.kind = 'joined'),
        r.forecast FROM sluice.run r WHERE r.id = $1
        """
}

/// The statements of a probe: a copy of a few pages' rows in a temporary table, and the job's
/// change of it, all of it rolled back.
///
/// Before any expression is executed, the functions in it are looked up in the tree that the
/// server makes of a view; and whatever those do, the transaction is read-only by then, which
/// lets temporary tables be written and nothing else.
struct ProbeSQL: Sendable {
    let job: PlannedJob
    let part: PlannedPart
    /// The first block of each page that is read, and one behind the last.
    let blocks: [Range<Int>]
    /// Most rows that are copied.
    let rowsMost: Int

    // MARK: What the expressions do

    /// A view over the job's expressions: made and never read.
    var view: String {
        let expressions =
            job.identity.assignments.map(\.expression)
            + (job.identity.predicate.map { [$0] } ?? [])
        let list = expressions.enumerated().map {
            "(\n\($0.element)\n) IS NULL AS sluice_\($0.offset + 1)"
        }
        let columns = list.isEmpty ? "true AS sluice_0" : list.joined(separator: ",\n")
        return """
            CREATE TEMPORARY VIEW sluice_probe_view AS SELECT \(columns)
            FROM ONLY \(job.batch(part).source)
            """
    }

    /// Functions in the view whose value may change, or which may change something, and relations
    /// in it that are no tables, whose own expressions the tree does not show.
    static let doubtful = """
        WITH sluice_tree AS MATERIALIZED (SELECT r.ev_action::text AS tree, r.ev_class
        FROM pg_catalog.pg_rewrite r
        WHERE r.ev_class = 'pg_temp.sluice_probe_view'::pg_catalog.regclass),
        sluice_number AS MATERIALIZED (SELECT DISTINCT m[1] AS kind, m[2]::pg_catalog.oid AS oid
        FROM sluice_tree, pg_catalog.regexp_matches(tree,
        ':(funcid|opfuncid|opno|aggfnoid|winfnoid|winaggfuncid|relid) (\\d+)', 'g') AS m)
        SELECT p.proname::text FROM sluice_number n
        LEFT JOIN pg_catalog.pg_operator o ON n.kind = 'opno' AND o.oid = n.oid
        JOIN pg_catalog.pg_proc p ON p.oid = coalesce(o.oprcode, n.oid)
        WHERE n.kind <> 'relid' AND p.provolatile = 'v'
        UNION SELECT c.relname::text FROM sluice_number n
        JOIN pg_catalog.pg_class c ON c.oid = n.oid
        WHERE n.kind = 'relid' AND c.relkind NOT IN ('r', 'p', 'm')
        AND c.oid <> (SELECT ev_class FROM sluice_tree LIMIT 1) ORDER BY 1
        """

    /// From here on the transaction may write to temporary tables only.
    static let readOnly = "SET TRANSACTION READ ONLY"

    // MARK: The copy

    /// A table of the same columns, generated ones included, with the same indexes; defaults and
    /// checks, whose functions were not looked at, are left out.
    var table: String {
        """
        CREATE TEMPORARY TABLE \(copy) (LIKE \(model.quoted) INCLUDING ALL EXCLUDING CONSTRAINTS
        EXCLUDING DEFAULTS EXCLUDING IDENTITY EXCLUDING COMMENTS EXCLUDING STATISTICS)
        ON COMMIT DROP
        """
    }

    /// Rows of the sample, and those that match the predicate.
    var count: String {
        let matching = job.identity.predicate.map { " FILTER (WHERE (\n\($0)\n))" } ?? ""
        return "SELECT count(*), count(*)\(matching) FROM (\(sample)) AS \(alias)"
    }

    /// Copies the sample; for a copy or a move, as the job does.
    var fill: String {
        if job.target != nil {
            let columns = job.identity.assignments.map { Identifier($0.column).quoted }
            let values = job.identity.assignments.map { "(\n\($0.expression)\n)" }
            let matching = job.identity.predicate.map { " WHERE (\n\($0)\n)" } ?? ""
            return """
                INSERT INTO \(copy) (\(columns.joined(separator: ", ")))
                SELECT \(values.joined(separator: ", "))
                FROM (\(sample)\nLIMIT \(rowsMost)) AS \(alias)\(matching)
                """
        }
        let columns = plainColumns.joined(separator: ", ")
        return """
            INSERT INTO \(copy) (\(columns)) SELECT \(columns) FROM (\(sample)) AS s
            LIMIT \(rowsMost)
            """
    }

    /// The job's change of the copy.
    var change: String {
        let matching = job.identity.predicate.map { "\nWHERE (\n\($0)\n)" } ?? ""
        return "UPDATE \(copy) AS \(alias) SET \(ChangeSQL.assignments(job.identity))\(matching)"
    }

    /// The copy's bytes in pages, those out of line, its rows' own (which do not tell where values
    /// lie out of line), and the time.
    var measure: String {
        """
        SELECT pg_catalog.pg_relation_size(c.oid),
        coalesce(pg_catalog.pg_relation_size(nullif(c.reltoastrelid, 0)), 0),
        CASE WHEN coalesce(pg_catalog.pg_relation_size(nullif(c.reltoastrelid, 0)), 0) = 0
        THEN (SELECT sum((pg_catalog.pg_column_size(sluice_row.*) + 7) / 8 * 8)
        FROM \(copy) AS sluice_row) END,
        extract(epoch FROM pg_catalog.clock_timestamp())
        FROM pg_catalog.pg_class c WHERE c.oid = \(Literal.quoted(copy))::pg_catalog.regclass
        """
    }

    // MARK: Pieces

    private var model: QualifiedName { job.target?.name ?? part.name }
    private var copy: String { "pg_temp.\(Identifier(model.name).quoted)" }
    private var alias: String { Identifier(job.alias(part) ?? part.name.name).quoted }

    /// Columns that can be written.
    private var plainColumns: [String] {
        job.table.columns.filter { !$0.isGenerated }.map { Identifier($0.name).quoted }
    }

    /// The rows of the pages that are read, each page found by its number.
    private var sample: String {
        let columns = job.table.columns.map { Identifier($0.name).quoted }.joined(separator: ", ")
        return blocks.map { block in
            """
            SELECT \(columns) FROM ONLY \(part.name.quoted)
            WHERE ctid >= '(\(block.lowerBound),0)'::tid AND ctid < '(\(block.upperBound),0)'::tid
            """
        }.joined(separator: "\nUNION ALL ")
    }
}
