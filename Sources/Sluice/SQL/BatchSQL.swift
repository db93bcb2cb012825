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
    let key: [KeyColumn]
    let identity: JobIdentity
    /// Where a copy or a move goes.
    var target: CopyTarget?

    /// The change as a statement whose bounds are the fence's; parameters are run, range, owner,
    /// epoch, batch keys, lease in seconds, and the commit setting that ends a range.
    func change(firstOfRange: Bool) -> String {
        """
        WITH sluice_fence AS MATERIALIZED (
        SELECT r."cursor", r.upper FROM sluice.range r
        WHERE r.run = $1 AND r.number = $2 AND r.owner = $3 AND r.epoch = $4
        AND r.state = 'running' AND r."cursor" IS \(firstOfRange ? "" : "NOT ")NULL
        \(nameClauses)
        FOR NO KEY UPDATE
        ), \(walk(firstOfRange: firstOfRange, batchKeys: "$5::bigint")), \
        sluice_move AS (
        UPDATE sluice.range r SET "cursor" = ARRAY[\(cursorElements)],
        keys_scanned = r.keys_scanned + (SELECT s.keys FROM sluice_scan s),
        rows_changed = r.rows_changed + (SELECT n.rows FROM sluice_count n),
        batches = r.batches + 1,
        state = CASE WHEN (SELECT b.finished FROM sluice_bound b) THEN 'done'
        ELSE 'running' END,
        lease_until = clock_timestamp() + $6::double precision * interval '1 second',
        updated_at = clock_timestamp()
        WHERE r.run = $1 AND r.number = $2 AND EXISTS (SELECT FROM sluice_fence)
        RETURNING r.state = 'done' AS finished)
        SELECT (SELECT s.keys FROM sluice_scan s), (SELECT n.rows FROM sluice_count n),
        m.finished,
        CASE WHEN m.finished THEN pg_catalog.set_config('synchronous_commit', $7, true) END
        FROM sluice_move m
        """
    }

    /// The same walk without a ledger and with unknown bounds, for EXPLAIN: its plan is the batch's
    /// plan, since both take their bounds from sub-selects that the planner cannot see through.
    func inspection(firstOfRange: Bool, batchKeys: Int) -> String {
        """
        WITH sluice_fence AS MATERIALIZED (SELECT NULL::text[] AS "cursor", NULL::text[] AS upper),
        \(walk(firstOfRange: firstOfRange, batchKeys: "\(batchKeys)::bigint"))
        SELECT (SELECT s.keys FROM sluice_scan s), (SELECT n.rows FROM sluice_count n)
        """
    }

    /// Finds the batch's last key, counts the keys up to it and changes the rows.
    ///
    /// The end is the n-th key after the cursor; where there is none, the range's own upper bound,
    /// and only then are the keys counted one by one.
    private func walk(firstOfRange: Bool, batchKeys: String) -> String {
        let upper = bounds { "(SELECT f.upper[\($0)] FROM sluice_fence f)" }
        let after = firstOfRange ? "" : "\(above)\nAND "
        return """
            sluice_end AS MATERIALIZED (
            SELECT \(endColumns) FROM ONLY \(table.quoted)
            WHERE \(after)\(keyRow) <= \(upper)
            ORDER BY \(orderList) OFFSET \(batchKeys) - 1 LIMIT 1
            ), sluice_bound AS MATERIALIZED (
            SELECT \(boundColumns),
            coalesce((SELECT \(endRow("e")) = \(upper)
            FROM sluice_end e), true) AS finished,
            EXISTS (SELECT FROM sluice_end) AS is_full
            ), sluice_scan AS MATERIALIZED (
            SELECT CASE WHEN b.is_full THEN \(batchKeys) ELSE (
            SELECT count(*) FROM ONLY \(table.quoted)
            WHERE \(after)\(keyRow) <= \(upper)
            ) END AS keys FROM sluice_bound b
            ), \(change(isOpenBelow: firstOfRange).text)
            """
    }

    // MARK: The pieces

    private var keyNames: [String] { key.map { Identifier($0.name).quoted } }

    /// With the table's name in front: a bare name would mean the output column of that name.
    private var orderList: String {
        keyNames.map { "\(Identifier(table.name).quoted).\($0)" }.joined(separator: ", ")
    }

    /// One column stands alone; several are compared as a row, which an index can bound.
    private var keyRow: String { row(keyNames) }

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

    private var endColumns: String {
        keyNames.enumerated().map { "\($1) AS k\($0 + 1)" }.joined(separator: ", ")
    }

    private func endRow(_ alias: String) -> String {
        row(key.indices.map { "\(alias).k\($0 + 1)" })
    }

    private var boundColumns: String {
        key.enumerated().map { index, column in
            "coalesce((SELECT e.k\(index + 1) FROM sluice_end e),\n"
                + "(SELECT f.upper[\(index + 1)] FROM sluice_fence f)::\(column.castType))"
                + " AS k\(index + 1)"
        }.joined(separator: ",\n")
    }

    /// Each name must still mean the table that it meant, or the batch does nothing.
    private var nameClauses: String {
        let tables = [(table, tableOID)] + (target.map { [($0.name, $0.oid)] } ?? [])
        return tables.map { name, oid in
            "AND pg_catalog.to_regclass(\(Literal.quoted(name.quoted)))::oid = \(oid)"
        }.joined(separator: "\n")
    }

    private func change(isOpenBelow: Bool) -> ChangeSQL {
        ChangeSQL(
            table: table, key: key, identity: identity, target: target,
            lower: key.enumerated().map {
                "(SELECT f.\"cursor\"[\($0 + 1)] FROM sluice_fence f)::\($1.castType)"
            },
            upper: key.indices.map { "(SELECT b.k\($0 + 1) FROM sluice_bound b)" },
            isOpenBelow: isOpenBelow)
    }

    private var cursorElements: String {
        key.indices.map { "(SELECT b.k\($0 + 1)::text FROM sluice_bound b)" }
            .joined(separator: ", ")
    }
}
