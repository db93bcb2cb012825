import SluiceCore
import SluicePostgres

/// Statements by which a worker changes rows in the order of their pages.
///
/// A range's bounds are numbers of pages here, `[lower, upper)`. Nothing but the predicate says
/// what is done: only rows that match it before and no longer after their change are changed, and
/// all others are left to the sweep by key, with those that move while the pages are gone through.
/// So a row is changed once, wherever it goes, and whatever rewrites the table meanwhile.
///
/// Every bound is a scalar sub-select: joined from another relation it would make the scan of the
/// pages one of the whole table.
struct PhysicalSQL: Sendable {
    let batch: BatchSQL
    /// The table's columns, by which the predicate is asked again of a row as it will be.
    let columns: [String]

    // MARK: Plain batches

    /// The change of the next pages, or where it skips, none: parameters are those of the fence,
    /// `$5` how many pages, `$6` lease in seconds, and `$7` the commit setting that ends a range.
    ///
    /// It counts keys by the range's own estimate: to count them it would read the pages twice.
    func change(skips: Bool) -> String {
        let change =
            skips
            ? Self.nothing
            : change(first: Self.bound("b.page"), last: Self.bound("b.last"), lane: "")
        return """
            WITH \(fence), \(Self.bounds), \(change), \
            \(batch.moved(
                cursor: "(SELECT b.last::text FROM sluice_bound b)",
                keys: "SELECT b.keys FROM sluice_bound b",
                finished: "SELECT b.last = b.upper FROM sluice_bound b"))
            """
    }

    /// The same without a ledger and with bounds that the planner cannot see through, for EXPLAIN.
    var inspection: String {
        let bound = "(SELECT NULL::pg_catalog.tid)"
        return """
            WITH \(change(first: bound, last: bound, lane: ""))
            SELECT (SELECT n.rows FROM sluice_count n)
            """
    }

    // MARK: Lanes

    /// Begins a region of `$5` pages in `$6` lanes, unless fewer than `$7` are ahead: parameters
    /// are those of the fence, `$8` the lease in seconds, and `$9` the slots before which lanes of
    /// keys end, NULL where a row's place tells its lane.
    static let begin = """
        UPDATE sluice.range r SET region_upper = ARRAY[least(r."cursor"[1]::bigint + $5::bigint,
        r.upper[1]::bigint)::text],
        region_lanes = $6::integer, region_slots = $9::integer[], region_divisor = 1,
        region_lane = 0,
        lane_cursor = NULL, is_merged = false, merged_from = NULL, regions = r.regions + 1,
        lease_until = clock_timestamp() + $8::double precision * interval '1 second',
        updated_at = clock_timestamp()
        WHERE r.run = $1 AND r.number = $2 AND r.owner = $3 AND r.epoch = $4
        AND r.state = 'running' AND r.is_physical AND r.region_upper IS NULL
        AND r.upper[1]::bigint - r."cursor"[1]::bigint >= $7::bigint
        """

    /// How far a region is, this transaction's number, the horizon, and the region's first page,
    /// the page behind its last one, its lanes and their slots: parameters are those of the fence.
    static let state = """
        SELECT r.region_lane, r.lane_cursor, r.is_merged,
        pg_catalog.pg_current_xact_id()::text, \(HorizonSQL.horizon),
        r."cursor"[1], r.region_upper[1], r.region_lanes, r.region_slots
        FROM sluice.range r WHERE r.run = $1 AND r.number = $2 AND r.owner = $3 AND r.epoch = $4
        AND r.state = 'running' FOR NO KEY UPDATE
        """

    /// The change of a lane's next pages, or where it skips, none: parameters are those of a
    /// lane's batch (``LaneSQL/change``) up to `$11`, `$12` the page behind the last one,
    /// and unless it skips, `$13` the first page, `$14` how many lanes there are, 0 for all that
    /// is left, and -1 where a lane has the keys from `$15` on and below `$16`, either NULL for no
    /// bound.
    ///
    /// Rows of a lane that leave their pages have entries in one stretch of the key's index, so
    /// that a few of its pages are written to the log and not all of them. Where keys lie
    /// together in the pages a row's place tells its lane. Nothing but speed depends on either: a
    /// row that no lane met is the sweep's.
    func laneChange(skips: Bool) -> String {
        let lanes = LaneSQL(batch: batch, method: .hash)
        let change =
            skips
            ? Self.nothing
            : change(
                first: Self.page("$13"), last: Self.page("$12"),
                // A `CASE`, which no index serves: the pages are what is gone through.
                lane: """
                    CASE WHEN $14::bigint = 0 THEN true
                    WHEN $14::bigint > 0
                    THEN pg_catalog.hashtidextended(\(place), 0) & ($14::bigint - 1) = $7::bigint
                    WHEN \(firstKey) < $15::\(batch.key[0].castType) THEN false
                    WHEN \(firstKey) >= $16::\(batch.key[0].castType) THEN false
                    ELSE true END
                    AND\u{20}
                    """)
        return """
            WITH \(lanes.fence), \(change), \
            \(lanes.moved(cursor: "ARRAY[$12::bigint::text]"))
            \(lanes.told)
            """
    }

    // MARK: The pieces

    /// The range's row, if its owner still holds it and the name still means the table.
    private var fence: String {
        """
        sluice_fence AS MATERIALIZED (
        SELECT r.lower[1]::bigint AS lower, r."cursor"[1]::bigint AS page,
        r.upper[1]::bigint AS upper, r.keys_estimate\(batch.hotBefore)
        FROM sluice.range r
        WHERE r.run = $1 AND r.number = $2 AND r.owner = $3 AND r.epoch = $4
        AND r.part = \(batch.part) AND r.state = 'running' AND r.is_physical
        AND r.region_upper IS NULL
        \(batch.nameClauses)
        FOR NO KEY UPDATE
        )
        """
    }

    /// The pages of a batch, and the keys in them by estimate.
    private static let bounds = """
        sluice_bound AS MATERIALIZED (
        SELECT b.*, ceil(b.keys_estimate::double precision * (b.last - b.page)
        / greatest(1, b.upper - b.lower))::bigint AS keys
        FROM (SELECT f.*, least(f.page + $5::bigint, f.upper) AS last FROM sluice_fence f) b
        )
        """

    /// What a batch does that skips its pages.
    private static let nothing = "sluice_count AS MATERIALIZED (SELECT 0::bigint AS rows)"

    /// The place before a page's first row, the page being one of the batch's.
    private static func bound(_ page: String) -> String {
        "(SELECT ('(' || \(page) || ',0)')::pg_catalog.tid FROM sluice_bound b)"
    }

    /// The place before a page's first row, if the fence holds.
    private static func page(_ parameter: String) -> String {
        "(SELECT ('(' || \(parameter)::bigint || ',0)')::pg_catalog.tid FROM sluice_fence)"
    }

    private var alias: String { Identifier(batch.alias ?? batch.table.name).quoted }

    private var place: String { "\(alias).ctid" }

    private var firstKey: String { "\(alias).\(Identifier(batch.key[0].name).quoted)" }

    private var predicate: String { batch.identity.predicate ?? "true" }

    /// The change of the rows of some pages that match the predicate and will not match it again.
    private func change(first: String, last: String, lane: String) -> String {
        let unchanged = ChangeSQL.unchanged(batch.identity)
        return """
            sluice_change AS (
            UPDATE ONLY \(batch.source) SET \(ChangeSQL.assignments(batch.identity))
            WHERE \(place) >= \(first)
            AND \(place) < \(last)
            AND \(lane)(CASE WHEN (
            \(predicate)
            ) THEN (SELECT (
            \(predicate)
            ) FROM (SELECT \(afterwards)) AS \(alias)) IS NOT TRUE END)\(unchanged)
            RETURNING CASE WHEN (
            \(predicate)
            ) THEN (\(place)::text || \(Self.sentence))::integer END
            ), sluice_count AS MATERIALIZED (SELECT count(*) AS rows FROM sluice_change)
            """
    }

    /// Every column of a row as the change leaves it.
    private var afterwards: String {
        columns.map { column in
            let assigned = batch.identity.assignments.first { $0.column == column }
            let value = assigned.map { "(\n\($0.expression)\n)" }
            let name = Identifier(column).quoted
            return "\(value ?? "\(alias).\(name)") AS \(name)"
        }.joined(separator: ", ")
    }

    /// Why a batch is left to the sweep that would have to remember what it did: the text of a cast
    /// that cannot succeed.
    private static let sentence = Literal.quoted(
        ": the row matches --where after its change as well, as a trigger or an expression that "
            + "changes by itself has it")
}
