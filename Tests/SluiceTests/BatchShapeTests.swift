import SluiceCore
import SluicePostgres
import Testing

@testable import Sluice

/// Shapes of a batch beside the plain one: bounded by bytes, and driven by a partial index.
@Suite struct BatchShapeTests {
    private func sql(wideColumns: [String]) -> BatchSQL {
        BatchSQL(
            table: QualifiedName(schema: "public", name: "docs"), tableOID: 16400,
            key: [KeyColumn(name: "at", castType: "pg_catalog.date", arithmetic: .date)],
            identity: JobIdentity(
                kind: .update, tableOID: 16400,
                assignments: [Assignment(column: "n", expression: "0")], predicate: "n IS NULL",
                key: ["at"]), wideColumns: wideColumns, isDriven: true)
    }

    @Test func aWideBatchEndsWhereItsBytesDo() {
        #expect(sql(wideColumns: ["title", "body"]).change(firstOfRange: false) == expectedWide)
    }

    @Test func aDrivenBatchCountsKeysThatMatch() {
        #expect(sql(wideColumns: []).change(firstOfRange: true) == expectedDriven)
    }
}

private let expectedWide = """
    WITH sluice_fence AS MATERIALIZED (
    SELECT r."cursor", r.upper, pg_catalog.pg_stat_get_xact_tuples_hot_updated(16400) AS hot \
    FROM sluice.range r
    WHERE r.run = $1 AND r.number = $2 AND r.owner = $3 AND r.epoch = $4
    AND r.part = 1 AND r.state = 'running'
    AND r."cursor" IS NOT NULL AND r.region_upper IS NULL
    AND pg_catalog.to_regclass('"public"."docs"')::oid = 16400
    FOR NO KEY UPDATE
    ), sluice_walk AS MATERIALIZED (
    SELECT w.k1, row_number() OVER sluice_way AS n, sum(w.bytes) OVER sluice_way AS bytes
    FROM (SELECT "at" AS k1,
    coalesce(pg_catalog.pg_column_size("title"), 0)
    + coalesce(pg_catalog.pg_column_size("body"), 0) AS bytes
    FROM ONLY "public"."docs"
    WHERE "at" > (SELECT f."cursor"[1] FROM sluice_fence f)::pg_catalog.date
    AND "at" <= (SELECT f.upper[1] FROM sluice_fence f)::pg_catalog.date AND (
    n IS NULL
    )
    ORDER BY "docs"."at" LIMIT $5::bigint) w
    WINDOW sluice_way AS (ORDER BY w.k1 ROWS UNBOUNDED PRECEDING)
    ), sluice_end AS MATERIALIZED (
    SELECT w.* FROM sluice_walk w WHERE w.n = (
    SELECT greatest(1, count(*)) FROM sluice_walk b WHERE b.bytes <= $8::bigint)
    AND (w.n = $5::bigint OR w.n < (SELECT count(*) FROM sluice_walk))
    ), sluice_bound AS MATERIALIZED (
    SELECT coalesce((SELECT e.k1 FROM sluice_end e),
    (SELECT f.upper[1] FROM sluice_fence f)::pg_catalog.date) AS k1,
    coalesce((SELECT e.k1 = (SELECT f.upper[1] FROM sluice_fence f)::pg_catalog.date
    FROM sluice_end e), true) AS finished,
    EXISTS (SELECT FROM sluice_end) AS is_full
    ), sluice_scan AS MATERIALIZED (
    SELECT CASE WHEN b.is_full THEN (SELECT e.n FROM sluice_end e)
    ELSE (SELECT count(*) FROM sluice_walk) END AS keys FROM sluice_bound b
    ), sluice_change AS (
    UPDATE ONLY "public"."docs" SET "n" = (
    0
    )
    WHERE "at" > (SELECT f."cursor"[1] FROM sluice_fence f)::pg_catalog.date
    AND "at" <= (SELECT b.k1 FROM sluice_bound b) AND (
    n IS NULL
    )
    RETURNING 1
    ), sluice_count AS MATERIALIZED (SELECT count(*) AS rows FROM sluice_change), sluice_move AS (
    UPDATE sluice.range r SET "cursor" = ARRAY[(SELECT b.k1::text FROM sluice_bound b)],
    keys_scanned = r.keys_scanned + (SELECT s.keys FROM sluice_scan s),
    rows_changed = r.rows_changed + (SELECT n.rows FROM sluice_count n),
    rows_hot = r.rows_hot + CASE WHEN (SELECT n.rows FROM sluice_count n) > 0
    THEN pg_catalog.pg_stat_get_xact_tuples_hot_updated(16400) \
    - (SELECT f.hot FROM sluice_fence f) ELSE 0 END,
    batches = r.batches + 1,
    state = CASE WHEN (SELECT b.finished FROM sluice_bound b) THEN 'done'
    ELSE 'running' END,
    lease_until = clock_timestamp() + $6::double precision * interval '1 second',
    updated_at = clock_timestamp()
    WHERE r.run = $1 AND r.number = $2 AND EXISTS (SELECT FROM sluice_fence)
    RETURNING r.state = 'done' AS finished)
    SELECT (SELECT s.keys FROM sluice_scan s), (SELECT n.rows FROM sluice_count n),
    m.finished,
    CASE WHEN m.finished THEN pg_catalog.set_config('synchronous_commit', $7, true) END,
    extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.statement_timestamp()),
    coalesce((SELECT e.bytes FROM sluice_end e),
    (SELECT max(w.bytes) FROM sluice_walk w), 0)
    FROM sluice_move m
    """

private let expectedDriven = """
    WITH sluice_fence AS MATERIALIZED (
    SELECT r."cursor", r.upper, pg_catalog.pg_stat_get_xact_tuples_hot_updated(16400) AS hot \
    FROM sluice.range r
    WHERE r.run = $1 AND r.number = $2 AND r.owner = $3 AND r.epoch = $4
    AND r.part = 1 AND r.state = 'running'
    AND r."cursor" IS NULL AND r.region_upper IS NULL
    AND pg_catalog.to_regclass('"public"."docs"')::oid = 16400
    FOR NO KEY UPDATE
    ), sluice_end AS MATERIALIZED (
    SELECT "at" AS k1 FROM ONLY "public"."docs"
    WHERE "at" <= (SELECT f.upper[1] FROM sluice_fence f)::pg_catalog.date AND (
    n IS NULL
    )
    ORDER BY "docs"."at" OFFSET $5::bigint - 1 LIMIT 1
    ), sluice_bound AS MATERIALIZED (
    SELECT coalesce((SELECT e.k1 FROM sluice_end e),
    (SELECT f.upper[1] FROM sluice_fence f)::pg_catalog.date) AS k1,
    coalesce((SELECT e.k1 = (SELECT f.upper[1] FROM sluice_fence f)::pg_catalog.date
    FROM sluice_end e), true) AS finished,
    EXISTS (SELECT FROM sluice_end) AS is_full
    ), sluice_scan AS MATERIALIZED (
    SELECT CASE WHEN b.is_full THEN $5::bigint ELSE (
    SELECT count(*) FROM ONLY "public"."docs"
    WHERE "at" <= (SELECT f.upper[1] FROM sluice_fence f)::pg_catalog.date AND (
    n IS NULL
    )
    ) END AS keys FROM sluice_bound b
    ), sluice_change AS (
    UPDATE ONLY "public"."docs" SET "n" = (
    0
    )
    WHERE "at" <= (SELECT b.k1 FROM sluice_bound b) AND (
    n IS NULL
    )
    RETURNING 1
    ), sluice_count AS MATERIALIZED (SELECT count(*) AS rows FROM sluice_change), sluice_move AS (
    UPDATE sluice.range r SET "cursor" = ARRAY[(SELECT b.k1::text FROM sluice_bound b)],
    keys_scanned = r.keys_scanned + (SELECT s.keys FROM sluice_scan s),
    rows_changed = r.rows_changed + (SELECT n.rows FROM sluice_count n),
    rows_hot = r.rows_hot + CASE WHEN (SELECT n.rows FROM sluice_count n) > 0
    THEN pg_catalog.pg_stat_get_xact_tuples_hot_updated(16400) \
    - (SELECT f.hot FROM sluice_fence f) ELSE 0 END,
    batches = r.batches + 1,
    state = CASE WHEN (SELECT b.finished FROM sluice_bound b) THEN 'done'
    ELSE 'running' END,
    lease_until = clock_timestamp() + $6::double precision * interval '1 second',
    updated_at = clock_timestamp()
    WHERE r.run = $1 AND r.number = $2 AND EXISTS (SELECT FROM sluice_fence)
    RETURNING r.state = 'done' AS finished)
    SELECT (SELECT s.keys FROM sluice_scan s), (SELECT n.rows FROM sluice_count n),
    m.finished,
    CASE WHEN m.finished THEN pg_catalog.set_config('synchronous_commit', $7, true) END,
    extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.statement_timestamp())
    FROM sluice_move m
    """
