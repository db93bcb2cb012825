import SluiceCore
import SluicePostgres

/// Statements by which a worker fills a region in lanes.
///
/// A region is the part of a range that follows its cursor, up to `region_upper`. Which lane a key
/// belongs to is a function of the key and of what the region's row says, so that whoever takes the
/// region over finds the same lanes; what is done is every lane before `region_lane`, and of that
/// one the keys up to `lane_cursor`. Where lanes were merged, all that was left then is one lane,
/// from the region's beginning: `merged_from` is what `lane_cursor` was. `region_slots` are the
/// ends of the lanes (``LaneShape``), NULL where each has one slot.
///
/// A batch names its keys, or where they are whole numbers with few gaps, the ends of runs of them:
/// a scan of the region for each lane would read every row of a page once for each lane.
struct LaneSQL: Sendable {
    let batch: BatchSQL
    let method: LaneMethod

    private var key: [KeyColumn] { batch.key }

    // MARK: Surveys

    /// Begins a region of `$5` keys in lanes that end at the slots `$6`, unless fewer than `$7` are
    /// ahead; parameters are those of the fence, `$8` the lease in seconds, and `$10` whether
    /// batches may name runs.
    ///
    /// Half of what each worker of the run still has ahead on average at the most, but `$9` keys at
    /// the least: nobody can take over a part of a region, so the last ones of a run are small. A
    /// rest of a range of less than `$9` would be dear by the key: the last region takes it along,
    /// and a quarter more since what is ahead is an estimate, or the last two are halves.
    func begin(firstOfRange: Bool) -> String {
        let ahead = batch.ahead(firstOfRange: firstOfRange)
        return """
            WITH \(batch.fence(firstOfRange: firstOfRange, lock: "\nFOR NO KEY UPDATE")), \
            \(Self.size), \
            \(batch.narrowEnd(ahead: ahead, batchKeys: Self.regionKeys)), \
            sluice_first AS MATERIALIZED (
            \(batch.nth(ahead: ahead, "1"))
            ), sluice_enough AS MATERIALIZED (
            \(batch.nth(ahead: ahead, "$7::bigint"))
            ), sluice_keys AS MATERIALIZED (
            SELECT CASE WHEN EXISTS (SELECT FROM sluice_end) THEN \(Self.regionKeys) ELSE
            (SELECT count(*) FROM ONLY \(batch.source) WHERE \(ahead)) END AS keys
            )
            UPDATE sluice.range r SET region_upper = coalesce(
            (SELECT ARRAY[\(batch.keyTexts("e"))] FROM sluice_end e), r.upper),
            region_lanes = cardinality($6::integer[]), region_slots = $6::integer[],
            region_divisor = \(divisor), region_lane = 0,
            region_keys = CASE WHEN $10::boolean THEN (SELECT k.keys FROM sluice_keys k
            WHERE \(regionEnd) - r."cursor"[1]::numeric <= \(Self.numbersOfKeyMost) * k.keys) END,
            lane_cursor = NULL, is_merged = false, merged_from = NULL, regions = r.regions + 1,
            lease_until = clock_timestamp() + $8::double precision * interval '1 second',
            updated_at = clock_timestamp()
            WHERE r.run = $1 AND r.number = $2 AND EXISTS (SELECT FROM sluice_fence)
            AND EXISTS (SELECT FROM sluice_enough)
            """
    }

    /// Numbers between a region's two ends for each of its keys, where its batches may name runs:
    /// so a batch has about as many rows as it has numbers, and a gap, wherever it is, cannot be
    /// longer than the rest.
    private static let numbersOfKeyMost = 1.5

    /// The last key of a region that is begun, as a number.
    private var regionEnd: String {
        "coalesce((SELECT e.k1::text::numeric FROM sluice_end e), r.upper[1]::numeric)"
    }

    /// The small regions are the run's last ones and not each range's: they cost a survey and small
    /// batches.
    private static let regionKeys = "(SELECT z.keys FROM sluice_size z)"

    private static let size = """
        sluice_size AS MATERIALIZED (
        SELECT CASE WHEN a.ahead - a.size >= $9::bigint THEN a.size
        WHEN a.ahead > $5::bigint THEN greatest($9::bigint, (a.ahead + 1) / 2)
        ELSE least($5::bigint, greatest($9::bigint, a.ahead * 5 / 4)) END AS keys
        FROM (SELECT r.keys_estimate - r.keys_scanned AS ahead,
        least($5::bigint, greatest($9::bigint, (SELECT sum(greatest(0,
        o.keys_estimate - o.keys_scanned)) / 2 / greatest(1, count(*) FILTER (
        WHERE o.state = 'running' AND o.lease_until > clock_timestamp()))
        FROM sluice.range o WHERE o.run = $1 AND o.state <> 'done'
        AND NOT o.is_physical)::bigint)) AS size
        FROM sluice.range r WHERE r.run = $1 AND r.number = $2) a)
        """

    /// Makes one lane of all that is left of a region: parameters are those of the fence.
    static let merge = """
        UPDATE sluice.range r SET is_merged = true, merged_from = r.lane_cursor,
        lane_cursor = NULL, updated_at = clock_timestamp()
        WHERE r.run = $1 AND r.number = $2 AND r.owner = $3 AND r.epoch = $4
        AND r.state = 'running' AND r.region_upper IS NOT NULL AND NOT r.is_merged
        """

    /// How far a region is, this transaction's number, the horizon, its lanes, and what runs of it
    /// are made from: parameters are those of the fence, and `$5` whether batches may name runs; no
    /// row without the fence, and no lane without a region.
    static let state = """
        SELECT r.region_lane, r.lane_cursor, r.is_merged,
        pg_catalog.pg_current_xact_id()::text, \(HorizonSQL.horizon), r.region_lanes,
        r.region_slots, CASE WHEN \(namesRuns("r")) THEN r.region_keys END, r."cursor"[1],
        r.region_upper[1], r.merged_from[1]
        FROM sluice.range r WHERE r.run = $1 AND r.number = $2 AND r.owner = $3 AND r.epoch = $4
        AND r.state = 'running' FOR NO KEY UPDATE
        """

    /// Whether a region's batches name the ends of runs: its keys are whole numbers that count by
    /// ones, and it was begun with few gaps.
    private static func namesRuns(_ row: String) -> String {
        """
        $5::boolean AND \(row).region_keys IS NOT NULL AND \(row).region_divisor = 1
        AND \(row)."cursor" IS NOT NULL AND \(row).region_slots IS NOT NULL
        """
    }

    /// Every key of a region, in order: an array of each key column, and one of their lanes, -1 for
    /// what is done.
    ///
    /// Parameters are those of the fence, and `$5` as for ``state``. Who asks tells them into
    /// slices: grouped and sorted by the server they cost three times as much, 1 µs a key. None of
    /// a region whose batches name runs.
    func keys(hasCursor: Bool) -> String {
        let lists = key.indices.map { "array_agg(s.k\($0 + 1))::text, " }.joined()
        let above = hasCursor ? "\(batch.keyRow) > \(stored("\"cursor\""))\nAND " : ""
        return """
            WITH sluice_region AS MATERIALIZED (SELECT r.* FROM sluice.range r
            WHERE r.run = $1 AND r.number = $2 AND r.owner = $3 AND r.epoch = $4
            AND r.region_upper IS NOT NULL)
            SELECT \(lists)array_agg(CASE WHEN \(isLeft) THEN s.lane ELSE -1 END)::text
            FROM (SELECT \(batch.endColumns), \(lane) AS lane FROM ONLY \(batch.source)
            WHERE \(above)\(batch.keyRow) <= \(stored("region_upper"))
            AND (SELECT NOT (\(Self.namesRuns("g"))) FROM sluice_region g)
            ORDER BY \(batch.orderList)) s
            """
    }

    /// Whether a key of the walk is not done yet.
    private var isLeft: String {
        let row = batch.endRow("s")
        func after(_ column: String) -> String {
            "((SELECT g.\(column) FROM sluice_region g) IS NULL\nOR \(row) > \(stored(column)))"
        }
        let current = "(SELECT g.region_lane FROM sluice_region g)"
        return """
            CASE WHEN (SELECT g.is_merged FROM sluice_region g) THEN (s.lane > \(current)
            OR s.lane = \(current) AND \(after("merged_from"))) AND \(after("lane_cursor"))
            ELSE s.lane > \(current) OR s.lane = \(current) AND \(after("lane_cursor")) END
            """
    }

    /// Ends a region in which nothing is left: parameters are those of the fence.
    static let close = """
        UPDATE sluice.range r SET \(moved(ends: "true", lane: "NULL::integer", cursor: "NULL")),
        updated_at = clock_timestamp()
        WHERE r.run = $1 AND r.number = $2 AND r.owner = $3 AND r.epoch = $4
        AND r.state = 'running' AND r.region_upper IS NOT NULL
        """

    // MARK: Batches

    /// The change of a lane's next keys, in the shape of a plain batch's: parameters are those of
    /// the fence, `$5` lane and `$6` key before the first one, `$7` the lane, `$8` how many keys,
    /// `$9` whether the region ends, `$10` lease in seconds, `$11` the commit setting that ends a
    /// range, and from `$12` an array for each key column.
    ///
    /// Beside what a plain batch tells: its transaction, the horizon, and rows updated in place.
    var change: String {
        // As the type writes it, which is what the survey's array gave the client: for some types,
        // padded characters among them, a cast to text gives another one.
        let last = key.indices.map { "pg_catalog.format('%s', (\(array($0)))[$8::integer])" }
            .joined(separator: ", ")
        return """
            WITH \(fence), \(change(of: array).text), \
            \(moved(cursor: "ARRAY[\(last)]"))
            \(told)
            """
    }

    /// The same of runs of neighbouring keys: from `$12` on, an array of their first keys and one
    /// of their last ones.
    ///
    /// A key of an array costs a descent of the index (PostgreSQL 15); a run of them costs one in
    /// all: of 4.4 µs a row 1.1 were saved with 8 lanes, and a key of no row is no visit.
    var changeOfRuns: String {
        """
        WITH \(fence), \(changeOfRuns(array).text), \
        \(moved(cursor: "ARRAY[(\(array(1)))[cardinality(\(array(1)))]::text]"))
        \(told)
        """
    }

    /// Counts a batch and moves its lane on.
    func moved(cursor: String) -> String {
        let counted = """
            rows_changed = r.rows_changed + (SELECT n.rows FROM sluice_count n),\(batch.hotCounted)
            rows_in_lanes = r.rows_in_lanes + CASE WHEN r.region_lanes > 1
            THEN (SELECT n.rows FROM sluice_count n) ELSE 0 END,

            """
        return move(counted, cursor: cursor, gate: "sluice_fence")
    }

    /// What a batch tells.
    ///
    /// Keys are at least the rows: a batch that names runs counts its share of the region's keys,
    /// and limits of rates are about what was done.
    var told: String {
        """
        SELECT greatest($8::bigint, (SELECT n.rows FROM sluice_count n)),
        (SELECT n.rows FROM sluice_count n), m.finished,
        CASE WHEN m.finished THEN pg_catalog.set_config('synchronous_commit', $11, true) END,
        extract(epoch FROM pg_catalog.clock_timestamp()
        - pg_catalog.statement_timestamp()), NULL,
        pg_catalog.pg_current_xact_id()::text, \(HorizonSQL.horizon),
        \(inPlace)
        FROM sluice_move m
        """
    }

    /// Rows that the batch updated within their page, as the server counts them.
    private var inPlace: String {
        """
        pg_catalog.pg_stat_get_xact_tuples_hot_updated(\(batch.tableOID))
        - (SELECT f.hot FROM sluice_fence f)
        """
    }

    /// The same without a ledger and without a key, for EXPLAIN: its plan is the batch's plan,
    /// since the planner sees neither's keys.
    var inspection: String {
        let change = change { "NULL::\(key[$0].castType)[]" }
        return """
            WITH sluice_fence AS MATERIALIZED (SELECT 1 AS one), \(change.text)
            SELECT (SELECT n.rows FROM sluice_count n)
            """
    }

    /// The same as ``inspection`` of runs; the table's and the user's names may be those that runs
    /// have.
    var inspectionOfRuns: String {
        let change = changeOfRuns { _ in "(SELECT NULL::\(key[0].castType)[])" }
        return """
            WITH sluice_fence AS MATERIALIZED (SELECT 1 AS one), \(change.text)
            SELECT (SELECT n.rows FROM sluice_count n)
            """
    }

    /// Sets the next key aside and moves the lane past it: parameters are those of a batch up to
    /// `$10`, with `$11` SQLSTATE, `$12` message, `$13` most keys in quarantine, and the key as a
    /// text array in `$14`.
    ///
    /// Tells whether the fence holds, that the key is the next one, and whether the range is done
    /// with it, NULL where the quarantine is full.
    var quarantine: String {
        """
        WITH \(fence), sluice_room AS MATERIALIZED (SELECT FROM sluice_fence
        WHERE (SELECT count(*) FROM sluice.quarantine q
        WHERE q.run = $1 AND q.skipped_at IS NULL) < $13::bigint
        ), sluice_aside AS (
        INSERT INTO sluice.quarantine (run, part, key, sqlstate, message)
        SELECT $1, \(batch.part), $14::text[], $11, $12 FROM sluice_room
        ), \(move(cursor: "$14::text[]", gate: "sluice_room"))
        SELECT EXISTS (SELECT FROM sluice_fence), true, (SELECT m.finished FROM sluice_move m)
        """
    }

    /// Counts a batch and moves its lane on, if the gate gave a row.
    private func move(_ counted: String = "", cursor: String, gate: String) -> String {
        """
        sluice_move AS (
        UPDATE sluice.range r SET keys_scanned = r.keys_scanned + $8::bigint,
        \(counted)batches = r.batches + 1,
        \(Self.moved(ends: "$9::boolean", lane: "$7::integer", cursor: cursor)),
        lease_until = clock_timestamp() + $10::double precision * interval '1 second',
        updated_at = clock_timestamp()
        WHERE r.run = $1 AND r.number = $2 AND EXISTS (SELECT FROM \(gate))
        RETURNING r.state = 'done' AS finished)
        """
    }

    /// The lane and its cursor move on; or the region ends, and the range's cursor with it.
    private static func moved(ends: String, lane: String, cursor: String) -> String {
        let kept = [
            ("region_upper", "r.region_upper"), ("region_lanes", "r.region_lanes"),
            ("region_slots", "r.region_slots"), ("region_keys", "r.region_keys"),
            ("region_divisor", "r.region_divisor"), ("region_lane", lane),
            ("lane_cursor", cursor), ("merged_from", "r.merged_from"),
        ]
        let columns = kept.map { "\($0.0) = CASE WHEN NOT \(ends) THEN \($0.1) END" }
        return """
            "cursor" = CASE WHEN \(ends) THEN r.region_upper ELSE r."cursor" END,
            state = CASE WHEN \(ends) AND r.region_upper = r.upper THEN 'done' ELSE 'running' END,
            is_merged = r.is_merged AND NOT \(ends),
            \(columns.joined(separator: ",\n"))
            """
    }

    /// The range's row, if its owner still holds it, the lane is where the batch expects it, and
    /// the name still means the table.
    var fence: String {
        """
        sluice_fence AS MATERIALIZED (
        SELECT pg_catalog.pg_stat_get_xact_tuples_hot_updated(\(batch.tableOID)) AS hot
        FROM sluice.range r
        WHERE r.run = $1 AND r.number = $2 AND r.owner = $3 AND r.epoch = $4
        AND r.part = \(batch.part) AND r.state = 'running' AND r.region_upper IS NOT NULL
        AND r.region_lane = $5::integer AND r.lane_cursor IS NOT DISTINCT FROM $6::text[]
        \(batch.nameClauses)
        FOR NO KEY UPDATE
        )
        """
    }

    /// The change of the keys in the arrays of its columns.
    private func change(of array: (Int) -> String) -> ChangeSQL {
        var change = unbounded
        if key.count == 1 {
            change.keyArray = "(SELECT \(array(0)) FROM sluice_fence)"
        } else {
            let lists = key.indices.map(array).joined(separator: ", ")
            change.keyList = "SELECT l.* FROM sluice_fence, unnest(\(lists)) AS l"
        }
        return change
    }

    /// The change of the keys between the ends in two arrays.
    ///
    /// The limit leaves all runs; without it the planner, which takes any array for ten, might read
    /// the whole table and compare each row with every run.
    private func changeOfRuns(_ array: (Int) -> String) -> ChangeSQL {
        var change = unbounded
        change.keyRuns = """
            (SELECT u.* FROM sluice_fence, unnest(\(array(0)), \(array(1)))
            AS u (sluice_low, sluice_high) LIMIT cardinality(\(array(0)))) AS sluice_run
            """
        return change
    }

    private var unbounded: ChangeSQL {
        ChangeSQL(
            table: batch.table, source: batch.source, alias: batch.alias ?? batch.table.name,
            key: key, identity: batch.identity, target: nil, lower: [], upper: [],
            isOpenBelow: true)
    }

    /// An array of a key's column, or of the ends of runs, which the only column gives.
    private func array(_ column: Int) -> String {
        "$\(12 + column)::\(key[min(column, key.count - 1)].castType)[]"
    }

    // MARK: Lanes

    /// The lane of a key, from 0.
    private var lane: String {
        let region = "FROM sluice_region g)"
        let slots = "(SELECT coalesce(g.region_slots[g.region_lanes], g.region_lanes) \(region)"
        let slot =
            switch method {
            case .integer:
                "((\(batch.comparable[key.count - 1])::bigint"
                    + " / (SELECT g.region_divisor \(region)"
                    + " % \(slots) + \(slots)) % \(slots))::integer"
            case .hash:
                "(pg_catalog.hash_record_extended(ROW(\(batch.comparable.joined(separator: ", "))),"
                    + " 0) & (\(slots) - 1))::integer"
            }
        // What a region of before widths began with: each lane has one slot.
        return """
            CASE WHEN (SELECT g.region_slots IS NULL \(region) THEN \(slot)
            ELSE pg_catalog.width_bucket(\(slot), (SELECT g.region_slots \(region)) END
            """
    }

    /// How far apart keys are, where they are integers: those of a sequence that counts by tens
    /// would all fall into a few lanes.
    ///
    /// Where a region is the rest of a range, up to the range's end.
    private var divisor: String {
        guard method == .integer, key.count == 1 else { return "1" }
        return """
            coalesce((SELECT greatest(1, round((\(regionEnd) - f.k1::numeric)
            / greatest(1, (SELECT k.keys FROM sluice_keys k) - 1)))::bigint FROM sluice_first f), 1)
            """
    }

    /// The key in one of the region's columns.
    private func stored(_ column: String) -> String {
        let parts = key.enumerated().map {
            "(SELECT g.\(column)[\($0 + 1)] FROM sluice_region g)::\($1.castType)"
        }
        return ChangeSQL.row(parts)
    }
}

/// How keys are told into lanes.
enum LaneMethod: Sendable, Equatable {
    /// By the last column's value: neighbours go to different lanes, so each page gives every lane
    /// the same.
    case integer
    /// By a hash of the key.
    case hash
}
