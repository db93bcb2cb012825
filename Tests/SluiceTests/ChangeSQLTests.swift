import SluiceCore
import SluicePostgres
import Testing

@testable import Sluice

/// What each kind of job does to the rows of a batch; whole parts, so that a change is seen.
@Suite struct ChangeSQLTests {
    private let bigint = KeyColumn(name: "id", castType: "pg_catalog.int8", arithmetic: .integer)
    private let text = KeyColumn(name: "se\"q", castType: "pg_catalog.text")

    private func change(
        _ kind: JobKind, _ assignments: [Assignment] = [], predicate: String? = nil,
        key: [KeyColumn]? = nil, policy: ConflictPolicy? = nil, statement: String? = nil,
        overridesIdentity: Bool = false, isOpenBelow: Bool = false, isDriven: Bool = false,
        isExact: Bool = false
    ) -> String {
        let key = key ?? [bigint]
        var detail = JobDetail()
        detail.onConflict = policy
        detail.statement = statement
        let isCopying = kind == .copy || kind == .move
        let table = QualifiedName(schema: "public", name: "Ev\"t")
        return ChangeSQL(
            table: table, source: table.quoted, alias: table.name, key: key,
            identity: JobIdentity(
                kind: kind, tableOID: 1, assignments: assignments, predicate: predicate,
                key: key.map(\.name), detail: detail),
            target: isCopying
                ? CopyTarget(
                    oid: 2, name: QualifiedName(schema: "old", name: "e"), conflictKey: ["id"],
                    overridesIdentity: overridesIdentity, columns: [], columnMark: "")
                : nil,
            lower: key.indices.map { "l\($0 + 1)" }, upper: key.indices.map { "u\($0 + 1)" },
            isOpenBelow: isOpenBelow, isDriven: isDriven, isExact: isExact
        ).text
    }

    private let columns = [
        Assignment(column: "id", expression: "\"id\""),
        Assignment(column: "at", expression: "now() -- when"),
    ]

    @Test func aDeleteTakesTheRangeAndThePredicate() {
        #expect(
            change(.delete, predicate: "true or true -- all") == """
                sluice_change AS (
                DELETE FROM ONLY "public"."Ev""t"
                WHERE "id" > l1
                AND "id" <= u1 AND (CASE WHEN (
                true or true -- all
                ) THEN true END)
                RETURNING 1
                ), sluice_count AS MATERIALIZED (SELECT count(*) AS rows FROM sluice_change)
                """)
    }

    @Test func anUpdateMayLeaveRowsAloneThatItWouldNotChange() {
        var detail = JobDetail()
        detail.skipsUnchanged = true
        let table = QualifiedName(schema: "public", name: "t")
        func text(_ kind: JobKind) -> String {
            ChangeSQL(
                table: table, source: table.quoted, alias: "t", key: [bigint],
                identity: JobIdentity(
                    kind: kind, tableOID: 1,
                    assignments: [
                        Assignment(column: "a", expression: "b or true -- so"),
                        Assignment(column: "c d", expression: "1"),
                    ], predicate: "x", key: ["id"], detail: detail),
                target: nil, lower: ["l1"], upper: ["u1"], isOpenBelow: false
            ).text
        }
        #expect(
            text(.update).contains(
                """
                ) THEN true END)
                AND ROW("a", "c d") IS DISTINCT FROM
                ROW((
                b or true -- so
                ), (
                1
                ))
                RETURNING 1
                """))
        #expect(!text(.delete).contains("DISTINCT"))
    }

    @Test func aSingleRowIsMeantByItsWholeKey() {
        #expect(
            change(.delete, key: [bigint, text], isExact: true) == """
                sluice_change AS (
                DELETE FROM ONLY "public"."Ev""t"
                WHERE "id" = l1
                AND "se""q" = l2
                RETURNING 1
                ), sluice_count AS MATERIALIZED (SELECT count(*) AS rows FROM sluice_change)
                """)
        #expect(
            change(.statement, statement: "DELETE FROM e WHERE :range(e)", isExact: true)
                .contains("WHERE  (e.\"id\" = l1)"))
    }

    /// The index that drives a batch serves the predicate only as it stands, and a sub-select may
    /// be better off as a join.
    @Test func aPredicateThatMustReachThePlannerStandsAsItIs() {
        let plain = " AND (\ntodo\n)\nRETURNING"
        #expect(change(.delete, predicate: "todo", isDriven: true).contains(plain))
        #expect(!change(.delete, predicate: "todo").contains(plain))
        let query = "EXISTS (SELECT FROM u)"
        #expect(change(.delete, predicate: query).contains(" AND (\n\(query)\n)\nRETURNING"))
    }

    @Test func aCopyInsertsWhatItSelectsFromTheRange() {
        #expect(
            change(.copy, columns, predicate: "done", policy: .update, isOpenBelow: true) == """
                sluice_change AS (
                INSERT INTO "old"."e" ("id", "at")
                SELECT (
                "id"
                ), (
                now() -- when
                )
                FROM ONLY "public"."Ev""t"
                WHERE "id" <= u1 AND (CASE WHEN (
                done
                ) THEN true END)
                ON CONFLICT ("id") DO UPDATE SET "at" = EXCLUDED."at"
                RETURNING 1
                ), sluice_count AS MATERIALIZED (SELECT count(*) AS rows FROM sluice_change)
                """)
    }

    @Test func conflictsAreErrorsUnlessAskedOtherwise() {
        #expect(!change(.copy, columns, policy: .error).contains("ON CONFLICT"))
        #expect(change(.copy, columns, policy: .nothing).contains("\nON CONFLICT DO NOTHING\n"))
        // Where the key is all that is copied, there is nothing to update.
        #expect(
            change(.copy, [columns[0]], policy: .update).contains("\nON CONFLICT DO NOTHING\n"))
        #expect(
            change(.copy, columns, overridesIdentity: true)
                .contains("(\"id\", \"at\")\nOVERRIDING SYSTEM VALUE\nSELECT"))
    }

    @Test func aMoveInsertsWhatItDeletedOrFails() {
        #expect(
            change(.move, columns, predicate: "done", policy: .error) == """
                sluice_gone AS (
                DELETE FROM ONLY "public"."Ev""t"
                WHERE "id" > l1
                AND "id" <= u1 AND (CASE WHEN (
                done
                ) THEN true END)
                RETURNING *
                ), sluice_change AS (
                INSERT INTO "old"."e" ("id", "at")
                SELECT (
                "id"
                ), (
                now() -- when
                )
                FROM sluice_gone AS "Ev""t"
                RETURNING 1
                ), sluice_count AS MATERIALIZED (
                SELECT CASE WHEN n.rows = d.rows THEN n.rows
                ELSE ('only ' || n.rows || ' of ' || d.rows || \
                ' rows deleted from public."Ev"\"t" arrived in old.e, so nothing of this batch \
                was kept: a trigger, a rule or a conflict there swallows rows; disable it, or give \
                --where to leave those rows out')::bigint END AS rows
                FROM (SELECT count(*) AS rows FROM sluice_change) n,
                (SELECT count(*) AS rows FROM sluice_gone) d)
                """)
    }

    @Test func aStatementGetsItsBoundsWhereItAsksForThem() {
        let sql = change(
            .statement, key: [bigint, text],
            statement: "UPDATE t SET a = b::lower -- :upper\n"
                + "WHERE (id, seq) > :lower AND (id, seq) <= :upper;")
        #expect(
            sql == """
                sluice_change AS (
                UPDATE t SET a = b::lower -- :upper
                WHERE (id, seq) >  ROW(l1, l2) AND (id, seq) <=  ROW(u1, u2)
                RETURNING 1
                ), sluice_count AS MATERIALIZED (SELECT count(*) AS rows FROM sluice_change)
                """)
    }

    @Test func aStatementsRangeIsOpenBelowWhereTheTableBegins() {
        let statement = "DELETE FROM t x USING u WHERE :range(x) AND x.a = u.a"
        #expect(
            change(.statement, key: [bigint, text], statement: statement)
                .contains(
                    """
                    WHERE  (ROW(x."id", x."se""q") > ROW(l1, l2)
                    AND ROW(x."id", x."se""q") <= ROW(u1, u2)) AND x.a = u.a
                    """))
        #expect(
            change(.statement, statement: statement, isOpenBelow: true)
                .contains("WHERE  (x.\"id\" <= u1) AND x.a"))
    }

    @Test func theWholeBatchHoldsTheChangeAndMindsTheTarget() {
        let target = CopyTarget(
            oid: 77, name: QualifiedName(schema: "old", name: "it's"), conflictKey: [],
            overridesIdentity: false, columns: ["id"], columnMark: "1:id")
        let batch = BatchSQL(
            table: QualifiedName(schema: "public", name: "t"), tableOID: 16400, key: [bigint],
            identity: JobIdentity(
                kind: .copy, tableOID: 16400, assignments: columns, predicate: nil, key: ["id"]),
            target: target)
        let sql = batch.change(firstOfRange: false)
        #expect(
            sql.contains(
                """
                AND pg_catalog.to_regclass('"public"."t"')::oid = 16400
                AND pg_catalog.to_regclass('"old"."it''s"')::oid = 77
                FOR NO KEY UPDATE
                """))
        #expect(
            sql.contains(
                """
                FROM ONLY "public"."t"
                WHERE "id" > (SELECT f."cursor"[1] FROM sluice_fence f)::pg_catalog.int8
                AND "id" <= (SELECT b.k1 FROM sluice_bound b)
                RETURNING 1
                ), sluice_count AS MATERIALIZED (SELECT count(*) AS rows FROM sluice_change), \
                sluice_move AS (
                """))
    }
}
