import Foundation
import SluiceCore
import SluiceSandbox
import SluiceTestSupport
import Testing

/// Processes that stand still past their lease and then go on as if nothing had happened.
@Suite(.timeLimit(ChaosScale.limit)) struct StoppedProcessTests {
    /// So short that a lease runs out while a test waits; its timeouts must be shorter still.
    private static let shortLease = [
        "--lease", "2s", "--statement-timeout", "1500ms", "--lock-timeout", "1s",
    ]

    @Test func processesStoppedPastTheirLeaseChangeNothingAfterwards() async throws {
        var random = SeededGenerator(seed: ChaosScale.seed)
        for _ in 0..<ChaosScale.stops {
            try await Self.stop(afterSeconds: Double.random(in: 0...0.1, using: &random))
        }
        ChaosReport.note(
            "sluice stopped: \(ChaosScale.stops) SIGSTOPs past the lease, whose ranges another "
                + "process took; 6000 rows once each")
    }

    private static func stop(afterSeconds moment: Double) async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 6_000)
            try await database.slowDown(seconds: 0.02)
            let zombie = try database.begin(workers: 2, batch: 20, shortLease)
            try await database.waitForProgress(keys: 100)
            try await database.pass(seconds: moment)
            zombie.send(SIGSTOP)
            let owner = try await database.value("SELECT owner::text FROM sluice.process") ?? ""
            let heir = try database.begin(workers: 2, batch: 20, shortLease)
            try await eventually("the stopped process's ranges are another's") {
                try await database.number(
                    """
                    SELECT count(*) FROM sluice.range WHERE state = 'running'
                    AND owner = '\(owner)'
                    """) == 0
            }
            zombie.send(SIGCONT)
            for process in [zombie, heir] {
                #expect(try await process.wait() == 0, "\(process.output)\(process.errors)")
            }
            try await database.expectOnce(rows: 6_000)
        }
    }

    /// The rest of a batch comes when the range is long another's.
    @Test func batchesHeldBackBetweenTwoWritesAreEnded() async throws {
        let port = try await SharedSandbox.server().port
        var random = SeededGenerator(seed: ChaosScale.seed)
        var ended = 0
        for silence in 0..<ChaosScale.silences {
            let place: ConnectionCut.Place =
                silence.isMultiple(of: 2)
                ? .beforeCommit : .request(bytes: Int.random(in: 1...500, using: &random))
            let isStopped = silence % 4 < 2
            ended += try await Self.holdBack(place, isStopped: isStopped, port: port)
        }
        ChaosReport.note(
            "batch held back between two writes: \(ChaosScale.silences) times, of which "
                + "\(ended) sessions held rows and were ended; 3000 rows once each")
    }

    private static func holdBack(
        _ place: ConnectionCut.Place, isStopped: Bool, port: Int
    ) async throws -> Int {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 3_000)
            try await database.slowDown(seconds: 0.02)
            return try await CuttingProxy.with(serverPort: port) { proxy in
                let zombie = try database.startThrough(
                    proxy, workers: 1, batch: 20, shortLease)
                try await database.waitForProgress(keys: 100)
                proxy.arm(ConnectionCut(place, .silence))
                try await eventually("a batch is held back") { proxy.silentCount == 1 }
                if isStopped { zombie.send(SIGSTOP) }
                let half = try await database.halfSentBatch(place)
                let heir = try database.begin(workers: 2, batch: 200, shortLease)
                #expect(try await heir.wait() == 0, "\(heir.output)\(heir.errors)")
                #expect(try await database.histogram() == "1:3000")
                let left = try await database.number(
                    "SELECT count(*) FROM pg_stat_activity WHERE pid = \(half ?? 0)")
                #expect(left == 0, "the session of the held batch was not ended")
                proxy.release()
                if isStopped { zombie.send(SIGCONT) }
                #expect(try await zombie.wait() == 0, "\(zombie.output)\(zombie.errors)")
                try await database.expectOnce(rows: 3_000)
                return half == nil ? 0 : 1
            }
        }
    }
}

extension TestDatabase {
    /// The session that has changed its rows and waits for the COMMIT; nil where the cut may be
    /// anywhere.
    fileprivate func halfSentBatch(_ place: ConnectionCut.Place) async throws -> Int? {
        guard case .beforeCommit = place else { return nil }
        var pid = -1
        try await eventually("the server waits for the COMMIT") {
            pid = try await number(
                """
                SELECT pid FROM pg_stat_activity WHERE datname = current_database()
                AND application_name LIKE 'sluice %' AND wait_event = 'ClientRead'
                AND state = 'active' AND pid IN (SELECT pid FROM pg_locks
                WHERE relation = 't'::regclass AND mode = 'RowExclusiveLock')
                """)
            return pid > 0
        }
        return pid
    }
}
