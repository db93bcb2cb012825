import SluiceCore
import SluicePostgres
import SluiceSandbox
import SluiceTestSupport
import Testing

/// Connections that are cut in mid-batch and in mid-COMMIT.
@Suite(.timeLimit(ChaosScale.limit)) struct CutConnectionTests {
    @Test func connectionsCutInMidBatchAndInMidCommitLoseAndRepeatNothing() async throws {
        let port = try await SharedSandbox.server().port
        try await TestDatabase.with { database in
            // More than is done between two cuts, so that the run outlasts them.
            let rows = ChaosScale.cuts * 2_000
            try await database.makeTable(rows: rows)
            try await database.slowDown(seconds: 0.005)
            try await CuttingProxy.with(serverPort: port) { proxy in
                let process = try database.startThrough(proxy, workers: 3, batch: 20)
                try await database.waitForProgress()
                var random = SeededGenerator(seed: ChaosScale.seed)
                for cut in 1...ChaosScale.cuts {
                    let before = try await database.keysScanned()
                    proxy.arm(ConnectionCut(Self.place(cut, &random)))
                    try await eventually("cut \(cut) is made", every: .milliseconds(2)) {
                        guard process.isRunning else {
                            throw ConditionNotMet(description: process.errors)
                        }
                        return proxy.counts.total == cut
                    }
                    // A worker that loses ten batches in a row fails its run, and should.
                    let more = Int.random(in: 1...100, using: &random)
                    try await database.waitForProgress(keys: before + more)
                }
                try await database.hurry()
                #expect(try await process.wait() == 0, "\(process.errors)")
                let counts = proxy.counts
                #expect(counts.withinRequest > 0 && counts.beforeCommit > 0)
                #expect(counts.withinAnswer > 0)
                try await database.expectOnce(rows: rows)
                ChaosReport.note(
                    "connection cut: \(counts.total) (\(counts.withinRequest) in mid-batch, "
                        + "\(counts.beforeCommit) before COMMIT, \(counts.withinAnswer) before its "
                        + "answer); \(rows) rows once each")
            }
        }
    }

    /// Each kind of cut in turn, its place by chance.
    private static func place(_ cut: Int, _ random: inout SeededGenerator) -> ConnectionCut.Place {
        switch cut % 4 {
        // A batch is about 500 bytes once its statement is prepared, 3,500 before.
        case 0: .request(bytes: Int.random(in: 1...500, using: &random))
        case 1: .beforeCommit
        case 2: .answer(bytes: 0)
        // Its answer is about 120 bytes.
        default: .answer(bytes: Int.random(in: 1...120, using: &random))
        }
    }
}

extension TestDatabase {
    /// Starts the job through a proxy.
    func startThrough(
        _ proxy: CuttingProxy, workers: Int, batch: Int, _ more: [String] = []
    ) throws -> SluiceProcess {
        let own = try ConnectionParameters(dsn: dsn)
        // Unencrypted, or the proxy could not tell one message from the next.
        let dsn =
            "host=127.0.0.1 port=\(proxy.port) user=\(own["user"] ?? "") "
            + "dbname=\(own["dbname"] ?? "") sslmode=disable gssencmode=disable"
        return try IncrementCommand(dsn: dsn).start(workers: workers, batch: batch, more)
    }
}
