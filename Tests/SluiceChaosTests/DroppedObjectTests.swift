import SluiceTestSupport
import Testing

/// What the run stands on is dropped while it goes on: a clear stop, and what can be kept is kept.
@Suite(.timeLimit(ChaosScale.limit)) struct DroppedObjectTests {
    @Test func aColumnDroppedInMidRunStopsItAndItGoesOnWithTheColumn() async throws {
        for _ in 0..<ChaosScale.drops {
            try await TestDatabase.with { database in
                let step = ", step integer NOT NULL DEFAULT 1"
                try await database.makeTable(rows: 5_000, extra: step)
                try await database.slowDown(seconds: 0.02)
                let process = try database.start(
                    [
                        "run", "--table", "t", "--set", "n = n + step", "--workers", "2",
                        "--batch", "20", "--progress", "plain",
                    ])
                try await database.waitForProgress(keys: 200)
                try await database.execute("ALTER TABLE t DROP COLUMN step")
                #expect(try await process.wait(within: .seconds(20)) == 1, "\(process.output)")
                let text = process.output + process.errors
                #expect(text.contains("step"), "\(text)")
                #expect(text.contains("sluice resume"), "\(text)")
                let scanned = try await database.keysScanned()
                #expect(try await database.number("SELECT count(*) FROM t WHERE n = 1") == scanned)
                #expect(scanned >= 200 && scanned < 5_000)

                let without = try await database.command(["resume", "1"])
                #expect(without.code == 64, "\(without.text)")
                #expect(without.text.contains("step"), "\(without.text)")
                try await database.execute("ALTER TABLE t ADD COLUMN step integer DEFAULT 1")
                try await database.speedUp()
                let resumed = try await database.command(["resume", "1"])
                #expect(resumed.code == 0, "\(resumed.text)")
                try await database.expectOnce(rows: 5_000)
            }
        }
        ChaosReport.note(
            "column dropped: \(ChaosScale.drops) times, stopped, resumed; 5000 rows once each")
    }

    @Test func aLedgerDroppedInMidRunStopsItClearly() async throws {
        for _ in 0..<ChaosScale.drops {
            try await TestDatabase.with { database in
                try await database.makeTable(rows: 20_000)
                try await database.slowDown(seconds: 0.02)
                let process = try database.begin(workers: 3, batch: 50)
                try await database.waitForProgress(keys: 200)
                try await database.dropLedger()
                #expect(try await process.wait(within: .seconds(20)) == 1)
                #expect(process.errors.contains("schema sluice was dropped"), "\(process.errors)")
                // No row was changed twice, and none after the record of it was gone.
                let more = try await database.number("SELECT count(*) FROM t WHERE n > 1")
                #expect(more == 0)
                let changed = try await database.histogram()
                try await database.pass(seconds: 0.2)
                #expect(try await database.histogram() == changed)
            }
        }
        ChaosReport.note(
            "ledger dropped: \(ChaosScale.drops) times, stopped with the reason; no row twice")
    }
}
