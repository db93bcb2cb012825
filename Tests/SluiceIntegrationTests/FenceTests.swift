import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import Sluice

/// What one batch does when others are at its range, on sessions driven by hand.
@Suite(.timeLimit(.minutes(12))) struct FenceTests {
    /// A range of 4,000 keys whose first 1,000 are done.
    static func begun(
        _ body:
            @escaping @Sendable (
                FenceBench, HeldRange, PostgresConnection, PostgresConnection
            ) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database in
            let bench = try await FenceBench(database, rows: 4_000)
            let (one, two) = (try await database.connect(), try await database.connect())
            let range = try #require(try await bench.claim(on: one))
            let answer = try await one.sendAndReceive(bench.batch(range, keys: 1_000, first: true))
            #expect(answer.error == nil)
            try await body(bench, range, one, two)
            await one.close()
            await two.close()
        }
    }

    @Test func aBatchThatWaitedForTheRowTakesTheCursorThatItFindsThen() async throws {
        try await Self.begun { bench, range, one, two in
            _ = try await one.query(BatchSettingsSQL.begin)
            _ = try await one.query(bench.change(range, keys: 1_000))
            try await two.send(bench.batch(range, keys: 1_000))
            try await bench.waitUntilBlocked(two)
            _ = try await one.query("COMMIT")
            let answer = try await two.receive()
            #expect(answer.error == nil)
            #expect(answer.results[2].rows.first?.first == "1000")
            #expect(try await bench.database.histogram() == "0:1000 1:3000")
            #expect(try await bench.database.value("SELECT cursor FROM sluice.range") == "{3000}")
            #expect(try await bench.database.keysScanned() == 3_000)
        }
    }

    @Test(arguments: [
        "owner = '22222222-2222-4222-8222-222222222222'", "epoch = epoch + 1", "state = 'done'",
        "part = 2",
    ])
    func aWholePipeWhoseFenceIsLostMeanwhileChangesNothing(theft: String) async throws {
        try await Self.begun { bench, range, one, two in
            _ = try await one.execute(script: "BEGIN; UPDATE sluice.range SET \(theft)")
            try await two.send(bench.batch(range, keys: 1_000))
            try await two.send(bench.batch(range, keys: 1_000))
            try await bench.waitUntilBlocked(two)
            _ = try await one.query("COMMIT")
            for _ in 0..<2 {
                let answer = try await two.receive()
                #expect(answer.error == nil)
                #expect(answer.results[2].rows.isEmpty)
            }
            #expect(try await bench.database.histogram() == "0:3000 1:1000")
            #expect(try await bench.database.value("SELECT cursor FROM sluice.range") == "{1000}")
        }
    }

    @Test func aBatchThatWaitedForASplitStopsAtTheNewUpperBound() async throws {
        try await Self.begun { bench, range, one, two in
            _ = try await one.execute(
                script: "BEGIN; UPDATE sluice.range SET upper = '{1500}'")
            try await two.send(bench.batch(range, keys: 1_000))
            try await bench.waitUntilBlocked(two)
            _ = try await one.query("COMMIT")
            let row = try await two.receive().results[2].rows.first
            #expect(row?.prefix(3) == ["500", "500", "t"])
            #expect(try await bench.database.histogram() == "0:2500 1:1500")
        }
    }

    @Test func batchesAfterAnErrorInThePipeChangeNothing() async throws {
        try await Self.begun { bench, range, one, _ in
            try await bench.database.execute(
                "ALTER TABLE t ADD CHECK (n < 1 OR id <> 1500) NOT VALID")
            try await one.send(bench.batch(range, keys: 1_000))
            try await one.send(bench.batch(range, keys: 1_000))
            #expect(try await one.receive().error?.sqlState == .checkViolation)
            try await one.recover()
            #expect(try await bench.database.histogram() == "0:3000 1:1000")
            #expect(try await one.query("SELECT 1").scalar == "1")
        }
    }

    /// Of two sessions that hold a range under the same epoch, as after a claim that a crash of the
    /// server lost, the one that attaches to it again has it, and what the other sends is nothing.
    @Test func whoAttachesToARangeAgainShutsOutWhoeverHoldsItTheSameWay() async throws {
        try await Self.begun { bench, range, one, two in
            let row = try await one.query(RangeSQL.reattach, bench.fence(range)).rows.first
            let epoch = try #require(row?[1].flatMap { Int($0) })
            #expect(epoch == range.epoch + 1)
            let late = try await two.sendAndReceive(bench.batch(range, keys: 1_000))
            #expect(late.error == nil && late.results[2].rows.isEmpty)
            let again = HeldRange(
                number: range.number, epoch: epoch, hasCursor: true, batches: 1)
            let answer = try await one.sendAndReceive(bench.batch(again, keys: 1_000))
            #expect(answer.results[2].rows.first?.first == "1000")
            #expect(try await bench.database.histogram() == "0:2000 1:2000")
            let gone = try await two.query(RangeSQL.reattach, bench.fence(range)).rows
            #expect(gone.isEmpty)
        }
    }

    @Test func aClaimThatMeetsACancelFindsNothing() async throws {
        try await TestDatabase.with { database in
            let bench = try await FenceBench(database, rows: 4_000, rangesMax: 4)
            let (one, two) = (try await database.connect(), try await database.connect())
            _ = try await one.query(BatchSettingsSQL.begin)
            _ = try await one.query(
                LedgerSQL.stopRun, [.text("\(bench.run)"), "cancelled", "3", .null])
            _ = try await one.query(LedgerSQL.takeRanges, [.text("\(bench.run)")])
            async let claim = bench.claim(on: two)
            try await bench.waitUntilBlocked(two)
            _ = try await one.query("COMMIT")
            #expect(try await claim == nil)
            #expect(try await database.ownedRanges() == 0)
            await one.close()
            await two.close()
        }
    }

    @Test func aCancelThatMeetsAClaimTakesItsRange() async throws {
        try await TestDatabase.with { database in
            let bench = try await FenceBench(database, rows: 4_000, rangesMax: 4)
            let (one, two) = (try await database.connect(), try await database.connect())
            _ = try await one.query(BatchSettingsSQL.begin)
            let range = try #require(try await bench.claim(on: one))
            async let cancel = RunControl(connection: two).cancel("\(bench.run)")
            try await bench.waitUntilBlocked(two)
            _ = try await one.query("COMMIT")
            _ = try await cancel
            let answer = try await one.sendAndReceive(bench.batch(range, keys: 10, first: true))
            #expect(answer.results[2].rows.isEmpty)
            #expect(try await database.histogram() == "0:4000")
            await one.close()
            await two.close()
        }
    }

    @Test func renewalsKeepTheRangesDisjointAndCovering() async throws {
        try await Self.begun { bench, claimed, one, two in
            // A snapshot keeps every version of the ledger's rows.
            _ = try await two.execute(
                script: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
            var range = claimed
            for _ in 0..<29 {
                let row = try await one.query(
                    RangeSQL.renew, bench.fence(range) + ["30"]
                ).rows.first
                let renewed = try #require(row)
                // The old row is done: whoever still holds it has no fence.
                let stale = try await one.sendAndReceive(bench.batch(range, keys: 100))
                #expect(stale.results[2].rows.isEmpty)
                range = HeldRange(
                    number: Int(renewed[0] ?? "") ?? 0, epoch: Int(renewed[1] ?? "") ?? 0,
                    hasCursor: true, batches: 0)
                let answer = try await one.sendAndReceive(bench.batch(range, keys: 100))
                #expect(answer.results[2].rows.first?.prefix(2) == ["100", "100"])
                #expect(try await bench.rangesAreDisjointAndCovering(upTo: "4000"))
            }
            let last = try await one.sendAndReceive(bench.batch(range, keys: 200))
            #expect(last.results[2].rows.first?[2] == "t")
            #expect(try await bench.database.histogram() == "1:4000")
            #expect(try await bench.database.keysScanned() == 4_000)
        }
    }

    @Test func aRunOfVeryManyBatchesMovesToFreshRowsUnderAHeldSnapshot() async throws {
        try await TestDatabase.with { database in
            let rows = RunScheduler.batchesPerLedgerRow * 2 + 500
            try await database.execute(
                """
                CREATE TABLE t (k text PRIMARY KEY, n integer NOT NULL DEFAULT 0)
                WITH (autovacuum_enabled = off);
                INSERT INTO t (k) SELECT lpad(i::text, 9, '0') FROM generate_series(1, \(rows)) i;
                -- Taken for a small table, it is one range.
                UPDATE pg_class SET reltuples = 1, relpages = pg_relation_size(oid) / 8192
                WHERE relname = 't';
                """)
            let reader = try await database.connect()
            _ = try await reader.execute(
                script: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
            let report = try await database.sluice.run(
                increment, options: .with(workers: 1, batch: 1))
            #expect(report.exitCode == 0)
            #expect(try await database.number("SELECT count(*) FROM sluice.range") == 3)
            #expect(try await database.histogram() == "1:\(rows)")
            #expect(try await database.keysScanned() == rows)
            await reader.close()
        }
    }

    @Test func aRunWithoutRangesIsNotComplete() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 10)
            let connection = database.connection
            let job = try await JobPlanner(connection: connection).plan(increment)
            try await Ledger(connection: connection).open()
            let run = try await Ledger(connection: connection).create(
                name: job.name, job: job, limits: Limits(), replacing: nil)
            _ = try await RunControl(connection: connection).pause("\(run.id)")
            #expect(
                try await connection.query(RangeSQL.unfinished, [.text("\(run.id)")]).scalar != "0")
            _ = try await connection.query(LedgerSQL.completeRun, [.text("\(run.id)")])
            #expect(try await database.value("SELECT state FROM sluice.run") == "paused")
        }
    }
}
