import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

@testable import Sluice

/// A ledger that an older version made, with a run in it that was interrupted.
@Suite(.timeLimit(.minutes(12))) struct LedgerUpgradeTests {
    @Test func aRunThatVersionOneBeganIsCarriedOn() async throws {
        try await TestDatabase.with { database in
            try await Self.interrupted(database)
            let refused = await #expect(throws: SluiceError.self) {
                try await database.sluice.status()
            }
            #expect(refused?.message.contains("older version") == true)
            let report = try await database.sluice.resume("t.n")
            #expect(report.exitCode == 0, "\(report.message)")
            #expect(try await database.histogram() == "1:3000")
            #expect(try await database.keysScanned() == 3_000)
            #expect(
                try await database.value("SELECT max(version) FROM sluice.ledger")
                    == "\(LedgerMigrations.version)")
            let status = try await database.sluice.status().first
            #expect(status?.state == .completed)
            // Rows of before were not counted, so that nothing is known of all.
            #expect(status?.hotShare == nil && status?.lanesShare == nil)
            #expect(report.forecast == nil)
        }
    }

    @Test func aPauseUpgradesToo() async throws {
        try await TestDatabase.with { database in
            try await Self.interrupted(database)
            #expect(try await database.sluice.pause("1").state == .paused)
        }
    }

    /// It would go on as if the ledger were what it knows.
    @Test func nothingIsUpgradedBesideAProcessOfBefore() async throws {
        try await TestDatabase.with { database in
            try await Self.interrupted(database)
            try await database.execute(
                """
                INSERT INTO sluice.process (owner, run, host, pid, pooled, lease_until)
                VALUES (gen_random_uuid(), 1, 'elsewhere', 4711, true,
                clock_timestamp() + interval '1 hour')
                """)
            let refused = await #expect(throws: SluiceError.self) {
                try await database.sluice.resume("t.n")
            }
            #expect(refused?.message.contains("elsewhere pid 4711") == true)
            #expect(try await database.value("SELECT max(version) FROM sluice.ledger") == "1")
            try await database.execute("UPDATE sluice.process SET lease_until = clock_timestamp()")
            #expect(try await database.sluice.resume("t.n").exitCode == 0)
        }
    }

    @Test(arguments: [1, 4])
    func whatAnOlderVersionBeganKeepsItsBatches(version: Int) async throws {
        try await TestDatabase.with { database in
            try await Self.interrupted(database, version: version)
            var changes = LimitChanges()
            changes.maxRowsPerSecond = .some(1_000)
            let limits = try await database.sluice.tune("t.n", changes)
            #expect(limits.batchKeys == 100 && !limits.sizesBatches)
            #expect(limits.maxRowsPerSecond == 1_000)
            let read = try await Ledger(connection: database.connection).existing("t.n")
            #expect(read.limits == limits)
            #expect(try await database.value("SELECT batch_auto FROM sluice.run") == "f")
            #expect(try await database.sluice.resume("t.n").exitCode == 0)
            #expect(try await database.histogram() == "1:3000")
        }
    }

    /// An older version with a run whose first 1,000 of 3,000 keys are done.
    private static func interrupted(_ database: TestDatabase, version: Int = 1) async throws {
        try await database.makeTable(rows: 3_000)
        try await database.execute("CREATE SCHEMA sluice")
        try await database.execute(LedgerMigrations.all[0])
        let session = try await JobPlanner(connection: database.connection).sessionFacts()
        let settings = Literal.quoted(SettingsText.json(session.settings))
        try await database.execute(
            """
            UPDATE t SET n = 1 WHERE id <= 1000;
            INSERT INTO sluice.run (name, kind, table_oid, table_name, set_columns,
            set_expressions, key_columns, settings, state, workers_min, workers_max, batch_keys,
            lock_timeout_ms, statement_timeout_ms, synchronous_commit, keys_total_estimate,
            range_count, started_at)
            VALUES ('t.n', 'update', 't'::regclass, 'public.t', '{n}', '{n + 1}', '{id}',
            \(settings), 'running', 1, 2, 100, 2000, 20000, false, 3000, 2, now());
            INSERT INTO sluice.range (run, number, lower, upper, "cursor", state, keys_estimate,
            keys_scanned, rows_changed, batches)
            VALUES (1, 1, NULL, '{1500}', '{1000}', 'pending', 1500, 1000, 1000, 10),
            (1, 2, '{1500}', '{3000}', '{1500}', 'pending', 1500, 0, 0, 0);
            """)
        for script in LedgerMigrations.all[1..<version] { try await database.execute(script) }
    }
}
