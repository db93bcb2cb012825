import SluiceCore
import SluiceSandbox
import SluiceTestSupport
import Testing

/// `pg_ctl stop -m immediate` of the server, which is started again.
@Suite(.timeLimit(ChaosScale.limit)) struct CrashedServerTests {
    @Test func aServerThatCrashesAgainAndAgainLosesAndRepeatsNothing() async throws {
        var options = SandboxOptions()
        options.durable = true
        try await ChaosCluster.with(options) { cluster in
            // More than is done between two crashes, so that the run outlasts them.
            let rows = ChaosScale.serverCrashes * 4_000
            try await cluster.prepare(rows: rows, batchSeconds: 0.01)
            let processes = try (0..<2).map { _ in try cluster.start(workers: 2, batch: 20) }
            // One that is still preparing the run ends with a sentence when its server goes.
            try await cluster.ask { database in
                try await database.waitForProgress()
                try await eventually("both have ranges") {
                    try await database.number(
                        "SELECT count(DISTINCT owner) FROM sluice.range WHERE state = 'running'")
                        == 2
                }
            }
            var random = SeededGenerator(seed: ChaosScale.seed)
            for crash in 0..<ChaosScale.serverCrashes {
                let more = Int.random(in: 1...1_500, using: &random)
                // Every fifth comes while the processes connect again after the one before.
                if crash % 5 != 4 {
                    try await cluster.ask { database in
                        let before = try await database.keysScanned()
                        try await database.waitForProgress(keys: before + more)
                    }
                }
                try await cluster.sandbox.primary.restart(mode: .immediate)
                for process in processes { #expect(process.isRunning, "\(process.errors)") }
            }
            try await cluster.ask { try await $0.hurry() }
            for process in processes {
                #expect(try await process.wait() == 0, "\(process.errors)")
            }
            try await cluster.ask { try await $0.expectOnce(rows: rows) }
            ChaosReport.note(
                "server crashed: \(ChaosScale.serverCrashes) immediate stops under 2 processes; "
                    + "\(rows) rows once each")
        }
    }
}
