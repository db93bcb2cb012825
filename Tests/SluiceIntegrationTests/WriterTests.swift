import Sluice
import SluiceCore
import SluicePostgres
import SluiceSandbox
import SluiceTestSupport
import Testing

/// An application that writes to the table all the time.
@Suite(.timeLimit(.minutes(12))) struct WriterTests {
    /// Two rows in the wrong order for a backfill, rows that come and go, and rows that stay.
    private static let script = """
        \\set a random(1, 20000)
        \\set b random(1, 20000)
        BEGIN;
        UPDATE t SET w = w + 1 WHERE id = greatest(:a, :b);
        UPDATE t SET w = w + 1 WHERE id = least(:a, :b);
        COMMIT;
        DELETE FROM t WHERE id = 20000 + :a;
        INSERT INTO t (id, w) VALUES (50000 + :a, 0) ON CONFLICT (id) DO UPDATE SET w = t.w + 1;
        """

    @Test func everyRowThatStaysIsChangedOnceThoughOthersWrite() async throws {
        let server = try await SharedSandbox.server()
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 40_000, extra: ", w integer NOT NULL DEFAULT 0")
            let name = try await database.value("SELECT current_database()") ?? ""
            let folder = try TemporaryFolder()
            let script = try folder.write(Self.script, to: "writers.sql")
            async let writers = server.run(
                "pgbench",
                [
                    "-n", "-c", "4", "-T", "8", "-f", script, "--max-tries=0", "-h", server.host,
                    "-p", "\(server.port)", "-U", server.superuser, name,
                ])
            try await eventually("the application writes") {
                try await database.number("SELECT count(*) FROM t WHERE w > 0") > 100
            }
            var options = RunOptions.with(workers: 4, batch: 400)
            options.limits.lockTimeoutMilliseconds = 20
            let report = try await database.sluice.run(increment, options: options)
            #expect(report.exitCode == 0)
            _ = try await writers
            #expect(
                try await database.value(
                    "SELECT min(n) || ' ' || max(n) || ' ' || count(*) FROM t WHERE id <= 20000")
                    == "1 1 20000")
            #expect(try await database.number("SELECT count(*) FROM t WHERE n NOT IN (0, 1)") == 0)
            #expect(
                try await database.number(
                    "SELECT count(*) FROM t WHERE id BETWEEN 20001 AND 40000 AND n <> 1") == 0)
        }
    }

    @Test func aLockThatIsHeldForLongIsWaitedFor() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 2_000)
            let holder = try await database.connect()
            var options = RunOptions.with(workers: 2, batch: 100)
            options.limits.lockTimeoutMilliseconds = 30
            options.startWaitSeconds = 0
            _ = try await holder.execute(
                script: "BEGIN; SELECT FROM t WHERE id = 777 FOR UPDATE")
            try await database.execute("ALTER TABLE t SET (autovacuum_enabled = off)")
            let chosen = options
            async let report = database.sluice.run(increment, options: chosen)
            try await database.waitForProgress(keys: 1_500)
            _ = try await holder.execute(script: "COMMIT")
            #expect(try await report.exitCode == 0)
            #expect(try await database.histogram() == "1:2000")
            await holder.close()
        }
    }
}
