import Sluice
import SluiceCore
import SluicePostgres
import SluiceSandbox
import SluiceTestSupport
import Testing

/// Sessions and servers that go away while batches are under way.
@Suite(.timeLimit(.minutes(12))) struct CrashTests {
    @Test func terminatedSessionsLoseNothingAndDoNothingTwice() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 60_000)
            // On any machine the run outlasts the sessions that are to be ended.
            try await database.hold("UPDATE", on: "t")
            var random = SeededGenerator(seed: seed)
            async let report = database.sluice.run(
                increment, options: .with(workers: 4, batch: 50))
            try await database.waitForProgress()
            var ended = 0
            while try await database.value("SELECT state FROM sluice.run") == "running",
                ended < 60
            {
                ended += try await database.number(
                    """
                    SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name LIKE 'sluice %'
                    AND state <> 'idle' ORDER BY random() LIMIT 1) victim
                    """)
                let pause = Double.random(in: 0...0.1, using: &random)
                _ = try await database.value("SELECT pg_sleep(\(pause))::text")
            }
            #expect(ended > 10, "seed \(seed)")
            let final = try await report
            #expect(final.exitCode == 0, "seed \(seed): \(final.message)")
            #expect(try await database.histogram() == "1:60000", "seed \(seed)")
            #expect(try await database.keysScanned() == 60_000, "seed \(seed)")
        }
    }

    @Test func aServerThatCrashesLosesNothingAndDoesNothingTwice() async throws {
        var options = SandboxOptions()
        options.durable = true
        try await withSandbox(options) { sandbox in
            let server = sandbox.primary
            let name = try await server.createDatabase()
            let dsn = server.dsn(database: name)
            try await TestDatabase.with(dsn: dsn) { database in
                try await database.makeTable(rows: 100_000)
            }
            let process = try SluiceProcess(
                [
                    "run", "--table", "t", "--set", "n = n + 1", "--workers", "4", "--batch", "50",
                    "--progress", "none",
                ], dsn: dsn)
            for round in 1...3 {
                try await TestDatabase.with(dsn: dsn) { database in
                    let before = try await database.keysScanned()
                    try await database.waitForProgress(keys: before + 3_000)
                }
                try await server.restart(mode: .immediate)
                #expect(process.isRunning, "round \(round): \(process.errors)")
            }
            #expect(try await process.wait() == 0, "\(process.errors)")
            let left = try await TestDatabase.with(dsn: dsn) { database in
                let state = try await database.value("SELECT state FROM sluice.run") ?? ""
                return [
                    try await database.histogram(), "\(try await database.keysScanned())", state,
                ]
            }
            #expect(left == ["1:100000", "100000", "completed"])
        }
    }
}
