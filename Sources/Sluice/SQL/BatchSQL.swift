import SluiceCore
import SluicePostgres

/// The statements of one batch: one transaction, built whole and sent in one flush.
///
/// Every bound comes from the fence row that the statement itself locks. Reading the cursor from
/// the table again would, under READ COMMITTED, see the one from before the lock was waited for.
/// The range row is updated once, and only where the fence gave a row; without one nothing is
/// changed. Names of the parts begin with `sluice_`, so that a user's expression can hardly mean
/// one of them by accident.
struct BatchSQL: Sendable {
    let table: QualifiedName
    /// The fence holds only while the name still means this table: after a swap of names it would
    /// be another one.
    let tableOID: UInt32
    /// The name by which the user's expressions know the table, where it is one of several.
    var alias: String?
    let key: [KeyColumn]
    let identity: JobIdentity
    /// Where a copy or a move goes.
    var target: CopyTarget?
    /// The columns whose bytes bound a batch; none for a table without values out of line.
    var wideColumns: [String] = []
    /// Whether a batch is so many keys that match the predicate, which a partial index holds.
    var isDriven = false
    /// The run's number of the table: the fence holds only for ranges of it.
    var part = 1

    /// The change as a statement whose bounds are the fence's; parameters are run, range, owner,
    /// epoch, batch keys, lease in seconds, the commit setting that ends a range, and for a wide
    /// table the bytes of a batch.
    func change(firstOfRange: Bool) -> String {
        """
        WITH \(fence(
            firstOfRange: firstOfRange, lock: "\nFOR NO KEY UPDATE", more: hotBefore)), \
        \(walk(firstOfRange: firstOfRange, batchKeys: "$5::bigint", batchBytes: "$8::bigint")), \
        \(moved(
            cursor: cursorElements, keys: "SELECT s.keys FROM sluice_scan s",
            finished: "SELECT b.finished FROM sluice_bound b", more: bytesColumn))
        """
    }

    /// Moves the cursor on, once and only if the fence gave a row, counts the batch, and tells what
    /// it did: `$6` is the lease in seconds, `$7` the commit setting that ends a range.
    func moved(cursor: String, keys: String, finished: String, more: String = "") -> String {
        """
        sluice_move AS (
        UPDATE sluice.range r SET "cursor" = ARRAY[\(cursor)],
        keys_scanned = r.keys_scanned + (\(keys)),
        rows_changed = r.rows_changed + (SELECT n.rows FROM sluice_count n),\(hotCounted)
        batches = r.batches + 1,
        state = CASE WHEN (\(finished)) THEN 'done'
        ELSE 'running' END,
        lease_until = clock_timestamp() + $6::double precision * interval '1 second',
        updated_at = clock_timestamp()
        WHERE r.run = $1 AND r.number = $2 AND EXISTS (SELECT FROM sluice_fence)
        RETURNING r.state = 'done' AS finished)
        SELECT (\(keys)), (SELECT n.rows FROM sluice_count n),
        m.finished,
        CASE WHEN m.finished THEN pg_catalog.set_config('synchronous_commit', $7, true) END,
        extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.statement_timestamp())\
        \(more)
        FROM sluice_move m
        """
    }

    /// The same walk without a ledger and with unknown bounds, for EXPLAIN: its plan is the batch's
    /// plan, since both take bounds and length from what the planner cannot see through.
    func inspection(firstOfRange: Bool, limits: Limits) -> String {
        """
        WITH sluice_fence AS MATERIALIZED (SELECT NULL::text[] AS "cursor", NULL::text[] AS upper),
        \(walk(
            firstOfRange: firstOfRange, batchKeys: "(SELECT \(limits.batchKeys)::bigint)",
            batchBytes: "(SELECT \(limits.batchBytes)::bigint)"))
        SELECT (SELECT s.keys FROM sluice_scan s), (SELECT n.rows FROM sluice_count n)
        """
    }

    /// Finds the batch's last key, counts the keys up to it and changes the rows.
    ///
    /// The end is the n-th key after the cursor; where there is none, the range's own upper bound,
    /// and only then are the keys counted one by one.
    private func walk(firstOfRange: Bool, batchKeys: String, batchBytes: String) -> String {
        let ahead = ahead(firstOfRange: firstOfRange)
        let end =
            wideColumns.isEmpty
            ? narrowEnd(ahead: ahead, batchKeys: batchKeys)
            : wideEnd(ahead: ahead, batchKeys: batchKeys, batchBytes: batchBytes)
        return """
            \(end), sluice_bound AS MATERIALIZED (
            SELECT \(boundColumns),
            coalesce((SELECT \(endRow("e")) = \(upper)
            FROM sluice_end e), true) AS finished,
            EXISTS (SELECT FROM sluice_end) AS is_full
            ), sluice_scan AS MATERIALIZED (
            SELECT \(keysCounted(ahead: ahead, batchKeys: batchKeys)) AS keys FROM sluice_bound b
            ), \(firstOfRange ? "" : common)\(change(isOpenBelow: firstOfRange).text)
            """
    }

    /// The keys that the range still has ahead of it.
    func ahead(firstOfRange: Bool) -> String {
        let after = firstOfRange ? "" : "\(above)\nAND "
        return "\(after)\(keyRow) <= \(upper)\(isDriven ? predicateClause : "")"
    }

    /// The range's last key.
    var upper: String { bounds { "(SELECT f.upper[\($0)] FROM sluice_fence f)" } }

    /// The n-th key; none when the range holds fewer.
    func narrowEnd(ahead: String, batchKeys: String) -> String {
        "sluice_end AS MATERIALIZED (\n\(nth(ahead: ahead, batchKeys))\n)"
    }

    /// The n-th key ahead.
    func nth(ahead: String, _ number: String) -> String {
        """
        SELECT \(endColumns) FROM ONLY \(source)
        WHERE \(ahead)
        ORDER BY \(orderList) OFFSET \(number) - 1 LIMIT 1
        """
    }

    /// The elements of a key's text array.
    func keyTexts(_ alias: String) -> String {
        key.indices.map { "\(alias).k\($0 + 1)::text" }.joined(separator: ", ")
    }

    /// The last of the next n keys up to which the rows' bytes stay within the bound, or the first
    /// key; none when that is all that the range holds.
    ///
    /// The size of a value out of line stands in its row: nothing of it is read.
    private func wideEnd(ahead: String, batchKeys: String, batchBytes: String) -> String {
        let sizes = wideColumns.map {
            "coalesce(pg_catalog.pg_column_size(\(Identifier($0).quoted)), 0)"
        }
        let list = key.indices.map { "w.k\($0 + 1)" }.joined(separator: ", ")
        return """
            sluice_walk AS MATERIALIZED (
            SELECT \(list), row_number() OVER sluice_way AS n, sum(w.bytes) OVER sluice_way AS bytes
            FROM (SELECT \(endColumns),
            \(sizes.joined(separator: "\n+ ")) AS bytes
            FROM ONLY \(source)
            WHERE \(ahead)
            ORDER BY \(orderList) LIMIT \(batchKeys)) w
            WINDOW sluice_way AS (ORDER BY \(list) ROWS UNBOUNDED PRECEDING)
            ), sluice_end AS MATERIALIZED (
            SELECT w.* FROM sluice_walk w WHERE w.n = (
            SELECT greatest(1, count(*)) FROM sluice_walk b WHERE b.bytes <= \(batchBytes))
            AND (w.n = \(batchKeys) OR w.n < (SELECT count(*) FROM sluice_walk))
            )
            """
    }

    /// The keys of the batch.
    private func keysCounted(ahead: String, batchKeys: String) -> String {
        if !wideColumns.isEmpty {
            return """
                CASE WHEN b.is_full THEN (SELECT e.n FROM sluice_end e)
                ELSE (SELECT count(*) FROM sluice_walk) END
                """
        }
        return """
            CASE WHEN b.is_full THEN \(batchKeys) ELSE (
            SELECT count(*) FROM ONLY \(source)
            WHERE \(ahead)
            ) END
            """
    }

    /// The bytes of the batch's rows, for a wide table.
    private var bytesColumn: String {
        if wideColumns.isEmpty { return "" }
        return """
            ,
            coalesce((SELECT e.bytes FROM sluice_end e),
            (SELECT max(w.bytes) FROM sluice_walk w), 0)
            """
    }

    // MARK: Rows that stay in their page

    /// Rows of the table that this transaction has updated within their page.
    var hot: String {
        "pg_catalog.pg_stat_get_xact_tuples_hot_updated(\(tableOID))"
    }

    /// What the session counts goes on from batch to batch.
    var hotBefore: String { identity.kind == .update ? ", \(hot) AS hot" : "" }

    /// Reads the counter behind the change: a CASE decides its condition first.
    var hotCounted: String {
        guard identity.kind == .update else { return "" }
        return """

            rows_hot = r.rows_hot + CASE WHEN (SELECT n.rows FROM sluice_count n) > 0
            THEN \(hot) - (SELECT f.hot FROM sluice_fence f) ELSE 0 END,
            """
    }

    // MARK: The pieces

    private var keyNames: [String] { key.map { Identifier($0.name).quoted } }

    /// The columns as their operators take them.
    var comparable: [String] {
        key.map { Identifier($0.name).quoted + ($0.isComparedByCast ? "::\($0.castType)" : "") }
    }

    /// With the table's name in front: a bare name would mean the output column of that name.
    var orderList: String {
        keyNames.map { "\(Identifier(alias ?? table.name).quoted).\($0)" }.joined(separator: ", ")
    }

    /// The table as statements name it.
    var source: String {
        table.quoted + (alias.map { " AS \(Identifier($0).quoted)" } ?? "")
    }

    /// One column stands alone; several are compared as a row, which an index can bound.
    var keyRow: String { row(comparable) }

    private func row(_ parts: [String]) -> String {
        parts.count == 1 ? parts[0] : "ROW(\(parts.joined(separator: ", ")))"
    }

    private var above: String {
        "\(keyRow) > " + bounds { "(SELECT f.\"cursor\"[\($0)] FROM sluice_fence f)" }
    }

    /// Scalar sub-selects, one a column: they become parameters of the index scan, where a
    /// sub-select of a whole row would not.
    private func bounds(_ element: (Int) -> String) -> String {
        row(key.enumerated().map { "\(element($0 + 1))::\($1.castType)" })
    }

    var endColumns: String {
        comparable.enumerated().map { "\($1) AS k\($0 + 1)" }.joined(separator: ", ")
    }

    func endRow(_ alias: String) -> String {
        row(key.indices.map { "\(alias).k\($0 + 1)" })
    }

    private var boundColumns: String {
        key.enumerated().map { index, column in
            "coalesce((SELECT e.k\(index + 1) FROM sluice_end e),\n"
                + "(SELECT f.upper[\(index + 1)] FROM sluice_fence f)::\(column.castType))"
                + " AS k\(index + 1)"
        }.joined(separator: ",\n")
    }

    /// How many leading columns the cursor and the batch's last key share, all but the last one.
    private var common: String {
        guard key.count > 1 else { return "" }
        var columns = "\(key.count - 1)"
        for index in (0..<key.count - 1).reversed() {
            columns = """
                CASE WHEN b.k\(index + 1) = (SELECT f."cursor"[\(index + 1)] \
                FROM sluice_fence f)::\(key[index].castType)
                THEN \(columns) ELSE \(index) END
                """
        }
        return """
            sluice_common AS MATERIALIZED (
            SELECT \(columns) AS columns FROM sluice_bound b
            ),\u{20}
            """
    }

    /// Each name must still mean the table that it meant, or the batch does nothing.
    var nameClauses: String {
        let tables = [(table, tableOID)] + (target.map { [($0.name, $0.oid)] } ?? [])
        return tables.map { name, oid in
            "AND pg_catalog.to_regclass(\(Literal.quoted(name.quoted)))::oid = \(oid)"
        }.joined(separator: "\n")
    }

    private func change(isOpenBelow: Bool) -> ChangeSQL {
        ChangeSQL(
            table: table, source: source, alias: alias ?? table.name, key: key,
            identity: identity, target: target,
            lower: key.enumerated().map {
                "(SELECT f.\"cursor\"[\($0 + 1)] FROM sluice_fence f)::\($1.castType)"
            },
            upper: key.indices.map { "(SELECT b.k\($0 + 1) FROM sluice_bound b)" },
            isOpenBelow: isOpenBelow, isDriven: isDriven)
    }

    /// The predicate, where it decides which keys make up a batch.
    private var predicateClause: String {
        identity.predicate.map { " AND (\n\($0)\n)" } ?? ""
    }

    private var cursorElements: String {
        key.indices.map { "(SELECT b.k\($0 + 1)::text FROM sluice_bound b)" }
            .joined(separator: ", ")
    }
}
