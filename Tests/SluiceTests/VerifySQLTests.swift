import SluiceCore
import SluicePostgres
import Testing

@testable import Sluice

/// Whole statements, so that a change of any of them is seen and meant.
@Suite struct VerifySQLTests {
    private func sql(
        _ comparison: Comparison, kind: JobKind = .update, predicate: String? = nil,
        quarantinedOf: Int64? = nil
    ) -> CompareSQL {
        let table = QualifiedName(schema: "public", name: "products")
        let assignments =
            kind == .delete
            ? [] : [Assignment(column: "price_cents", expression: "price * 100")]
        let batch = BatchSQL(
            table: table, tableOID: 16400,
            key: [
                KeyColumn(name: "tenant", castType: "pg_catalog.text"),
                KeyColumn(name: "id", castType: "pg_catalog.int8"),
            ],
            identity: JobIdentity(
                kind: kind, tableOID: 16400, assignments: assignments, predicate: predicate,
                key: ["tenant", "id"]))
        return CompareSQL(
            batch: batch, comparison: comparison,
            types: [CompareSQL.ColumnType(name: "bigint", hasEquality: true)],
            quarantinedOf: quarantinedOf)
    }

    @Test func aRowIsWrongWhereItsValueDiffersAndMissedWhereNobodyWroteIt() {
        #expect(
            sql(.values).count == """
                SELECT count(*), count(*) FILTER (WHERE w.state = 2), \
                count(*) FILTER (WHERE w.state = 1)
                FROM (SELECT CASE WHEN true THEN CASE WHEN (
                price * 100
                )::bigint IS DISTINCT FROM "products"."price_cents" THEN
                CASE WHEN $3::bigint IS NULL OR "products".xmin::text::bigint < 3
                OR ((("products".xmin::text::bigint - $3::bigint) & 4294967295) > 2147483647
                AND "products".xmin::text <> ALL ($4::text[])) \
                THEN 2 ELSE 1 END ELSE 0 END ELSE 0 END AS state FROM ONLY "public"."products"
                WHERE "products".ctid >= $1::tid AND "products".ctid < $2::tid OFFSET 0) w
                """)
    }

    @Test func whatWasSetAsideIsNeverComputed() {
        let count = sql(.values, quarantinedOf: 7).count
        #expect(
            count.contains(
                """
                CASE WHEN ROW("products"."tenant", "products"."id") IN \
                (SELECT q.key[1]::pg_catalog.text, q.key[2]::pg_catalog.int8
                FROM sluice.quarantine q WHERE q.run = 7 AND q.part = 1) THEN 0
                WHEN true THEN
                """), "\(count)")
    }

    @Test func thePredicateSaysWhichRowsAreMeant() {
        #expect(sql(.remaining, predicate: "a OR b").count.contains("WHEN (\na OR b\n) THEN CASE"))
        // A row that was written since may match again without being wrong.
        #expect(sql(.untouched, predicate: "a").count.contains("THEN 2 ELSE 0 END ELSE 0"))
        let delete = sql(.remaining, kind: .delete, predicate: "gone").count
        #expect(delete.contains("WHEN (\ngone\n) THEN CASE WHEN true THEN"))
    }

    @Test func keysComeWithWhetherTheyWereMissed() {
        let keys = sql(.values).keys
        #expect(
            keys.hasPrefix(
                "SELECT w.key, w.state = 2 FROM (SELECT ARRAY[\"products\".\"tenant\"::text, "
                    + "\"products\".\"id\"::text] AS key, CASE WHEN"))
        #expect(keys.hasSuffix("OFFSET 0) w WHERE w.state > 0 LIMIT $5::bigint"))
    }

    @Test func aRepairIsTheJobsChangeOfTheseKeysWhileTheRunIsCompleted() {
        #expect(
            sql(.values, predicate: "price > 0").repair == """
                WITH sluice_run AS MATERIALIZED (
                SELECT FROM sluice.run r WHERE r.id = $1 AND r.state = 'completed'
                AND pg_catalog.to_regclass('"public"."products"')::oid = 16400
                ), sluice_keys AS MATERIALIZED (
                SELECT u.* FROM unnest($2::text[], $3::text[]) AS u (k1, k2)
                WHERE EXISTS (SELECT FROM sluice_run)
                ), sluice_change AS (
                UPDATE ONLY "public"."products" SET "price_cents" = (
                price * 100
                )
                WHERE ROW("tenant", "id") IN (SELECT u.k1::pg_catalog.text, \
                u.k2::pg_catalog.int8 FROM sluice_keys u) AND (CASE WHEN (
                price > 0
                ) THEN true END)
                RETURNING 1
                ), sluice_count AS MATERIALIZED (SELECT count(*) AS rows FROM sluice_change), \
                sluice_counted AS (
                UPDATE sluice.range r SET rows_changed = r.rows_changed
                + (SELECT n.rows FROM sluice_count n)
                WHERE r.run = $1 AND r.number = (SELECT min(g.number) FROM sluice.range g
                WHERE g.run = $1))
                SELECT (SELECT n.rows FROM sluice_count n) FROM sluice_run
                """)
    }
}
