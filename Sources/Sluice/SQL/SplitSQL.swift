import SluiceCore
import SluicePostgres

/// Questions that find a table's first and last key and keys between them without reading it:
/// statistics, index probes, and at the last a few blocks.
///
/// Those of a `level` concern one column of the key among the rows whose columns before it have
/// the values of `$1`, a text array: all rows, for the first column.
struct SplitSQL: Sendable {
    let table: QualifiedName
    let tableOID: UInt32
    let key: [KeyColumn]

    /// Blocks that a sample reads: some thousand keys, for at most 64 random reads.
    static let sampledBlocks = 64

    /// The first and the last key, a text array each; no row for an empty table.
    var ends: String {
        let texts = texts(of: qualified)
        return """
            SELECT (SELECT \(texts) FROM ONLY \(table.quoted) ORDER BY \(ascending) LIMIT 1),
            (SELECT \(texts) FROM ONLY \(table.quoted) ORDER BY \(descending) LIMIT 1)
            """
    }

    /// The planner's own estimate of the table's rows, which follows its size on disk.
    var estimate: String {
        "EXPLAIN (FORMAT JSON) SELECT FROM ONLY \(table.quoted)"
    }

    /// The table's pages on disk.
    var pages: String {
        "SELECT pg_catalog.pg_relation_size(\(tableOID))\n"
            + "/ pg_catalog.current_setting('block_size')::bigint"
    }

    // MARK: One column

    /// What the statistics know of the column between its ends, in order: the value, its share of
    /// the rows, whether it is a common value, and its place on the way between the finite ends.
    func points(level: Int) -> String {
        let column = key[level]
        let arithmetic = column.arithmetic
        let (low, high) = (arithmetic.number("w.low"), arithmetic.number("w.high"))
        let place = "(\(arithmetic.number("k.value")) - \(low)) / nullif(\(high) - \(low), 0)"
        return """
            WITH sluice_way AS MATERIALIZED (\(way(level: level))),
            sluice_stat AS MATERIALIZED (SELECT s.* FROM pg_catalog.pg_stats s
            JOIN pg_catalog.pg_namespace ns ON ns.nspname = s.schemaname
            JOIN pg_catalog.pg_class c ON c.relnamespace = ns.oid AND c.relname = s.tablename
            WHERE c.oid = \(tableOID) AND s.attname = \(Literal.quoted(column.name))
            AND NOT s.inherited),
            sluice_known AS (SELECT b.value, b.mass::float8 AS mass, true AS is_common
            FROM sluice_stat s, unnest(s.most_common_vals::text::\(column.castType)[],
            s.most_common_freqs) AS b (value, mass)
            UNION ALL SELECT b.value, CASE WHEN b.n > 1 THEN (1 - (SELECT coalesce(sum(f), 0)
            FROM unnest(s.most_common_freqs) AS f))::float8
            / (cardinality(s.histogram_bounds::text::text[]) - 1) ELSE 0 END, false
            FROM sluice_stat s, unnest(s.histogram_bounds::text::\(column.castType)[])
            WITH ORDINALITY AS b (value, n))
            SELECT k.value::text, greatest(0, k.mass), k.is_common,
            CASE WHEN p.place IS NOT NULL
            THEN round(greatest(0, least(1, p.place)), 12)::float8 END
            FROM sluice_known k, sluice_way w, LATERAL (SELECT \(place) AS place) p
            WHERE k.value >= w.first AND k.value <= w.last
            ORDER BY k.value, k.is_common
            """
    }

    /// The first keys at or above values of the column: `$2` is a text array of them.
    ///
    /// Rows of the value's number and the whole key.
    func probedValues(level: Int) -> String {
        probed(
            from: "unnest($2::text[]) WITH ORDINALITY AS sluice_want (value, n)",
            bound: "sluice_want.value::\(key[level].castType)", level: level)
    }

    /// The same for places on the way from the smallest to the largest finite value: `$2` is an
    /// array of numbers between 0 and 1.
    func probedPlaces(level: Int) -> String {
        let arithmetic = key[level].arithmetic
        let (low, high) = (arithmetic.number("w.low"), arithmetic.number("w.high"))
        let number = "\(low) + (\(high) - \(low)) * p.place::numeric"
        let want = """
            (SELECT p.n, \(arithmetic.value("v.number")) AS value
            FROM (\(way(level: level))) w, unnest($2::float8[]) WITH ORDINALITY AS p (place, n),
            LATERAL (SELECT \(number) AS number) v
            WHERE \(low) < \(high)) sluice_want
            """
        return probed(from: want, bound: "sluice_want.value", level: level)
    }

    private func probed(from want: String, bound: String, level: Int) -> String {
        """
        SELECT sluice_want.n, \(texts(of: names.map { "sluice_key.\($0)" }))
        FROM \(want)
        CROSS JOIN LATERAL (SELECT \(qualified.joined(separator: ", "))
        FROM ONLY \(table.quoted) WHERE \(below(level: level))\(comparable[level]) >= \(bound)
        ORDER BY \(ascending) LIMIT 1) sluice_key
        """
    }

    /// The column's first and last value, and the first and the last finite one.
    private func way(level: Int) -> String {
        let column = comparable[level]
        func end(_ order: String, _ condition: String) -> String {
            "(SELECT \(column) FROM ONLY \(table.quoted)\n"
                + "WHERE \(below(level: level))true\(condition)\nORDER BY \(order) LIMIT 1)"
        }
        let finite = key[level].arithmetic.finite(column)
        return """
            SELECT
            \(end(ascending, "")) AS first,
            \(end(descending, "")) AS last,
            \(end(ascending, finite)) AS low,
            \(end(descending, finite)) AS high
            """
    }

    /// The condition that holds the columns before the level's.
    private func below(level: Int) -> String {
        (0..<level).map {
            "\(comparable[$0]) = ($1::text[])[\($0 + 1)]::\(key[$0].castType) AND "
        }.joined() + (level == 0 ? "$1::text[] IS NOT NULL AND " : "")
    }

    // MARK: Whole keys

    /// Keys that cut a sample of blocks, evenly spaced over the table, into `$1` equal parts.
    ///
    /// By row addresses: `TABLESAMPLE SYSTEM` looks at the number of every block there is, which
    /// takes seconds on a table of some TB. A page holds no more row pointers than a 28th of its
    /// bytes; of those above the 32nd, which only narrow rows have, each eighth is asked for.
    var sample: String {
        """
        WITH sluice_sample AS (SELECT \(qualified.joined(separator: ", ")),
        row_number() OVER (ORDER BY \(ascending)) AS sluice_n, count(*) OVER () AS sluice_c
        FROM ONLY \(table.quoted) WHERE \(Identifier(table.name).quoted).ctid = ANY (ARRAY(
        SELECT DISTINCT ('(' || b.n * s.blocks / \(Self.sampledBlocks) || ',' || o.n || ')')::tid
        FROM (SELECT pg_catalog.pg_relation_size(\(tableOID))
        / current_setting('block_size')::integer AS blocks) s,
        generate_series(0, \(Self.sampledBlocks - 1)) AS b (n),
        generate_series(1, current_setting('block_size')::integer / 28) AS o (n)
        WHERE o.n <= 32 OR o.n % 8 = 0)))
        SELECT \(texts(of: names.map { "s.\($0)" })) FROM sluice_sample s
        WHERE s.sluice_n * $1::bigint / s.sluice_c <> (s.sluice_n - 1) * $1::bigint / s.sluice_c
        AND s.sluice_n < s.sluice_c
        ORDER BY s.sluice_n
        """
    }

    /// Numbers of the cuts that lie strictly between the first key `$2` and the last key `$3`, in
    /// key order and each key once: `$1` is a JSON array of keys.
    ///
    /// The empty selection from the table gives the values their columns' collations.
    var sorted: String {
        let columns = key.indices.map { "k\($0 + 1)" }
        let values = key.enumerated().map { "(c.key ->> \($0))::\($1.castType)" }
        let list = columns.map { "s.\($0)" }.joined(separator: ", ")
        return """
            SELECT DISTINCT ON (\(list)) s.n FROM (
            SELECT 0::bigint AS n, \(zip(comparable, columns).map { "\($0) AS \($1)" }
                .joined(separator: ", ")) FROM ONLY \(table.quoted) WHERE false
            UNION ALL SELECT c.n, \(values.joined(separator: ", "))
            FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS c (key, n)) s
            WHERE \(row(columns.map { "s.\($0)" })) > \(row(casts("$2")))
            AND \(row(columns.map { "s.\($0)" })) < \(row(casts("$3")))
            ORDER BY \(list), s.n
            """
    }

    // MARK: The pieces

    /// With the table's name in front: in ORDER BY a bare name would mean the output column.
    private var qualified: [String] {
        names.map { "\(Identifier(table.name).quoted).\($0)" }
    }

    /// The columns as their operators take them.
    private var comparable: [String] {
        zip(qualified, key).map { $0 + ($1.isComparedByCast ? "::\($1.castType)" : "") }
    }

    private var names: [String] { key.map { Identifier($0.name).quoted } }

    private var ascending: String { qualified.joined(separator: ", ") }

    private var descending: String { qualified.map { "\($0) DESC" }.joined(separator: ", ") }

    private func texts(of columns: [String]) -> String {
        "ARRAY[" + columns.map { "\($0)::text" }.joined(separator: ", ") + "]"
    }

    private func casts(_ parameter: String) -> [String] {
        key.enumerated().map { "(\(parameter)::text[])[\($0 + 1)]::\($1.castType)" }
    }

    private func row(_ parts: [String]) -> String {
        parts.count == 1 ? parts[0] : "ROW(\(parts.joined(separator: ", ")))"
    }
}
