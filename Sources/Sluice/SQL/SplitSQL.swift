import SluiceCore
import SluicePostgres

/// Questions that find a table's first and last key and bounds between them without reading it:
/// statistics and index probes only.
struct SplitSQL: Sendable {
    let table: QualifiedName
    let tableOID: UInt32
    let key: [KeyColumn]

    /// The first and the last key, a text array each; no row for an empty table.
    var ends: String {
        let list = qualified.joined(separator: ", ")
        let descending = qualified.map { "\($0) DESC" }.joined(separator: ", ")
        let texts = qualified.map { "\($0)::text" }.joined(separator: ", ")
        return """
            SELECT (SELECT ARRAY[\(texts)] FROM ONLY \(table.quoted) ORDER BY \(list) LIMIT 1),
            (SELECT ARRAY[\(texts)] FROM ONLY \(table.quoted) ORDER BY \(descending) LIMIT 1)
            """
    }

    /// The first key column's histogram bounds that lie inside the table's ends, each completed by
    /// one index probe to the whole key that the bound falls on; `$1` and `$2` are the ends as text
    /// arrays, `$3` how many bounds to return at most.
    ///
    /// Sorted by the server.
    var histogram: String {
        let texts = names.map { "p.\($0)::text" }.joined(separator: ", ")
        let list = qualified.joined(separator: ", ")
        return """
            WITH bound AS (SELECT b.value, row_number() OVER (ORDER BY b.n) AS n,
            count(*) OVER () AS c
            FROM pg_catalog.pg_stats s, pg_catalog.pg_class c, pg_catalog.pg_namespace ns,
            unnest(s.histogram_bounds::text::\(key[0].castType)[]) WITH ORDINALITY AS b (value, n)
            WHERE c.oid = \(tableOID) AND ns.oid = c.relnamespace AND s.schemaname = ns.nspname
            AND s.tablename = c.relname AND s.attname = \(Literal.quoted(key[0].name))
            AND NOT s.inherited
            AND b.value > ($1::text[])[1]::\(key[0].castType)
            AND b.value < ($2::text[])[1]::\(key[0].castType)),
            thinned AS (SELECT DISTINCT b.value FROM bound b
            WHERE b.n * $3::bigint / b.c <> (b.n - 1) * $3::bigint / b.c),
            probed AS (SELECT DISTINCT p.* FROM thinned sluice_cut CROSS JOIN LATERAL (
            SELECT \(list) FROM ONLY \(table.quoted) WHERE \(qualified[0]) >= sluice_cut.value
            ORDER BY \(list) LIMIT 1) p)
            SELECT ARRAY[\(texts)] FROM probed p
            WHERE \(row(names.map { "p.\($0)" })) < \(row(endCasts("$2")))
            ORDER BY \(names.map { "p.\($0)" }.joined(separator: ", "))
            """
    }

    /// The planner's own estimate of the table's rows, which follows its size on disk.
    var estimate: String {
        "EXPLAIN (FORMAT JSON) SELECT FROM ONLY \(table.quoted)"
    }

    /// With the table's name in front: in ORDER BY a bare name would mean the output column.
    private var qualified: [String] {
        names.map { "\(Identifier(table.name).quoted).\($0)" }
    }

    private var names: [String] { key.map { Identifier($0.name).quoted } }

    private func endCasts(_ parameter: String) -> [String] {
        key.enumerated().map { "(\(parameter)::text[])[\($0 + 1)]::\($1.castType)" }
    }

    private func row(_ parts: [String]) -> String {
        parts.count == 1 ? parts[0] : "ROW(\(parts.joined(separator: ", ")))"
    }
}
