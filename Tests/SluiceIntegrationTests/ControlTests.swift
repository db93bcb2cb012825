import Foundation
import SluicePostgres
import SluiceTestSupport
import Testing

/// What a person does to a run from another process.
@Suite(.timeLimit(.minutes(12))) struct ControlTests {
    /// A run that would take about half a minute.
    private static func live(
        _ database: TestDatabase, workers: Int = 2, batch: Int = 50, _ more: [String] = []
    ) async throws -> SluiceProcess {
        try await database.makeTable(rows: 20_000)
        try await database.slowDown(seconds: 0.1)
        let process = try database.startIncrement(workers: workers, batch: batch, more)
        try await database.waitForProgress()
        return process
    }

    @Test func pauseEndsTheProcessAndResumeFinishes() async throws {
        try await TestDatabase.with(alone: true) { database in
            let process = try await Self.live(database)
            #expect(try await database.command(["pause", "t.n"]).code == 0)
            #expect(try await process.wait(within: .seconds(2)) == 3)
            #expect(try await database.ownedRanges() == 0)
            #expect(try await database.value("SELECT state FROM sluice.run") == "paused")
            try await database.speedUp()
            #expect(try await database.command(["resume", "t.n"]).code == 0)
            #expect(try await database.histogram() == "1:20000")
            #expect(try await database.keysScanned() == 20_000)
        }
    }

    @Test func nothingCommitsAfterCancel() async throws {
        try await TestDatabase.with(alone: true) { database in
            let process = try await Self.live(database, workers: 4)
            #expect(try await database.command(["cancel", "1"]).code == 0)
            let changed = try await database.histogram()
            #expect(try await process.wait(within: .seconds(2)) == 3)
            #expect(try await database.histogram() == changed)

            let again = try await database.command(
                ["run", "--table", "t", "--set", "n = n + 1"])
            #expect(again.code == 64)
            #expect(again.text.contains("sluice resume 1") && again.text.contains("--fresh"))
            let fresh = try await database.command(
                ["run", "--table", "t", "--set", "n = n + 1", "--fresh"])
            #expect(fresh.code == 64)
            #expect(fresh.text.contains("--yes"))
            #expect(try await database.histogram() == changed)
            try await database.speedUp()
            #expect(try await database.command(["resume", "1"]).code == 0)
            #expect(try await database.histogram() == "1:20000")
            let yes = try await database.command(
                ["run", "--table", "t", "--set", "n = n + 1", "--fresh", "--yes"])
            #expect(yes.code == 0)
            #expect(try await database.histogram() == "2:20000")
        }
    }

    @Test func tuneActsOnALiveRun() async throws {
        try await TestDatabase.with(alone: true) { database in
            let process = try await Self.live(database, workers: 2)
            let held = "SELECT count(*) FROM sluice.range WHERE state = 'running'"
            for workers in [5, 1] {
                #expect(
                    try await database.command(["tune", "t.n", "--workers", "\(workers)"]).code
                        == 0)
                try await eventually("\(workers) ranges are held", within: .seconds(2)) {
                    try await database.number(held) == workers
                }
            }
            let scanned = try await database.keysScanned()
            #expect(try await database.command(["tune", "t.n", "--batch", "1000"]).code == 0)
            try await eventually("a larger batch", within: .seconds(2)) {
                try await database.keysScanned() - scanned >= 600
            }
            let bad = try await database.command(
                ["tune", "t.n", "--statement-timeout", "10ms"])
            #expect(bad.code == 64)
            try await database.speedUp()
            #expect(try await process.wait() == 0)
            #expect(try await database.histogram() == "1:20000")
        }
    }

    @Test(arguments: ["pause", "cancel"])
    func aRunCanBeStoppedWhileItWaitsForWriters(command: String) async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 100)
            let writer = try await database.connect()
            _ = try await writer.execute(script: "BEGIN; UPDATE t SET n = 10 WHERE id = 1")
            let process = try database.startIncrement(batch: 50)
            try await eventually("the run waits") { process.output.contains("aiting") }
            #expect(try await database.command([command, "t.n"]).code == 0)
            _ = try await writer.execute(script: "ROLLBACK")
            #expect(try await process.wait() == 3, "\(process.output)\(process.errors)")
            #expect(try await database.histogram() == "0:100")
            #expect(
                try await database.value("SELECT state FROM sluice.run")
                    == (command == "pause" ? "paused" : "cancelled"))
            #expect(try await database.command(["resume", "t.n"]).code == 0)
            #expect(try await database.histogram() == "1:100")
            await writer.close()
        }
    }

    @Test func freshTakesTheRunFromALiveProcess() async throws {
        try await TestDatabase.with { database in
            let process = try await Self.live(database, workers: 3)
            // Few and large batches, so that the old run is far from its end for as long.
            let fresh = try await database.command(
                [
                    "run", "--table", "t", "--set", "n = n + 1", "--fresh", "--yes", "--batch",
                    "5000",
                ])
            #expect(fresh.code == 0)
            #expect(try await process.wait(within: .seconds(5)) == 3)
            #expect(
                try await database.number(
                    "SELECT keys_scanned FROM (SELECT sum(keys_scanned) AS "
                        + "keys_scanned FROM sluice.range WHERE run = 2) s") == 20_000)
            // What the cancelled run changed is changed twice, the rest once.
            let twice = try await database.number(
                "SELECT coalesce(sum(rows_changed), 0) FROM sluice.range WHERE run = 1")
            let histogram = try await database.histogram()
            #expect(histogram == "1:\(20_000 - twice) 2:\(twice)")
        }
    }
}
