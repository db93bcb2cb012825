import SluiceCore
import SluicePostgres
import Testing

@testable import Sluice

@Suite struct PhysicalSQLTests {
    private func sql(_ predicate: String = "n < 1 -- so") -> PhysicalSQL {
        let key = [KeyColumn(name: "id", castType: "pg_catalog.uuid")]
        let identity = JobIdentity(
            kind: .update, tableOID: 16400,
            assignments: [Assignment(column: "n", expression: "n + 1 -- more")],
            predicate: predicate, key: ["id"])
        return PhysicalSQL(
            batch: BatchSQL(
                table: QualifiedName(schema: "public", name: "t"), tableOID: 16400, key: key,
                identity: identity),
            columns: ["id", "na\"me", "n"])
    }

    @Test func aBatchChangesWhatMatchesBeforeAndNoLongerAfterwards() {
        #expect(sql().change(skips: false) == expectedChange)
    }

    @Test func aSkippingBatchMovesOnAndChangesNothing() {
        for statement in [sql().change(skips: true), sql().laneChange(.none)] {
            #expect(!statement.contains("UPDATE ONLY"))
            #expect(statement.contains("sluice_count AS MATERIALIZED (SELECT 0::bigint AS rows)"))
        }
        // A parameter that a statement does not use has no type.
        for (rows, last) in [(PhysicalSQL.Rows.none, 12), (.all, 13), (.room, 21), (.leaving, 21)] {
            for number in 1...24 {
                // Lanes of keys have a step in `$10` and `$11` is how a range ends.
                #expect(
                    sql().laneChange(rows).contains("$\(number):") == (number <= last)
                        || number < 12, "\(rows) $\(number)")
            }
        }
    }

    @Test func aLaneTakesOfEachPageWhatItHasRoomFor() {
        let change = sql().laneChange(.room)
        #expect(change.contains(expectedPlaces))
        #expect(
            change.contains(
                """
                WHERE "t".ctid = ANY ((SELECT s.places FROM sluice_place s)::pg_catalog.tid[])
                AND (CASE WHEN (
                """))
        #expect(change.contains("THEN ARRAY[$12::bigint::text] END"))
        #expect(change.contains("r.region_lane = $5::integer"))
    }

    /// Those that leave are the page's smallest keys; sorting is fenced off, or an index on the key
    /// would be walked for its order.
    @Test func theFirstLanesTakeTheSmallestKeysOfEachPage() {
        let change = sql().laneChange(.leaving)
        #expect(
            change.contains(
                """
                CROSS JOIN LATERAL (SELECT sluice_k.sluice_place \
                FROM (SELECT "t".ctid AS sluice_place,
                "t"."id" AS sluice_key
                FROM ONLY "public"."t" WHERE "t".ctid >= sluice_p.sluice_first \
                AND "t".ctid < sluice_p.sluice_behind AND (CASE WHEN (
                n < 1 -- so
                ) THEN true END) OFFSET 0) AS sluice_k ORDER BY sluice_k.sluice_key LIMIT
                """))
    }

    @Test func theLastVisitTakesAllThatIsLeftAndIsBoundByTheFence() {
        let change = sql().laneChange(.all)
        for parameter in ["$12", "$13"] {
            #expect(
                change.contains(
                    "(SELECT ('(' || \(parameter)::bigint || ',0)')::pg_catalog.tid "
                        + "FROM sluice_fence)"))
        }
        #expect(!change.contains("sluice_place"))
    }

    /// Neither the server nor a person who reads a plan sees another statement than the batch's.
    @Test func whatIsExplainedIsTheChange() {
        let change = sql().change(skips: false)
        for piece in [
            "UPDATE ONLY \"public\".\"t\" SET \"n\" = (\nn + 1 -- more\n)", "IS NOT TRUE",
        ] {
            #expect(change.contains(piece) && sql().inspection.contains(piece))
        }
        #expect(sql().inspection.contains("(SELECT NULL::pg_catalog.tid)"))
        for statement in sql().inspectionsOfLanes {
            #expect(statement.contains("sluice_place AS MATERIALIZED") && !statement.contains("$"))
        }
    }

    @Test func everyStatementOfARegionKeepsToTheFence() {
        for statement in [PhysicalSQL.begin, PhysicalSQL.state] {
            #expect(statement.contains("r.owner = $3 AND r.epoch = $4"))
            #expect(statement.contains("r.state = 'running'"))
        }
        #expect(PhysicalSQL.begin.contains("r.is_physical AND r.region_upper IS NULL"))
    }
}

private let expectedPlaces = """
    sluice_place AS MATERIALIZED (
    SELECT array_agg(sluice_l.sluice_place) AS places FROM (
    SELECT ('(' || sluice_g.sluice_page || ',0)')::pg_catalog.tid AS sluice_first,
    ('(' || sluice_g.sluice_page + 1 || ',0)')::pg_catalog.tid AS sluice_behind
    FROM generate_series((SELECT $13::bigint FROM sluice_fence), $12::bigint - 1) \
    AS sluice_g (sluice_page) OFFSET 0) AS sluice_p
    CROSS JOIN LATERAL (SELECT sluice_n.sluice_rows, sluice_n.sluice_before,
    least($20::double precision, greatest($19::double precision,
    $18::double precision / greatest(1, sluice_n.sluice_before))) AS sluice_bytes
    FROM (SELECT count(*) AS sluice_rows, count(*) / $15::double precision AS sluice_before
    FROM ONLY "public"."t" WHERE "t".ctid >= sluice_p.sluice_first \
    AND "t".ctid < sluice_p.sluice_behind) AS sluice_n OFFSET 0) AS sluice_c
    CROSS JOIN LATERAL (SELECT "t".ctid AS sluice_place FROM ONLY "public"."t" \
    WHERE "t".ctid >= sluice_p.sluice_first AND "t".ctid < sluice_p.sluice_behind AND (CASE WHEN (
    n < 1 -- so
    ) THEN true END) LIMIT (round(sluice_c.sluice_before * $14::double precision) \
    + greatest(0, floor(($16::double precision
    - sluice_c.sluice_before * $17::double precision - sluice_c.sluice_rows * sluice_c.sluice_bytes)
    / (sluice_c.sluice_bytes + $21::double precision))))::bigint) AS sluice_l)
    """

private let expectedChange = """
    WITH sluice_fence AS MATERIALIZED (
    SELECT r.lower[1]::bigint AS lower, r."cursor"[1]::bigint AS page,
    r.upper[1]::bigint AS upper, r.keys_estimate, \
    pg_catalog.pg_stat_get_xact_tuples_hot_updated(16400) AS hot
    FROM sluice.range r
    WHERE r.run = $1 AND r.number = $2 AND r.owner = $3 AND r.epoch = $4
    AND r.part = 1 AND r.state = 'running' AND r.is_physical
    AND r.region_upper IS NULL
    AND pg_catalog.to_regclass('"public"."t"')::oid = 16400
    FOR NO KEY UPDATE
    ), sluice_bound AS MATERIALIZED (
    SELECT b.*, ceil(b.keys_estimate::double precision * (b.last - b.page)
    / greatest(1, b.upper - b.lower))::bigint AS keys
    FROM (SELECT f.*, least(f.page + $5::bigint, f.upper) AS last FROM sluice_fence f) b
    ), sluice_change AS (
    UPDATE ONLY "public"."t" SET "n" = (
    n + 1 -- more
    )
    WHERE "t".ctid >= (SELECT ('(' || b.page || ',0)')::pg_catalog.tid FROM sluice_bound b)
    AND "t".ctid < (SELECT ('(' || b.last || ',0)')::pg_catalog.tid FROM sluice_bound b)
    AND (CASE WHEN (
    n < 1 -- so
    ) THEN (SELECT (
    n < 1 -- so
    ) FROM (SELECT "t"."id" AS "id", "t"."na""me" AS "na""me", (
    n + 1 -- more
    ) AS "n") AS "t") IS NOT TRUE END)
    RETURNING CASE WHEN (
    n < 1 -- so
    ) THEN ("t".ctid::text || ': the row matches --where after its change as well, as a \
    trigger or an expression that changes by itself has it')::integer END
    ), sluice_count AS MATERIALIZED (SELECT count(*) AS rows FROM sluice_change), sluice_move AS (
    UPDATE sluice.range r SET "cursor" = ARRAY[(SELECT b.last::text FROM sluice_bound b)],
    keys_scanned = r.keys_scanned + (SELECT b.keys FROM sluice_bound b),
    rows_changed = r.rows_changed + (SELECT n.rows FROM sluice_count n),
    rows_hot = r.rows_hot + CASE WHEN (SELECT n.rows FROM sluice_count n) > 0
    THEN pg_catalog.pg_stat_get_xact_tuples_hot_updated(16400) - \
    (SELECT f.hot FROM sluice_fence f) ELSE 0 END,
    batches = r.batches + 1,
    state = CASE WHEN (SELECT b.last = b.upper FROM sluice_bound b) THEN 'done'
    ELSE 'running' END,
    lease_until = clock_timestamp() + $6::double precision * interval '1 second',
    updated_at = clock_timestamp()
    WHERE r.run = $1 AND r.number = $2 AND EXISTS (SELECT FROM sluice_fence)
    RETURNING r.state = 'done' AS finished)
    SELECT (SELECT b.keys FROM sluice_bound b), (SELECT n.rows FROM sluice_count n),
    m.finished,
    CASE WHEN m.finished THEN pg_catalog.set_config('synchronous_commit', $7, true) END,
    extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.statement_timestamp())
    FROM sluice_move m
    """
