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
        #expect(change.contains("ARRAY[($12::pg_catalog.int8[])[$8::integer]::text, "))
    }

    @Test func lanesAreNeverNegative() {
        let integer = sql([id], .integer).keys(hasCursor: true)
        let lanes = "(SELECT g.region_lanes FROM sluice_region g)"
        #expect(integer.contains("% \(lanes) + \(lanes)) % \(lanes))::integer AS lane"))
        let hash = sql([id, name], .hash).keys(hasCursor: false)
        #expect(
            hash.contains(
                "(pg_catalog.hash_record_extended(ROW(\"id\", \"na me\"), 0) & (\(lanes) - 1))"))
        #expect(!hash.contains("g.\"cursor\""))
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
    PENDING
    """
