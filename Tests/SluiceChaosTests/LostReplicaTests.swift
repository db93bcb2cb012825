import SluiceSandbox
import SluiceTestSupport
import Testing

/// A replica that is gone for a minute.
@Suite(.timeLimit(ChaosScale.limit)) struct LostReplicaTests {
    @Test func aReplicaGoneForLongHoldsTheRunUntilItIsBack() async throws {
        try await ChaosCluster.with(SandboxOptions(replicas: 1)) { cluster in
            try await cluster.prepare(rows: 20_000, batchSeconds: 0.02)
            let process = try cluster.start(workers: 2, batch: 20)
            let replica = cluster.sandbox.replicas[0]
            try await cluster.ask { try await $0.waitForProgress() }
            try await replica.stop()
            try await cluster.ask { database in
                try await eventually("the run waits for the replica") {
                    try await database.value("SELECT waiting_for FROM sluice.process")?
                        .contains("replica") == true
                }
                // Batches that were under way have ended by the time this is said.
                let held = try await database.keysScanned()
                try await database.pass(seconds: ChaosScale.longSeconds)
                #expect(try await database.keysScanned() == held)
                #expect(process.isRunning, "\(process.errors)")
            }
            try await replica.start()
            try await cluster.ask { database in
                let held = try await database.keysScanned()
                try await database.waitForProgress(keys: held + 100)
                try await database.hurry()
                #expect(try await process.wait() == 0, "\(process.errors)")
                try await database.expectOnce(rows: 20_000)
            }
            ChaosReport.note(
                "replica gone for \(Int(ChaosScale.longSeconds)) s: no batch meanwhile; "
                    + "20000 rows once each")
        }
    }
}
