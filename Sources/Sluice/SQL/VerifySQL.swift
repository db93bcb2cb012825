import SluiceCore
import SluicePostgres

/// Statements that compare a finished run with its table.
enum VerifySQL {
    /// Where a table's rows lie: `$1` OID, `$2` quoted name; its file, its blocks, and whether the
    /// name still means it.
    static let heap = """
        SELECT pg_catalog.pg_relation_filenode($1::pg_catalog.oid),
        pg_catalog.pg_relation_size($1::pg_catalog.oid)
        / pg_catalog.current_setting('block_size')::bigint,
        pg_catalog.to_regclass($2)::oid = $1::pg_catalog.oid
        """

    /// Names of types as columns have them, with length and precision: `$1` OID, `$2` columns.
    static let types = """
        SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)
        FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::pg_catalog.oid
        AND a.attname = ANY ($2::pg_catalog.name[])
        """

    /// The name of a type by its OID `$1`.
    static let type = "SELECT pg_catalog.format_type($1::pg_catalog.oid, NULL)"

    /// The ranges of the run `$1` as a chain.
    static let links = """
        SELECT r.part, r.lower, r.upper, r.state = 'done' FROM sluice.range r
        JOIN sluice.part p ON p.run = r.run AND p.number = r.part
        WHERE r.run = $1 AND p.gone_at IS NULL AND NOT r.is_physical ORDER BY r.number
        """

    /// Tables with keys of the run `$1` that were set aside, whether accepted or not.
    static let quarantined = "SELECT DISTINCT part FROM sluice.quarantine WHERE run = $1"

    /// Writes down what was found: `$1` run, `$2` report as JSON, `$3` rows missed, `$4` whether
    /// all rows were compared (a sample that finds nothing proves nothing about the others).
    static let store = """
        UPDATE sluice.run SET verified_at = clock_timestamp(), verification = $2::jsonb,
        rows_missed = CASE WHEN $4::boolean THEN $3::bigint
        ELSE greatest(rows_missed, $3::bigint) END,
        exit_code = CASE WHEN $3::bigint > 0 OR (rows_missed > 0 AND NOT $4::boolean)
        OR \(QuarantineSQL.remains) THEN 4 ELSE 0 END
        WHERE id = $1 AND state = 'completed'
        """

    // MARK: A replica

    static let isInRecovery = "SELECT pg_catalog.pg_is_in_recovery()"
    static let systemIdentifier = """
        SELECT s.system_identifier FROM pg_catalog.pg_control_system() s
        """
    static let position = "SELECT pg_catalog.pg_current_wal_lsn()"
    static let hasReplayed = """
        SELECT pg_catalog.pg_last_wal_replay_lsn() >= $1::pg_catalog.pg_lsn
        """

    // MARK: Whether an expression gives the same value always

    /// Makes the server judge an expression as it judges that of a generated column; what this
    /// makes is rolled back.
    static func temporary(_ table: QualifiedName) -> String {
        "CREATE TEMPORARY TABLE \(own(table)) (LIKE \(table.quoted)) ON COMMIT DROP"
    }

    static func generated(_ table: QualifiedName, type: String, expression: String) -> String {
        """
        ALTER TABLE \(own(table)) ADD COLUMN sluice_generated \(type)
        GENERATED ALWAYS AS (\n\(expression)\n) STORED
        """
    }

    /// Under the table's own name, since expressions may say it.
    private static func own(_ table: QualifiedName) -> String {
        "pg_temp.\(Identifier(table.name).quoted)"
    }
}

/// The statements that tell which rows of one table are wrong.
struct CompareSQL: Sendable {
    let batch: BatchSQL
    let comparison: Comparison
    /// For each assignment, the column's type with its length, and whether it has an equality.
    let types: [ColumnType]
    /// The run whose keys in quarantine are left out; `nil` where there are none.
    let quarantinedOf: Int64?

    /// A column's type, as far as comparing needs it.
    struct ColumnType: Sendable, Equatable {
        let name: String
        /// Types without one, such as `json`, are compared as text.
        let hasEquality: Bool
    }

    /// Counts the rows between the places `$1` and `$2`: all, those missed, and those that were
    /// written since the snapshot whose next transaction is `$3` and in which `$4` were running.
    ///
    /// What is computed for a row is computed once: the limit keeps the sub-select a sub-select.
    var count: String {
        """
        SELECT count(*), count(*) FILTER (WHERE w.state = 2), count(*) FILTER (WHERE w.state = 1)
        FROM (SELECT \(state) AS state FROM \(rows) OFFSET 0) w
        """
    }

    /// Keys of the first `$5` wrong rows there, each with whether it was missed.
    var keys: String {
        """
        SELECT w.key, w.state = 2 FROM (SELECT ARRAY[\(keyTexts)] AS key, \(state) AS state
        FROM \(rows) OFFSET 0) w WHERE w.state > 0 LIMIT $5::bigint
        """
    }

    /// Keys of all rows there, whatever they hold: `$1` and `$2` places.
    var key: String { "SELECT ARRAY[\(keyTexts)] FROM \(rows)" }

    /// Puts rows right whose keys are `$2` and so on, an array for each key column: the job's own
    /// change, for the run `$1`; counts what it changed.
    var repair: String {
        let names = batch.key.indices.map { "k\($0 + 1)" }
        let arrays = batch.key.indices.map { "$\($0 + 2)::text[]" }
        let casts = zip(names, batch.key).map { "u.\($0)::\($1.castType)" }
        let change = ChangeSQL(
            table: batch.table, source: batch.source, alias: alias, key: batch.key,
            identity: batch.identity, target: batch.target, lower: [], upper: [],
            isOpenBelow: false,
            keyList: "SELECT \(casts.joined(separator: ", ")) FROM sluice_keys u")
        return """
            WITH sluice_run AS MATERIALIZED (
            SELECT FROM sluice.run r WHERE r.id = $1 AND r.state = 'completed'
            \(batch.nameClauses)
            ), sluice_keys AS MATERIALIZED (
            SELECT u.* FROM unnest(\(arrays.joined(separator: ", "))) \
            AS u (\(names.joined(separator: ", ")))
            WHERE EXISTS (SELECT FROM sluice_run)
            ), \(change.text), sluice_counted AS (
            UPDATE sluice.range r SET rows_changed = r.rows_changed
            + (SELECT n.rows FROM sluice_count n)
            WHERE r.run = $1 AND r.number = (SELECT min(g.number) FROM sluice.range g
            WHERE g.run = $1))
            SELECT (SELECT n.rows FROM sluice_count n) FROM sluice_run
            """
    }

    // MARK: The pieces

    private var alias: String { batch.alias ?? batch.table.name }
    private var quotedAlias: String { Identifier(alias).quoted }

    private var rows: String {
        let lateral = comparison == .arrival ? arrivalKeys : ""
        return """
            ONLY \(batch.source)\(lateral)
            WHERE \(quotedAlias).ctid >= $1::tid AND \(quotedAlias).ctid < $2::tid
            """
    }

    private var keyColumns: [String] {
        batch.key.map { "\(quotedAlias).\(Identifier($0.name).quoted)" }
    }

    private var keyTexts: String { keyColumns.map { "\($0)::text" }.joined(separator: ", ") }

    /// 0 right, 1 wrong but written since the run began, 2 missed.
    private var state: String {
        let set = quarantinedOf.map { "WHEN \(isQuarantined(run: $0)) THEN 0\n" } ?? ""
        let newer = comparison == .untouched ? 0 : 1
        return """
            CASE \(set)WHEN \(isMeant) THEN CASE WHEN \(isWrong) THEN
            CASE WHEN \(isOlder) THEN 2 ELSE \(newer) END ELSE 0 END ELSE 0 END
            """
    }

    private var isMeant: String {
        batch.identity.predicate.map { "(\n\($0)\n)" } ?? "true"
    }

    private var isWrong: String {
        if comparison == .arrival { return hasNotArrived }
        guard batch.identity.kind == .update else { return "true" }
        return zip(batch.identity.assignments, types).map { assignment, type in
            let column = "\(quotedAlias).\(Identifier(assignment.column).quoted)"
            let cast = type.hasEquality ? "" : "::text"
            return """
                (\n\(assignment.expression)\n)::\(type.name)\(cast) \
                IS DISTINCT FROM \(column)\(cast)
                """
        }.joined(separator: "\nOR ")
    }

    /// Transaction numbers go round at 2³²: older is what lies less than half of that before.
    ///
    /// 1 and 2 are what the server writes for rows older than all others. A run that does not know
    /// its start is taken to have missed whatever is wrong.
    private var isOlder: String {
        let xid = "\(quotedAlias).xmin::text"
        return """
            $3::bigint IS NULL OR \(xid)::bigint < 3
            OR (((\(xid)::bigint - $3::bigint) & 4294967295) > 2147483647
            AND \(xid) <> ALL ($4::text[]))
            """
    }

    private func isQuarantined(run: Int64) -> String {
        let elements = batch.key.enumerated().map { "q.key[\($0 + 1)]::\($1.castType)" }
        return """
            \(ChangeSQL.row(keyColumns)) IN (SELECT \(elements.joined(separator: ", "))
            FROM sluice.quarantine q WHERE q.run = \(run) AND q.part = \(batch.part))
            """
    }

    // MARK: Copies

    private var targetKey: [(column: String, expression: String)] {
        (batch.target?.conflictKey ?? []).compactMap { column in
            batch.identity.assignments.first { $0.column == column }
                .map { (Identifier(column).quoted, $0.expression) }
        }
    }

    /// The target's key of each row of the source, computed where only the source's columns can
    /// be meant.
    private var arrivalKeys: String {
        let list = targetKey.enumerated().map { "(\n\($1.expression)\n) AS sluice_k\($0 + 1)" }
        return "\nCROSS JOIN LATERAL (SELECT \(list.joined(separator: ", "))) sluice_at"
    }

    /// A key with a NULL in it is never the same as another: such rows cannot be found.
    private var hasNotArrived: String {
        let known = targetKey.indices.map { "sluice_at.sluice_k\($0 + 1) IS NOT NULL" }
        let same = targetKey.enumerated().map {
            "sluice_to.\($1.column) = sluice_at.sluice_k\($0 + 1)"
        }
        return """
            \(known.joined(separator: " AND ")) AND NOT EXISTS (
            SELECT FROM \(batch.target?.name.quoted ?? "") sluice_to
            WHERE \(same.joined(separator: " AND ")))
            """
    }
}
