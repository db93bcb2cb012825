import SluiceCore
import SluicePostgres
import Testing

@testable import Sluice

/// Whole statements, so that a change of any of them is seen and meant.
@Suite struct BatchSQLTests {
    private let bigint = KeyColumn(name: "id", castType: "pg_catalog.int8", arithmetic: .integer)

    private func identity(_ assignments: [Assignment], predicate: String? = nil) -> JobIdentity {
        JobIdentity(
            kind: .update, tableOID: 16400, assignments: assignments, predicate: predicate,
            key: ["id"])
    }

    @Test func aBatchTakesEveryBoundFromTheFenceAndMovesTheCursorOnce() {
        let sql = BatchSQL(
            table: QualifiedName(schema: "public", name: "products"), tableOID: 16400,
            key: [bigint],
            identity: identity(
                [Assignment(column: "price_cents", expression: "(price * 100)::bigint")],
                predicate: "price_cents IS NULL"))
        #expect(sql.change(firstOfRange: false) == expectedBatch)
    }

    @Test func theFirstBatchOfARunHasNoLowerBound() {
        let sql = BatchSQL(
            table: QualifiedName(schema: "public", name: "t"), tableOID: 16400, key: [bigint],
            identity: identity([Assignment(column: "n", expression: "0")]))
        let first = sql.change(firstOfRange: true)
        #expect(first.contains("AND r.state = 'running'\nAND r.\"cursor\" IS NULL"))
        #expect(!first.contains("\"id\" >"))
    }

    @Test func compositeKeysAreComparedAsRowsWithOneParameterForEachColumn() {
        let sql = BatchSQL(
            table: QualifiedName(schema: "s", name: "t"), tableOID: 16400,
            key: [bigint, KeyColumn(name: "select", castType: "pg_catalog.text")],
            identity: identity([Assignment(column: "n", expression: "0")]))
        let statement = sql.change(firstOfRange: false)
        let lower = [
            "(SELECT f.\"cursor\"[1] FROM sluice_fence f)::pg_catalog.int8",
            "(SELECT f.\"cursor\"[2] FROM sluice_fence f)::pg_catalog.text",
        ]
        let upper = ["(SELECT b.k1 FROM sluice_bound b)", "(SELECT b.k2 FROM sluice_bound b)"]
        // Where both ends lie in one value of the first column, that is compared by itself.
        #expect(
            statement.contains(
                "sluice_change_0 AS (\nUPDATE ONLY \"s\".\"t\" SET \"n\" = (\n0\n)\n"
                    + "WHERE (SELECT c.columns FROM sluice_common c) = 0 AND "
                    + "ROW(\"id\", \"select\") > ROW(\(lower.joined(separator: ", ")))\n"
                    + "AND ROW(\"id\", \"select\") <= ROW(\(upper.joined(separator: ", ")))\n"))
        #expect(
            statement.contains(
                "WHERE (SELECT c.columns FROM sluice_common c) = 1 AND \"id\" = \(lower[0])\n"
                    + "AND \"select\" > \(lower[1])\nAND \"select\" <= \(upper[1])\n"))
        #expect(
            statement.contains(
                "SELECT CASE WHEN b.k1 = \(lower[0])\nTHEN 1 ELSE 0 END AS columns"))
        #expect(
            statement.contains(
                "SELECT (SELECT count(*) FROM sluice_change_0)\n"
                    + "+ (SELECT count(*) FROM sluice_change_1) AS rows"))
        #expect(!sql.change(firstOfRange: true).contains("sluice_common"))
        #expect(statement.contains("ORDER BY \"t\".\"id\", \"t\".\"select\" OFFSET"))
    }

    @Test func namesAreQuotedAndUserSQLStandsBetweenParenthesesOnItsOwnLines() {
        let sql = BatchSQL(
            table: QualifiedName(schema: "a\"b", name: "Weird \"Name\""), tableOID: 16400,
            key: [bigint],
            identity: identity(
                [
                    Assignment(column: "select", expression: "1 -- one"),
                    Assignment(column: "x", expression: "2"),
                ], predicate: "true or true"))
        let statement = sql.change(firstOfRange: false)
        #expect(statement.contains("UPDATE ONLY \"a\"\"b\".\"Weird \"\"Name\"\"\" SET"))
        #expect(statement.contains("\"select\" = (\n1 -- one\n), \"x\" = (\n2\n)"))
        #expect(statement.contains(" AND (CASE WHEN (\ntrue or true\n) THEN true END)\n"))
    }

    @Test func everySettingOfABatchIsLocalAndBoundsItsWaits() {
        let statement = BatchSettingsSQL.settings(
            [Setting("TimeZone", "UTC")], limits: Limits(), serverVersion: 150_000)
        #expect(
            statement.sql.hasPrefix(
                "SELECT pg_catalog.set_config($1, $2, true), pg_catalog.set_config($3, $4, true)"))
        let pairs = stride(from: 0, to: statement.parameters.count, by: 2).map {
            (text(statement.parameters[$0]), text(statement.parameters[$0 + 1]))
        }
        let settings = Dictionary(uniqueKeysWithValues: pairs)
        #expect(
            settings == [
                "TimeZone": "UTC", "row_security": "off", "jit": "off", "enable_seqscan": "off",
                "enable_sort": "off",
                "max_parallel_workers_per_gather": "0", "plan_cache_mode": "force_generic_plan",
                "lock_timeout": "2000",
                "statement_timeout": "20000", "idle_in_transaction_session_timeout": "20000",
                "synchronous_commit": "off",
            ])
        let newer = BatchSettingsSQL.settings([], limits: Limits(), serverVersion: 170_000)
        #expect(newer.parameters.contains { text($0) == "transaction_timeout" })
    }

    @Test func besideAnApplicationBatchesWriteTheirLogThemselves() {
        func commit(_ limits: Limits) -> String? {
            BatchSettingsSQL.batch([], limits: limits, serverVersion: 150_000)
                .last { $0.name == "synchronous_commit" }?.value
        }
        var limits = Limits()
        #expect(commit(limits) == "off")
        limits.foregroundBudget = .multiple(1.5)
        #expect(commit(limits) == "local")
        limits.synchronousCommit = true
        #expect(commit(limits) == "on")
        limits.foregroundBudget = nil
        #expect(commit(limits) == "on")
    }

    private func text(_ parameter: Parameter) -> String {
        if case .text(let value) = parameter { return value }
        return ""
    }
}

private let expectedBatch = """
    WITH sluice_fence AS MATERIALIZED (
    SELECT r."cursor", r.upper, pg_catalog.pg_stat_get_xact_tuples_hot_updated(16400) AS hot \
    FROM sluice.range r
    WHERE r.run = $1 AND r.number = $2 AND r.owner = $3 AND r.epoch = $4
    AND r.part = 1 AND r.state = 'running'
    AND r."cursor" IS NOT NULL AND r.region_upper IS NULL
    AND pg_catalog.to_regclass('"public"."products"')::oid = 16400
    FOR NO KEY UPDATE
    ), sluice_end AS MATERIALIZED (
    SELECT "id" AS k1 FROM ONLY "public"."products"
    WHERE "id" > (SELECT f."cursor"[1] FROM sluice_fence f)::pg_catalog.int8
    AND "id" <= (SELECT f.upper[1] FROM sluice_fence f)::pg_catalog.int8
    ORDER BY "products"."id" OFFSET $5::bigint - 1 LIMIT 1
    ), sluice_bound AS MATERIALIZED (
    SELECT coalesce((SELECT e.k1 FROM sluice_end e),
    (SELECT f.upper[1] FROM sluice_fence f)::pg_catalog.int8) AS k1,
    coalesce((SELECT e.k1 = (SELECT f.upper[1] FROM sluice_fence f)::pg_catalog.int8
    FROM sluice_end e), true) AS finished,
    EXISTS (SELECT FROM sluice_end) AS is_full
    ), sluice_scan AS MATERIALIZED (
    SELECT CASE WHEN b.is_full THEN $5::bigint ELSE (
    SELECT count(*) FROM ONLY "public"."products"
    WHERE "id" > (SELECT f."cursor"[1] FROM sluice_fence f)::pg_catalog.int8
    AND "id" <= (SELECT f.upper[1] FROM sluice_fence f)::pg_catalog.int8
    ) END AS keys FROM sluice_bound b
    ), sluice_change AS (
    UPDATE ONLY "public"."products" SET "price_cents" = (
    (price * 100)::bigint
    )
    WHERE "id" > (SELECT f."cursor"[1] FROM sluice_fence f)::pg_catalog.int8
    AND "id" <= (SELECT b.k1 FROM sluice_bound b) AND (CASE WHEN (
    price_cents IS NULL
    ) THEN true END)
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
