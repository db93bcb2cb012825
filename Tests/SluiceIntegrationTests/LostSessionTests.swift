import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import Sluice

/// Sessions that are lost in the middle of lanes, while their process lives on and attaches to its
/// ranges again: each row is changed once, and one that cannot be is set aside once.
@Suite(.timeLimit(.minutes(12))) struct LostSessionTests {
    /// Lanes of runs of numbers, of keys that are named, and of pages.
    enum Lanes: String, CaseIterable, Sendable {
        case runs, keys, pages
    }

    @Test(arguments: Lanes.allCases)
    func everyRowIsChangedOnceThoughSessionsAreLost(_ lanes: Lanes) async throws {
        try await TestDatabase.with(alone: true) { database in
            let job = try await make(lanes, database)
            var options = ScatteredTable.options(lanes == .pages ? .physical : .key)
            options.verify = .off
            let (sluice, chosen) = (try database.sluice, options)
            async let run = sluice.run(job, options: chosen)
            let lost = try await loseSessions(database, lanes)
            let report = try await run
            #expect(report.exitCode == 4, "\(report.message)")
            #expect(lost >= 5)
            #expect(report.status.rowsQuarantined == 6 && report.status.rowsChanged == 59_994)
            let wrong = try await database.number(
                "SELECT count(*) FROM t WHERE n <> CASE WHEN a % 9973 = 0 THEN 0 ELSE 1 END")
            #expect(wrong == 0)
            let aside = try await database.value(
                "SELECT count(*) || ' ' || count(DISTINCT key) FROM sluice.quarantine")
            #expect(aside == "6 6")
            let regions = try await database.number("SELECT sum(regions) FROM sluice.range")
            #expect(regions > 0)
        }
    }

    /// A table of 60,000 rows of which six cannot be changed, and a job on it.
    private func make(_ lanes: Lanes, _ database: TestDatabase) async throws -> JobRequest {
        try await ScatteredTable.make(database, rows: 60_000)
        try await database.execute("ALTER TABLE t ADD CHECK (n = 0 OR a % 9973 <> 0)")
        if lanes == .runs {
            try await database.execute(
                "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (a)")
        }
        return ScatteredTable.job
    }

    /// Ends sessions of workers at work while there are regions in lanes, and again whenever the
    /// run has gone on; how often.
    private func loseSessions(_ database: TestDatabase, _ lanes: Lanes) async throws -> Int {
        var (lost, scanned) = (0, 0)
        while lost < 12 {
            var isOver = false
            try await eventually("the run goes on") {
                let state = try await database.value(
                    """
                    SELECT CASE WHEN to_regclass('sluice.run') IS NULL THEN 'none'
                    ELSE 'there' END
                    """)
                guard state == "there" else { return false }
                isOver =
                    try await database.number(
                        "SELECT count(*) FROM sluice.run WHERE state = 'completed'") > 0
                let reached = try await database.keysScanned()
                return isOver || reached > scanned
            }
            if isOver { break }
            scanned = try await database.keysScanned()
            lost += try await database.number(
                """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name LIKE 'sluice %'
                AND state = 'active' AND query LIKE '%sluice_fence%'
                AND EXISTS (SELECT FROM sluice.range WHERE region_upper IS NOT NULL
                AND is_physical = \(lanes == .pages))
                """)
        }
        return lost
    }
}
