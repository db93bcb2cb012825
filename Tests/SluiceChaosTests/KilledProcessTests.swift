import SluiceCore
import SluiceTestSupport
import Testing

/// `kill -9` of `sluice`, at random moments from its first instruction on.
@Suite(.timeLimit(ChaosScale.limit)) struct KilledProcessTests {
    @Test func processesKilledAtRandomPointsLoseAndRepeatNothing() async throws {
        try await TestDatabase.with { database in
            // More than is done between two kills, so that the run outlasts them.
            let rows = ChaosScale.kills * 1_500
            try await database.makeTable(rows: rows)
            try await database.slowDown(seconds: 0.005)
            var random = SeededGenerator(seed: ChaosScale.seed)
            var kills = 0
            var killedAtWork = 0
            while kills < ChaosScale.kills {
                let before = try await database.keysScanned()
                // Now and then two at once, of which each meets what the other leaves.
                let count = Int.random(in: 0..<4, using: &random) == 0 ? 2 : 1
                let processes = try (0..<count).map { _ in
                    try database.begin(workers: 2, batch: 10)
                }
                if Bool.random(using: &random) {
                    try await database.waitForProgress(keys: before + 1)
                }
                try await database.pass(seconds: Double.random(in: 0...0.5, using: &random))
                for process in processes {
                    #expect(process.isRunning, "\(process.errors)")
                    try await process.kill9()
                    kills += 1
                }
                if try await database.keysScanned() > before { killedAtWork += count }
            }
            #expect(killedAtWork * 4 > kills, "seed \(ChaosScale.seed)")
            try await database.speedUp()
            let end = try database.begin(workers: 2, batch: 2_000)
            #expect(try await end.wait() == 0, "\(end.errors)")
            try await database.expectOnce(rows: rows)
            ChaosReport.note(
                "sluice killed: \(kills) SIGKILLs, \(killedAtWork) of them after a commit of its "
                    + "own; \(rows) rows once each")
        }
    }
}
