import SluiceCore
import SluicePostgres
import SluiceSandbox
import SluiceTestSupport
import Testing

@testable import Sluice

/// What may be pruned: whose reading holds it back, and whose does not.
@Suite(.timeLimit(.minutes(12))) struct HorizonTests {
    /// The horizon once other transactions have come and gone, against one taken before them.
    private static func isHeld(_ database: TestDatabase, by holder: String) async throws -> Bool {
        let session = try await database.connect("reader")
        _ = try await session.execute(script: holder)
        let before = try await database.value("SELECT pg_current_xact_id()::text")
        for _ in 0..<3 { try await database.execute("SELECT pg_current_xact_id()") }
        let row = try await database.connection.query(HorizonSQL.look).rows[0]
        await session.close()
        let (mark, horizon) = (Int(before ?? "") ?? 0, Int(row[0] ?? "") ?? 0)
        #expect(Int(row[1] ?? "") ?? 0 > mark)
        return horizon <= mark
    }

    @Test func aSnapshotAndAWriterHoldItAndAnIdleSessionDoesNot() async throws {
        // Others' transactions on the same server would hold it as well.
        try await TestDatabase.with(alone: true) { database in
            try await database.makeTable(rows: 10)
            let snapshot = try await Self.isHeld(
                database, by: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t")
            #expect(snapshot)
            let writer = try await Self.isHeld(database, by: "BEGIN; UPDATE t SET n = 1")
            #expect(writer)
            let idle = try await Self.isHeld(database, by: "SELECT 1")
            #expect(!idle)
        }
    }

    /// What is read elsewhere is not pruned here.
    @Test func aReaderOfAnotherDatabaseDoesNotHoldIt() async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.makeTable(rows: 10)
            let parameters = try ConnectionParameters(dsn: database.dsn)
            let other = try await PostgresConnection.connect(
                parameters.setting("dbname", to: "postgres"))
            _ = try await other.execute(
                script: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class")
            let held = try await Self.isHeld(database, by: "SELECT 1")
            await other.close()
            #expect(!held)
        }
    }

    /// `pg_snapshot_xmin` alone says that everything may be pruned.
    @Test func aRunUnderAHeldSnapshotBeginsNoRegion() async throws {
        try await TestDatabase.with(alone: true) { database in
            try await database.makeTable(rows: 30_000)
            let holder = try await database.connect("reader")
            _ = try await holder.execute(
                script: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t")
            try await database.execute("SELECT pg_current_xact_id()")
            var options = RunOptions.with(workers: 2, batch: 500)
            options.limits.lanes = .fixed(8)
            options.limits.maxRowsPerSecond = .some(20_000)
            _ = try await database.sluice.run(increment, options: options)
            await holder.close()
            #expect(try await database.histogram() == "1:30000")
            #expect(try await database.number("SELECT sum(regions) FROM sluice.range") == 0)
        }
    }
}
