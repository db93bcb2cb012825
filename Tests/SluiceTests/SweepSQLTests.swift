import SluiceCore
import SluicePostgres
import Testing

@testable import Sluice

/// The look at a whole table that ends the sweep behind its pages.
@Suite struct SweepSQLTests {
    private let statement = SweepSQL(
        batch: BatchSQL(
            table: QualifiedName(schema: "public", name: "t"), tableOID: 16400,
            key: [
                KeyColumn(name: "a", castType: "pg_catalog.int4"),
                KeyColumn(name: "b", castType: "pg_catalog.uuid"),
            ],
            identity: JobIdentity(
                kind: .update, tableOID: 16400,
                assignments: [Assignment(column: "n", expression: "n + 1 -- more")],
                predicate: "n < 1 -- so", key: ["a", "b"]),
            part: 3)
    ).end(rowsMost: 20)

    /// It looks for one row more than it may change, and changes none where it finds that.
    @Test func itLooksForOneRowMoreThanItMayChange() {
        #expect(
            statement.contains(
                "FROM ONLY \"public\".\"t\" WHERE (\nn < 1 -- so\n) LIMIT 21)"))
        #expect(statement.contains("SELECT count(*) > 20 AS many FROM sluice_left"))
        #expect(statement.contains("AND NOT (SELECT m.many FROM sluice_many m)"))
    }

    /// What ends is what nobody walks along, as it was when the look began, behind all pages, and
    /// only while the name means the same table.
    @Test func whatEndsIsWhatNobodyWalksAlong() {
        for piece in [
            "r.number = $2 AND r.owner = $3 AND r.epoch = $4 AND r.state = 'running'",
            "AND r.\"cursor\" IS NOT DISTINCT FROM s.\"cursor\"\nAND r.upper = s.upper",
            "g.part = 3\nAND g.is_physical AND g.state <> 'done'",
            "pg_catalog.to_regclass('\"public\".\"t\"')::oid = 16400",
            "ORDER BY r.number FOR NO KEY UPDATE OF r",
        ] {
            #expect(statement.contains(piece), "\(piece)")
        }
    }

    /// Rows are named by their keys, and those behind a range's cursor are not among them.
    @Test func rowsAreThoseOfWhatEnds() {
        for piece in [
            "(s.\"cursor\" IS NULL OR ROW(l.k1, l.k2) > ROW(s.\"cursor\"[1]::",
            "AND ROW(l.k1, l.k2) <= ROW(s.upper[1]::",
            "UPDATE ONLY \"public\".\"t\" SET \"n\" = (\nn + 1 -- more\n)",
            "ROW(\"a\", \"b\") IN (SELECT d.k1, d.k2 FROM sluice_due d)",
            "(CASE WHEN (\nn < 1 -- so\n) THEN true END)",
        ] {
            #expect(statement.contains(piece), "\(piece)")
        }
    }
}
