import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// A second writer that locks the same rows in the opposite order.
@Suite(.timeLimit(ChaosScale.limit)) struct DeadlockTests {
    @Test func deadlocksWithASecondWriterLoseAndRepeatNothing() async throws {
        try await TestDatabase.with { database in
            let rows = ChaosScale.deadlocks * 2_000
            try await database.makeTable(rows: rows, extra: ", m integer NOT NULL DEFAULT 0")
            try await database.slowDown(seconds: 0.02)
            try await database.alterDatabase("deadlock_timeout = '200ms'")
            let process = try database.begin(workers: 1, batch: 50)
            try await database.waitForProgress()
            let writer = try await database.connect("writer")
            var victims = (batch: 0, writer: 0)
            while victims.batch + victims.writer < ChaosScale.deadlocks {
                let isBatchFirst = victims.batch <= victims.writer
                // Whose timer runs out first finds the deadlock and is its victim.
                _ = try await writer.query(
                    "SET deadlock_timeout = '\(isBatchFirst ? "10s" : "1ms")'")
                switch try await Self.cross(database, writer, process) {
                case .batch: victims.batch += 1
                case .writer: victims.writer += 1
                case nil: break
                }
                #expect(process.isRunning, "\(process.errors)")
            }
            await writer.close()
            try await database.hurry()
            #expect(try await process.wait() == 0, "\(process.errors)")
            try await database.expectOnce(rows: rows)
            try await eventually("the server has counted its deadlocks") {
                try await database.number(
                    "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
                    >= ChaosScale.deadlocks
            }
            ChaosReport.note(
                "deadlock: \(victims.batch + victims.writer), the victim was a batch "
                    + "\(victims.batch) times; \(rows) rows once each")
        }
    }

    private enum Victim {
        case batch, writer
    }

    /// Locks a row ahead of the run, lets the batch wait for it, and then wants one of the batch's.
    private static func cross(
        _ database: TestDatabase, _ writer: PostgresConnection, _ process: SluiceProcess
    ) async throws -> Victim? {
        _ = try await writer.query("BEGIN")
        let ahead = try await writer.query(
            """
            SELECT id FROM t WHERE id >= (SELECT min(id) FROM t WHERE n = 0) + 120
            ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
            """
        ).scalar
        guard let ahead = ahead.flatMap({ Int($0) }) else {
            _ = try await writer.query("ROLLBACK")
            return nil
        }
        let before = deadlocksLogged(process)
        try await database.waitUntilBlocked()
        do throws(PostgresError) {
            _ = try await writer.query("UPDATE t SET m = m + 1 WHERE id = \(ahead - 1)")
            _ = try await writer.query("COMMIT")
        } catch {
            guard error.sqlState?.rawValue == "40P01" else { throw error }
            _ = try await writer.query("ROLLBACK")
            return .writer
        }
        return deadlocksLogged(process) > before ? .batch : nil
    }

    private static func deadlocksLogged(_ process: SluiceProcess) -> Int {
        process.errors.split(separator: "\n").count { $0.contains("deadlock detected") }
    }
}
