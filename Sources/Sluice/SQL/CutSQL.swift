import SluiceCore
import SluicePostgres

/// Statements by which a worker that has run dry takes over half of another one's range.
struct CutSQL: Sendable {
    let table: QualifiedName
    /// The name by which the user's predicate knows the table, where it is one of several.
    var alias: String?
    let key: [KeyColumn]
    /// The predicate, where a partial index drives the batches: then their keys are those that
    /// match.
    var filter: String?

    /// How many whole steps of keys lie ahead of a cursor, in keys, how many of them the range's
    /// owner keeps, and the last key of those: `$1` cursor, `$2` upper bound, `$3` keys to walk at
    /// most, `$4` keys of a step, `$5` keys that must be ahead for a cut to pay, `$6` steps of the
    /// batch that is being executed (``SplitRule``).
    ///
    /// The index is walked once, not asked for an estimate: so the halves are equal however the
    /// keys are spread and whatever their type is. Where more is ahead than is walked, the owner
    /// keeps what was walked and is met again there.
    ///
    /// `shared` says how many leading columns cursor and upper bound have in common: compared for
    /// equality, they end the scan where a row comparison alone would not.
    func midpoint(hasCursor: Bool, shared: Int = 0) -> String {
        let (cursor, upper) = (casts("$1"), casts("$2"))
        func rest(_ parts: [String]) -> String { row(Array(parts[shared...])) }
        let equal = (0..<shared).map { "\(comparable[$0]) = \(upper[$0])\nAND " }.joined()
        let above =
            hasCursor ? "\(rest(comparable)) > \(rest(cursor))\nAND " : "$1::text IS NULL AND "
        let ahead = "\(equal)\(above)\(rest(comparable)) <= \(rest(upper))"
        let columns = key.indices.map { "k\($0 + 1)" }
        let selected = zip(qualified, columns).map { "\($0) AS \($1)" }
        let texts = columns.map { "s.\($0)::text" }
        return """
            WITH sluice_step AS MATERIALIZED (SELECT s.n, ARRAY[\(texts.joined(separator: ", "))]
            AS last FROM (SELECT row_number() OVER () AS n, k.* FROM (
            SELECT \(selected.joined(separator: ", ")) FROM ONLY \(source)
            WHERE \(ahead)\(filterClause)
            ORDER BY \(qualified.joined(separator: ", ")) LIMIT $3::bigint) k) s
            WHERE s.n % $4::bigint = 0),
            sluice_kept AS (SELECT max(s.n) AS keys, CASE WHEN max(s.n) < $3::bigint
            THEN (max(s.n) / $4::bigint + $6::bigint + 1) / 2 * $4::bigint
            ELSE max(s.n) END AS kept
            FROM sluice_step s)
            SELECT k.keys, k.kept, s.last FROM sluice_kept k JOIN sluice_step s ON s.n = k.kept
            WHERE k.keys >= $5::bigint
            """
    }

    /// Cuts a range at a key, if that still lies ahead of its cursor and below its upper bound,
    /// and gives what follows to the caller: `$1` run, `$2` range, `$3` owner, `$4` lease in
    /// seconds, `$5` the key, `$6` keys that the old owner keeps, `$7` keys that follow, if known.
    ///
    /// Locks are taken in the order of a cancel and of a renewal: the run's row (shared, since the
    /// next lock may take as long as a batch), the range's, then for a moment the numbering's.
    var cut: String {
        """
        WITH open AS MATERIALIZED (SELECT FROM sluice.run WHERE id = $1 AND state = 'running'
        FOR SHARE),
        old AS MATERIALIZED (SELECT coalesce(r.region_upper, r."cursor") AS "cursor", r.upper,
        r.keys_estimate, r.keys_scanned, r.part, r.is_physical
        FROM sluice.range r WHERE EXISTS (SELECT FROM open)
        AND r.run = $1 AND r.number = $2 AND r.state = 'running' FOR NO KEY UPDATE),
        cut AS MATERIALIZED (SELECT o.* FROM old o
        WHERE (o."cursor" IS NULL OR \(row(casts("$5"))) > \(row(casts("o.\"cursor\""))))
        AND \(row(casts("$5"))) < \(row(casts("o.upper")))),
        counted AS (UPDATE sluice.numbering SET last = last + 1
        WHERE run = $1 AND EXISTS (SELECT FROM cut) RETURNING last),
        shortened AS (UPDATE sluice.range r SET upper = $5::text[],
        keys_estimate = r.keys_scanned + $6::bigint, updated_at = clock_timestamp()
        WHERE r.run = $1 AND r.number = $2 AND EXISTS (SELECT FROM counted)),
        noted AS (INSERT INTO sluice.event (run, owner, kind, detail)
        SELECT $1, $3::uuid, 'split', 'range ' || $2::text || ' into ' || c.last FROM counted c)
        INSERT INTO sluice.range (run, number, part, lower, upper, "cursor", state, owner, epoch,
        lease_until, keys_estimate, is_physical)
        SELECT $1, c.last, o.part, $5::text[], o.upper, $5::text[], 'running', $3::uuid, 1,
        clock_timestamp() + $4::double precision * interval '1 second',
        coalesce($7::bigint, greatest($6::bigint, o.keys_estimate - o.keys_scanned - $6::bigint)),
        o.is_physical FROM cut o, counted c
        RETURNING number, epoch, true, batches, part, false, is_physical
        """
    }

    /// The same of a range of the table's pages, whose bounds are their numbers.
    static func pages(_ sql: CutSQL) -> CutSQL {
        CutSQL(
            table: sql.table, key: [KeyColumn(name: "page", castType: "pg_catalog.int8")])
    }

    // MARK: The pieces

    private var names: [String] { key.map { Identifier($0.name).quoted } }

    /// The columns as their operators take them.
    private var comparable: [String] {
        zip(names, key).map { $0 + ($1.isComparedByCast ? "::\($1.castType)" : "") }
    }

    private var source: String {
        table.quoted + (alias.map { " AS \(Identifier($0).quoted)" } ?? "")
    }

    private var filterClause: String { filter.map { "\nAND (\n\($0)\n)" } ?? "" }

    /// With the table's name in front: in ORDER BY a bare name would mean the output column.
    private var qualified: [String] {
        names.map { "\(Identifier(alias ?? table.name).quoted).\($0)" }
    }

    private func row(_ parts: [String]) -> String {
        parts.count == 1 ? parts[0] : "ROW(\(parts.joined(separator: ", ")))"
    }

    private func casts(_ array: String) -> [String] {
        key.enumerated().map { index, column in
            let element =
                array.hasPrefix("$")
                ? "(\(array)::text[])[\(index + 1)]" : "\(array)[\(index + 1)]"
            // Two texts from the ledger have no collation of their own to be compared under.
            return "\(element)::\(column.castType)"
                + (column.collation.map { " COLLATE \($0)" } ?? "")
        }
    }
}
