import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

@Suite struct ReplacedTableTests {
    /// A name that comes to mean another table in mid-run must not lead the batches there.
    @Test func aTableSwappedInMidRunIsNeverChanged() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 60_000)
            try await database.slowDown(seconds: 0.05)
            try await database.execute("CREATE TABLE other (LIKE t INCLUDING ALL)")
            try await database.execute("INSERT INTO other SELECT id, 0 FROM t")
            let process = try database.startIncrement(workers: 2, batch: 50)
            try await database.waitForProgress(keys: 200)
            try await database.execute(
                "BEGIN; ALTER TABLE t RENAME TO old; ALTER TABLE other RENAME TO t; COMMIT")
            #expect(try await process.wait(within: .seconds(20)) == 1)
            #expect(process.errors.contains("renamed"), "\(process.errors)")
            #expect(try await database.histogram() == "0:60000")
        }
    }
}
