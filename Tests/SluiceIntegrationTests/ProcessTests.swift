import Foundation
import Sluice
import SluiceTestSupport
import Testing

/// Several processes, and signals to them.
@Suite(.timeLimit(.minutes(12))) struct ProcessTests {
    @Test(arguments: 0..<3)
    func processesStartedAtOnceShareTheWork(round: Int) async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 20_000)
            try await database.slowDown(seconds: 0.02)
            let processes = try (0..<3).map { _ in
                try database.startIncrement(workers: 2, batch: 100)
            }
            for process in processes {
                let code = try await process.wait()
                #expect(code == 0, "\(process.output)\(process.errors)")
            }
            #expect(try await database.histogram() == "1:20000")
            #expect(try await database.keysScanned() == 20_000)
            #expect(try await database.number("SELECT count(*) FROM sluice.run") == 1)
            #expect(
                try await database.number("SELECT count(DISTINCT owner) FROM sluice.range") == 3)
        }
    }

    @Test func aProcessThatJoinsLaterSharesTheWork() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 10_000)
            try await database.slowDown(seconds: 0.03)
            let first = try database.startIncrement(workers: 1, batch: 50)
            try await database.waitForProgress()
            let second = try database.startIncrement(workers: 1, batch: 50)
            try await eventually("both hold a range") {
                try await database.number(
                    "SELECT count(DISTINCT owner) FROM sluice.range WHERE state = 'running'") == 2
            }
            let names = try await database.sluice.status("1").first?.processNames ?? []
            #expect(names.count == 2, "\(names)")
            for process in [first, second] {
                let name = "\(ProcessInfo.processInfo.hostName) pid \(process.number)"
                #expect(names.contains(name), "\(names)")
            }
            #expect(try await database.command(["status", "1"]).text.contains(names[0]))
            #expect(try await first.wait() == 0)
            #expect(try await second.wait() == 0)
            #expect(try await database.histogram() == "1:10000")
            #expect(try await database.keysScanned() == 10_000)
        }
    }

    @Test func aStoppedProcessChangesNothingAfterItsLeaseIsOver() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 10_000)
            try await database.slowDown(seconds: 0.02)
            let short = [
                "--lease", "2s", "--statement-timeout", "1500ms", "--lock-timeout", "1s",
            ]
            let zombie = try database.startIncrement(workers: 2, batch: 100, short)
            try await database.waitForProgress()
            zombie.send(SIGSTOP)
            let heir = try database.startIncrement(workers: 2, batch: 100, short)
            #expect(try await heir.wait() == 0, "\(heir.output)\(heir.errors)")
            #expect(try await database.histogram() == "1:10000")
            zombie.send(SIGCONT)
            let code = try await zombie.wait()
            #expect(code == 0, "\(zombie.output)\(zombie.errors)")
            #expect(try await database.histogram() == "1:10000")
            #expect(try await database.keysScanned() == 10_000)
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func aSignalDrains(signal: Int32) async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 10_000)
            try await database.slowDown(seconds: 0.05)
            let process = try database.startIncrement(workers: 3, batch: 50)
            try await database.waitForProgress()
            process.send(signal)
            #expect(try await process.wait(within: .seconds(5)) == 3)
            #expect(try await database.ownedRanges() == 0)
            #expect(try await database.number("SELECT count(*) FROM sluice.process") == 0)
            #expect(process.output.contains("resume"))
            try await database.speedUp()
            #expect(try await database.command(["resume", "t.n"]).code == 0)
            #expect(try await database.histogram() == "1:10000")
            #expect(try await database.keysScanned() == 10_000)
        }
    }

    @Test func aSecondSignalStopsAtOnce() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1_000)
            try await database.slowDown(seconds: 8)
            let process = try database.startIncrement(workers: 2, batch: 100)
            try await eventually("a batch is under way") {
                try await database.number(
                    """
                    SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event = 'PgSleep'
                    """) > 0
            }
            process.send(SIGTERM)
            try await eventually("the drain is announced") { process.output.contains("drain") }
            let began = ContinuousClock.now
            process.send(SIGTERM)
            #expect(try await process.wait(within: .seconds(7)) == 3)
            #expect(began.duration(to: .now) < .seconds(3))
            try await database.speedUp()
            let resumed = try await database.command(["resume", "1"])
            #expect(resumed.code == 0, "\(resumed.text)")
            #expect(try await database.histogram() == "1:1000")
        }
    }
}
