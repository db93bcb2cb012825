import SluiceTestSupport
import Testing

extension TestDatabase {
    /// The invariant of every case: the run is over, each row was changed exactly once, and the
    /// ledger says the same.
    func expectOnce(rows: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let seed: Comment = "seed \(ChaosScale.seed)"
        #expect(try await histogram() == "1:\(rows)", seed, sourceLocation: sourceLocation)
        #expect(try await keysScanned() == rows, seed, sourceLocation: sourceLocation)
        #expect(try await rangesCover(), seed, sourceLocation: sourceLocation)
        let state = try await value("SELECT state FROM sluice.run")
        #expect(state == "completed", seed, sourceLocation: sourceLocation)
    }

    /// Lets a time pass, in which the server is asked something.
    func pass(seconds: Double) async throws {
        _ = try await value("SELECT pg_sleep(\(seconds))::text")
    }

    /// Lets a run that was slowed down come to its end.
    func hurry() async throws {
        try await speedUp()
        // By its name: of two processes that begin at once one may have used up a number.
        let tuned = try await command(["tune", "t.n", "--batch", "2000"])
        // A run that was quicker needs no tuning; what it did is checked at the end.
        #expect(tuned.code == 0 || tuned.text.contains("completed"), "\(tuned.text)")
    }

    /// Waits until a run's sessions wait for locks.
    func waitUntilBlocked(_ count: Int = 1) async throws {
        try await eventually("\(count) batches wait for a lock", every: .milliseconds(5)) {
            try await number(
                """
                SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                AND application_name LIKE 'sluice %' AND wait_event_type = 'Lock'
                """) >= count
        }
    }
}
