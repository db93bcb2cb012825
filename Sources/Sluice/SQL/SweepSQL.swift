import SluiceCore
import SluicePostgres

/// The statements of the sweep behind a table's pages that is one look at all of its rows.
struct SweepSQL: Sendable {
    let batch: BatchSQL

    /// Keeps the range for as long as a look may take: parameters are those of the fence, `$5` the
    /// lease in seconds.
    static let keep = """
        UPDATE sluice.range SET
        lease_until = clock_timestamp() + $5::double precision * interval '1 second',
        updated_at = clock_timestamp()
        WHERE run = $1 AND number = $2 AND owner = $3 AND epoch = $4 AND state = 'running'
        """

    /// Lets a look take `$1` milliseconds, whatever a batch may.
    ///
    /// One whose process was killed ends by itself where the server can see that (on Linux), since
    /// its session keeps the process's ranges. The transaction's own bound (17 and later) is off: a
    /// longer one would leave the clock that is running already as it is.
    static let settings = BatchSettingsSQL.longStatement(
        "('statement_timeout', $1), ('transaction_timeout', '0')", isLocal: true)

    /// Changes the rows that are left, if those are no more than `rowsMost`, and ends all keys that
    /// nobody walks along, and those of the own range; parameters are those of the fence.
    ///
    /// Their number is a part of the text: of one that it cannot see the planner expects a tenth of
    /// the table, and would join the table as a whole.
    ///
    /// It sees the whole table at one moment, after all of its pages are done, so that no row can
    /// be where it does not look: a scan in parts, each at its own moment, would miss one that
    /// moves from a part that is ahead to one that is behind. What the predicate matches later is
    /// not the run's, as with a walk along the keys that has passed it.
    ///
    /// A row is changed if its key lies in what this statement ends, and nobody has walked there
    /// since: so one that still matches after its change is changed once, whoever walks elsewhere.
    /// The ranges are locked when the look is over, and those that are others' by then are theirs;
    /// one that was claimed and given back meanwhile, as by workers that have nothing to do, is
    /// where it was.
    ///
    /// It tells whether the own range has ended, how many rows were changed, and whether more are
    /// left than it may change.
    func end(rowsMost: Int) -> String {
        """
        WITH sluice_seen AS MATERIALIZED (SELECT r.number, r."cursor", r.upper\
        \(batch.hotBefore)
        FROM sluice.range r WHERE \(isFree)),
        sluice_left AS MATERIALIZED (SELECT \(batch.endColumns) FROM ONLY \(batch.source) WHERE (
        \(batch.identity.predicate ?? "true")
        ) LIMIT \(rowsMost + 1)),
        sluice_many AS MATERIALIZED (
        SELECT count(*) > \(rowsMost) AS many FROM sluice_left),
        sluice_free AS MATERIALIZED (SELECT r.number FROM sluice.range r
        JOIN sluice_seen s ON s.number = r.number WHERE \(isFree)
        AND r."cursor" IS NOT DISTINCT FROM s."cursor"
        AND r.upper = s.upper AND NOT (SELECT m.many FROM sluice_many m)
        AND NOT EXISTS (SELECT FROM sluice.range g WHERE g.run = $1 AND g.part = \(batch.part)
        AND g.is_physical AND g.state <> 'done')
        \(batch.nameClauses)
        ORDER BY r.number FOR NO KEY UPDATE OF r),
        sluice_due AS MATERIALIZED (SELECT l.* FROM sluice_left l WHERE EXISTS (
        SELECT FROM sluice_seen s JOIN sluice_free f ON f.number = s.number
        WHERE (s."cursor" IS NULL OR \(batch.endRow("l")) > \(bound("s.\"cursor\"")))
        AND \(batch.endRow("l")) <= \(bound("s.upper")))),
        \(change.text),
        sluice_ended AS (UPDATE sluice.range r SET state = 'done',
        keys_scanned = r.keys_scanned + \(first("(SELECT count(*) FROM sluice_due)")),
        keys_estimate = r.keys_scanned + \(first("(SELECT count(*) FROM sluice_due)")),
        rows_changed = r.rows_changed + \(first("(SELECT n.rows FROM sluice_count n)")),\
        \(hotCounted)
        updated_at = clock_timestamp()
        FROM sluice_free f WHERE r.run = $1 AND r.number = f.number
        RETURNING r.number),
        sluice_noted AS (INSERT INTO sluice.event (run, owner, kind, detail)
        SELECT $1, $3::uuid, 'swept', count(*) || ' ranges of part \(batch.part) at once, '
        || (SELECT n.rows FROM sluice_count n) || ' rows changed'
        FROM sluice_ended HAVING count(*) > 0)
        SELECT EXISTS (SELECT FROM sluice_ended e WHERE e.number = $2),
        (SELECT n.rows FROM sluice_count n), (SELECT m.many FROM sluice_many m)
        """
    }

    /// What nobody walks along at the moment.
    private var isFree: String {
        """
        r.run = $1 AND r.part = \(batch.part) AND NOT r.is_physical
        AND (r.state = 'pending'
        OR r.number = $2 AND r.owner = $3 AND r.epoch = $4 AND r.state = 'running')
        AND r.region_upper IS NULL
        """
    }

    private var change: ChangeSQL {
        let keys = batch.key.indices.map { "d.k\($0 + 1)" }.joined(separator: ", ")
        return ChangeSQL(
            table: batch.table, source: batch.source, alias: batch.alias ?? batch.table.name,
            key: batch.key, identity: batch.identity, target: nil, lower: [], upper: [],
            isOpenBelow: false, keyList: "SELECT \(keys) FROM sluice_due d")
    }

    /// A key that stands as text in the ledger.
    private func bound(_ array: String) -> String {
        ChangeSQL.row(
            batch.key.enumerated().map { "\(array)[\($0 + 1)]::\($1.castType)" })
    }

    /// What is counted once, at the first of the ranges that end.
    private func first(_ number: String) -> String {
        "CASE WHEN r.number = (SELECT min(x.number) FROM sluice_free x)\nTHEN \(number) ELSE 0 END"
    }

    /// As a batch counts them (``BatchSQL/hotCounted``).
    private var hotCounted: String {
        let before = "(SELECT min(s.hot) FROM sluice_seen s)"
        return """

            rows_hot = r.rows_hot + CASE WHEN (SELECT n.rows FROM sluice_count n) > 0
            AND r.number = (SELECT min(x.number) FROM sluice_free x)
            THEN \(batch.hot) - \(before) ELSE 0 END,
            """
    }
}
