import SluiceCore
import SluicePostgres
import Testing

@testable import Sluice

@Suite struct LaneSQLTests {
    private let id = KeyColumn(name: "id", castType: "pg_catalog.int8", arithmetic: .integer)
    private let name = KeyColumn(name: "na me", castType: "pg_catalog.text")

    private func sql(_ key: [KeyColumn], _ method: LaneMethod) -> LaneSQL {
        let identity = JobIdentity(
            kind: .update, tableOID: 16400,
            assignments: [Assignment(column: "n", expression: "n + 1")], predicate: "n < 1 -- so",
            key: key.map(\.name))
        return LaneSQL(
            batch: BatchSQL(
                table: QualifiedName(schema: "public", name: "t"), tableOID: 16400, key: key,
                identity: identity),
            method: method)
    }

    @Test func aBatchNamesItsKeysAndMovesOnlyWhatItFoundInPlace() {
        #expect(sql([id], .integer).change == expectedChange)
    }

    @Test func severalColumnsAreComparedAsARow() {
        let change = sql([id, name], .hash).change
        #expect(change.contains("ROW(\"id\", \"na me\") IN (SELECT l.* FROM sluice_fence, unnest("))
        #expect(change.contains("$12::pg_catalog.int8[], $13::pg_catalog.text[]"))
        let first = "pg_catalog.format('%s', ($12::pg_catalog.int8[])[$8::integer])"
        #expect(change.contains("ARRAY[\(first), "))
    }

    @Test func aSlotIsNeverNegativeAndWidthsTellItsLane() {
        let integer = sql([id], .integer).keys(hasCursor: true)
        let region = "FROM sluice_region g)"
        let slots = "(SELECT coalesce(g.region_slots[g.region_lanes], g.region_lanes) \(region)"
        #expect(integer.contains("% \(slots) + \(slots)) % \(slots))::integer"))
        #expect(integer.contains("width_bucket("))
        let hash = sql([id, name], .hash).keys(hasCursor: false)
        #expect(
            hash.contains(
                "(pg_catalog.hash_record_extended(ROW(\"id\", \"na me\"), 0) & (\(slots) - 1))"))
        #expect(!hash.contains("g.\"cursor\"["))
    }

    @Test func runsAreJoinedByTheEndsOfEach() {
        let change = sql([id], .integer).changeOfRuns
        #expect(
            change.contains(
                """
                UPDATE ONLY "public"."t" SET "n" = (
                n + 1
                )
                FROM (SELECT u.* FROM sluice_fence, unnest($12::pg_catalog.int8[], \
                $13::pg_catalog.int8[])
                AS u (sluice_low, sluice_high) LIMIT cardinality($12::pg_catalog.int8[])) \
                AS sluice_run
                WHERE "id" >= sluice_run.sluice_low
                AND "id" <= sluice_run.sluice_high AND (CASE WHEN (
                n < 1 -- so
                ) THEN true END)
                RETURNING 1
                """))
        #expect(
            change.contains("ARRAY[($13::pg_catalog.int8[])[cardinality($13::pg_catalog.int8[])]"))
        let arrays = sql([id], .integer).change
        for statement in [change, arrays] {
            #expect(statement.contains("sluice.range r SET keys_scanned = r.keys_scanned + $8"))
        }
    }

    @Test func aPlainBatchAndARegionKeepOutOfEachOthersWay() {
        let plain = sql([id], .integer).batch.change(firstOfRange: false)
        #expect(plain.contains("AND r.region_upper IS NULL"))
        let begin = sql([id], .integer).begin(firstOfRange: false)
        #expect(begin.contains("AND r.region_upper IS NULL"))
        for statement in [LaneSQL.merge, LaneSQL.close] {
            #expect(statement.contains("r.owner = $3 AND r.epoch = $4"))
            #expect(statement.contains("r.region_upper IS NOT NULL"))
        }
    }
}

private let expectedChange = """
    WITH sluice_fence AS MATERIALIZED (
    SELECT pg_catalog.pg_stat_get_xact_tuples_hot_updated(16400) AS hot
    FROM sluice.range r
    WHERE r.run = $1 AND r.number = $2 AND r.owner = $3 AND r.epoch = $4
    AND r.part = 1 AND r.state = 'running' AND r.region_upper IS NOT NULL
    AND r.region_lane = $5::integer AND r.lane_cursor IS NOT DISTINCT FROM $6::text[]
    AND pg_catalog.to_regclass('"public"."t"')::oid = 16400
    FOR NO KEY UPDATE
    ), sluice_change AS (
    UPDATE ONLY "public"."t" SET "n" = (
    n + 1
    )
    WHERE "id" = ANY ((SELECT $12::pg_catalog.int8[] FROM sluice_fence)::pg_catalog.int8[]) AND \
    (CASE WHEN (
    n < 1 -- so
    ) THEN true END)
    RETURNING 1
    ), sluice_count AS MATERIALIZED (SELECT count(*) AS rows FROM sluice_change), sluice_move AS (
    UPDATE sluice.range r SET keys_scanned = r.keys_scanned + $8::bigint,
    rows_changed = r.rows_changed + (SELECT n.rows FROM sluice_count n),
    rows_hot = r.rows_hot + CASE WHEN (SELECT n.rows FROM sluice_count n) > 0
    THEN pg_catalog.pg_stat_get_xact_tuples_hot_updated(16400) \
    - (SELECT f.hot FROM sluice_fence f) ELSE 0 END,
    rows_in_lanes = r.rows_in_lanes + CASE WHEN r.region_lanes > 1
    THEN (SELECT n.rows FROM sluice_count n) ELSE 0 END,
    batches = r.batches + 1,
    "cursor" = CASE WHEN $9::boolean THEN r.region_upper ELSE r."cursor" END,
    state = CASE WHEN $9::boolean AND r.region_upper = r.upper THEN 'done' ELSE 'running' END,
    is_merged = r.is_merged AND NOT $9::boolean,
    region_upper = CASE WHEN NOT $9::boolean THEN r.region_upper END,
    region_lanes = CASE WHEN NOT $9::boolean THEN r.region_lanes END,
    region_slots = CASE WHEN NOT $9::boolean THEN r.region_slots END,
    region_keys = CASE WHEN NOT $9::boolean THEN r.region_keys END,
    region_divisor = CASE WHEN NOT $9::boolean THEN r.region_divisor END,
    region_lane = CASE WHEN NOT $9::boolean THEN $7::integer END,
    lane_cursor = CASE WHEN NOT $9::boolean THEN \
    ARRAY[pg_catalog.format('%s', ($12::pg_catalog.int8[])[$8::integer])] END,
    merged_from = CASE WHEN NOT $9::boolean THEN r.merged_from END,
    lease_until = clock_timestamp() + $10::double precision * interval '1 second',
    updated_at = clock_timestamp()
    WHERE r.run = $1 AND r.number = $2 AND EXISTS (SELECT FROM sluice_fence)
    RETURNING r.state = 'done' AS finished)
    SELECT greatest($8::bigint, (SELECT n.rows FROM sluice_count n)),
    (SELECT n.rows FROM sluice_count n), m.finished,
    CASE WHEN m.finished THEN pg_catalog.set_config('synchronous_commit', $11, true) END,
    extract(epoch FROM pg_catalog.clock_timestamp()
    - pg_catalog.statement_timestamp()), NULL,
    pg_catalog.pg_current_xact_id()::text, (SELECT min(h.xid) FROM (SELECT \
    pg_catalog.pg_snapshot_xmin(
    pg_catalog.pg_current_snapshot())::text::bigint) AS x (base)
    CROSS JOIN LATERAL (SELECT x.base AS xid UNION ALL SELECT x.base
    - ((x.base - o.xid::text::bigint + 2147483648) & 4294967295) + 2147483648
    FROM (SELECT a.backend_xmin FROM pg_catalog.pg_stat_activity a
    WHERE a.backend_xmin IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid()
    AND (a.datname IS NULL OR a.datname = pg_catalog.current_database())
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum v WHERE v.pid = a.pid)
    UNION ALL SELECT s.xmin FROM pg_catalog.pg_replication_slots s
    WHERE s.xmin IS NOT NULL) AS o (xid)) AS h),
    pg_catalog.pg_stat_get_xact_tuples_hot_updated(16400)
    - (SELECT f.hot FROM sluice_fence f)
    FROM sluice_move m
    """
