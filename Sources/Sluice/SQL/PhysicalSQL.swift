import SluiceCore
import SluicePostgres

/// Statements by which a worker changes rows in the order of their pages.
///
/// A range's bounds are numbers of pages here, `[lower, upper)`. Nothing but the predicate says
/// what is done: only rows that match it before and no longer after their change are changed, and
/// all others are left to the sweep by key, with those that move while the pages are gone through.
/// So a row is changed once, wherever it goes, and whatever rewrites the table meanwhile.
///
/// Every bound is a scalar sub-select, or one of a page that a fenced sub-select is asked for by
/// itself: joined from another relation it would make the scan of the pages one of the whole table.
struct PhysicalSQL: Sendable {
    let batch: BatchSQL
    /// The table's columns, by which the predicate is asked again of a row as it will be.
    let columns: [String]

    /// Which rows of its pages a batch changes.
    enum Rows: String, CaseIterable {
        /// None: the batch skips its pages.
        case none
        /// All that match the predicate.
        case all
        /// As many of them in each page as there is room for.
        case room
        /// The same and some more, which leave, those with the smallest keys of the page: so their
        /// new entries lie together in the key's index, of which few pages are written to the log.
        case leaving
    }

    // MARK: Plain batches

    /// The change of the next pages, or where it skips, none: parameters are those of the fence,
    /// `$5` how many pages, `$6` lease in seconds, and `$7` the commit setting that ends a range.
    ///
    /// It counts keys by the range's own estimate: to count them it would read the pages twice.
    func change(skips: Bool) -> String {
        let change = skips ? Self.nothing : change(among: pages(Self.bound))
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
        """
        WITH \(change(among: pages { _ in "(SELECT NULL::pg_catalog.tid)" }))
        SELECT (SELECT n.rows FROM sluice_count n)
        """
    }

    // MARK: Lanes

    /// Begins a region of `$5` pages in `$6` lanes, unless fewer than `$7` are ahead: parameters
    /// are those of the fence, `$8` the lease in seconds, and `$9` the slots before which lanes
    /// end, of as many as a page has rows.
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

    /// The change of a lane's next pages: parameters are those of a lane's batch
    /// (``LaneSQL/change``) up to `$11`, `$12` the page behind the last one, unless it skips, `$13`
    /// the first page, and of a part of the rows those of ``Room``.
    func laneChange(_ rows: Rows) -> String {
        let lanes = LaneSQL(batch: batch, method: .hash)
        let change =
            switch rows {
            case .none: Self.nothing
            case .all: change(among: pages { Self.page($0 == .first ? "$13" : "$12") })
            case .room, .leaving:
                places(
                    of: "(SELECT $13::bigint FROM sluice_fence), $12::bigint - 1",
                    leaving: rows == .leaving, Room.parameters)
                    + ", " + change(among: Self.places(place))
            }
        return """
            WITH \(lanes.fence), \(change), \
            \(lanes.moved(cursor: "ARRAY[$12::bigint::text]"))
            \(lanes.told)
            """
    }

    /// The same of some of a page's rows without a ledger, for EXPLAIN.
    var inspectionsOfLanes: [String] {
        [true, false].map { leaving in
            let unseen = "(SELECT NULL::bigint)"
            return """
                WITH \(places(of: "\(unseen), \(unseen)", leaving: leaving, Room.unseen)), \
                \(change(among: Self.places(place)))
                SELECT (SELECT n.rows FROM sluice_count n)
                """
        }
    }

    /// What says how many rows of a page are changed, as the statement has it: the parts of a
    /// ``PageVisit`` in their order.
    private struct Room {
        let leaving, left, page, taken, filled, rowLeast, rowMost, growth: String

        static let parameters = Room(
            leaving: "$14::double precision", left: "$15::double precision",
            page: "$16::double precision", taken: "$17::double precision",
            filled: "$18::double precision", rowLeast: "$19::double precision",
            rowMost: "$20::double precision", growth: "$21::double precision")
        static let unseen = Room(
            leaving: "(SELECT NULL::double precision)", left: "1", page: "1", taken: "1",
            filled: "1", rowLeast: "1", rowMost: "1", growth: "1")
    }

    /// The part of a lane's statement that finds its rows.
    static let placesPart = "sluice_place"

    /// Where the rows are that a lane changes: of each page as many as there is
    /// room for, by the rows that everybody sees in it.
    ///
    /// Each page is scanned by itself, which prunes it; a row that is fetched by its place does
    /// not. The predicate is asked of no more rows than are taken, but for those that leave.
    private func places(of pages: String, leaving: Bool, _ room: Room) -> String {
        let own = "\(place) >= sluice_p.sluice_first AND \(place) < sluice_p.sluice_behind"
        let rows = """
            (round(sluice_c.sluice_before * \(room.leaving)) + greatest(0, floor((\(room.page)
            - sluice_c.sluice_before * \(room.taken) - sluice_c.sluice_rows * sluice_c.sluice_bytes)
            / (sluice_c.sluice_bytes + \(room.growth)))))::bigint
            """
        // A `CASE`, which no index serves and no join replaces: the page is what is gone through.
        let due = """
            FROM ONLY \(batch.source) WHERE \(own) AND (CASE WHEN (
            \(predicate)
            ) THEN true END)
            """
        let taken =
            leaving
            ? """
            SELECT sluice_k.sluice_place FROM (SELECT \(place) AS sluice_place,
            \(firstKey) AS sluice_key
            \(due) OFFSET 0) AS sluice_k ORDER BY sluice_k.sluice_key LIMIT \(rows)
            """
            : "SELECT \(place) AS sluice_place \(due) LIMIT \(rows)"
        return """
            \(Self.placesPart) AS MATERIALIZED (
            SELECT array_agg(sluice_l.sluice_place) AS places FROM (
            SELECT ('(' || sluice_g.sluice_page || ',0)')::pg_catalog.tid AS sluice_first,
            ('(' || sluice_g.sluice_page + 1 || ',0)')::pg_catalog.tid AS sluice_behind
            FROM generate_series(\(pages)) AS sluice_g (sluice_page) OFFSET 0) AS sluice_p
            CROSS JOIN LATERAL (SELECT sluice_n.sluice_rows, sluice_n.sluice_before,
            least(\(room.rowMost), greatest(\(room.rowLeast),
            \(room.filled) / greatest(1, sluice_n.sluice_before))) AS sluice_bytes
            FROM (SELECT count(*) AS sluice_rows, count(*) / \(room.left) AS sluice_before
            FROM ONLY \(batch.source) WHERE \(own)) AS sluice_n OFFSET 0) AS sluice_c
            CROSS JOIN LATERAL (\(taken)) AS sluice_l)
            """
    }

    /// The rows at those places.
    private static func places(_ place: String) -> String {
        "\(place) = ANY ((SELECT s.places FROM \(placesPart) s)::pg_catalog.tid[])"
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

    /// A bound of a batch's pages.
    private enum Bound { case first, last }

    /// The rows of the pages between two places.
    private func pages(_ bound: (Bound) -> String) -> String {
        "\(place) >= \(bound(.first))\nAND \(place) < \(bound(.last))"
    }

    /// The place before a page's first row, the page being one of the batch's.
    private static func bound(_ bound: Bound) -> String {
        let page = bound == .first ? "b.page" : "b.last"
        return "(SELECT ('(' || \(page) || ',0)')::pg_catalog.tid FROM sluice_bound b)"
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
    private func change(among rows: String) -> String {
        let unchanged = ChangeSQL.unchanged(batch.identity)
        return """
            sluice_change AS (
            UPDATE ONLY \(batch.source) SET \(ChangeSQL.assignments(batch.identity))
            WHERE \(rows)
            AND (CASE WHEN (
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
