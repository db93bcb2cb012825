import SluiceCore
import SluicePostgres
import SluiceSandbox
import SluiceTestSupport
import Testing

@testable import Sluice

/// Rows that cannot be changed: set aside one by one, everything else done, and settled later.
@Suite(.timeLimit(.minutes(12))) struct QuarantineTests {
    /// `n` is counted up, and `m` made of text that is no number in two rows.
    private let job = JobRequest(
        table: "t",
        assignments: [
            Assignment(column: "n", expression: "n + 1"),
            Assignment(column: "m", expression: "words::integer"),
        ])

    /// Seven rows with five kinds of trouble, the first and the last key among them.
    private let poison = [1, 2, 777, 20_000, 20_001, 45_678, 60_000]

    private func makePoison(_ database: TestDatabase) async throws {
        try await database.makeTable(
            rows: 60_000, extra: ", m integer, words text NOT NULL DEFAULT '7'")
        try await database.execute(
            """
            UPDATE t SET words = 'seven' WHERE id IN (1, 20000);
            UPDATE t SET words = '99999999999' WHERE id = 2;
            UPDATE t SET n = 2147483647 WHERE id = 60000;
            ALTER TABLE t ADD CONSTRAINT sound CHECK (n < 1 OR id <> 777) NOT VALID;
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.id IN (20001, 45678) THEN RAISE 'not this row'; END IF;
            RETURN NEW; END $$;
            CREATE TRIGGER refuse BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION refuse();
            """)
    }

    @Test func exactlyTheBadRowsAreSetAsideAndAllOthersAreDone() async throws {
        try await TestDatabase.with { database in
            try await makePoison(database)
            let report = try await database.sluice.run(
                job, options: .with(workers: 3, batch: 1_000))
            #expect(report.exitCode == 4, "\(report.message)")
            #expect(report.message.contains("sluice quarantine 1 list"), "\(report.message)")
            #expect(report.status.state == .completed)
            #expect(report.status.rowsQuarantined == 7)
            #expect(report.status.rowsChanged == 59_993)
            #expect(report.status.keysScanned == 60_000)
            let list = try await database.sluice.quarantine("1")
            #expect(list.compactMap { Int($0.key[0]) }.sorted() == poison)
            let states = Dictionary(grouping: list, by: \.sqlState).mapValues(\.count)
            #expect(states == ["22P02": 2, "22003": 2, "23514": 1, "P0001": 2])
            #expect(list.allSatisfy { $0.table == "public.t" && !$0.message.isEmpty })
            #expect(try await database.number("SELECT count(*) FROM t WHERE m = 7") == 59_993)
            #expect(try await database.number("SELECT count(*) FROM t WHERE n = 1") == 59_993)

            // Running it again says so, with the same exit code, and changes nothing.
            let again = try await database.sluice.run(job)
            #expect(again.exitCode == 4)
            #expect(!again.didWork)
        }
    }

    @Test func whatWasMendedIsChangedOnceAndTheRestSkipped() async throws {
        try await TestDatabase.with { database in
            try await makePoison(database)
            _ = try await database.sluice.run(job, options: .with(workers: 2, batch: 1_000))
            try await database.execute(
                """
                UPDATE t SET words = '8' WHERE id IN (1, 2, 20000);
                DELETE FROM t WHERE id = 60000;
                ALTER TABLE t DROP CONSTRAINT sound;
                """)
            let retry = try await database.command(["quarantine", "t.n+m", "retry"])
            #expect(retry.code == 4, "\(retry.text)")
            #expect(retry.text.contains("5 keys settled, 4 rows changed"), "\(retry.text)")
            #expect(retry.text.contains("not this row"), "\(retry.text)")
            let mended = try await database.value(
                "SELECT string_agg(id || ':' || n || ':' || m, ' ' ORDER BY id) FROM t "
                    + "WHERE id IN (1, 2, 777, 20000)")
            #expect(mended == "1:1:8 2:1:8 777:1:7 20000:1:8")
            #expect(
                try await database.number("SELECT sum(rows_changed) FROM sluice.range") == 59_997)

            // A second retry finds only the two that are left.
            #expect(try await database.sluice.retryQuarantined("1").failed.count == 2)
            let left = try await database.sluice.quarantine("1")
            #expect(left.compactMap { Int($0.key[0]) }.sorted() == [20_001, 45_678])
            let named = try await database.command(["quarantine", "1", "skip", "\(left[0].number)"])
            #expect(named.text.contains("1 row in quarantine"), "\(named.text)")
            #expect(try await database.sluice.run(job).exitCode == 4)
            let bare = try await database.command(["quarantine", "1", "skip"])
            #expect(bare.code == 64, "\(bare.text)")
            let all = try await database.command(["quarantine", "1", "skip", "--all"])
            #expect(all.code == 0 && all.text.contains("none is left"), "\(all.text)")
            #expect(try await database.sluice.run(job).exitCode == 0)
            #expect(try await database.sluice.status("1").first?.rowsQuarantined == 0)
        }
    }

    @Test func aRunThatFailsEverywhereStopsAndGoesOnWhenItsCauseIsMended() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 3_000)
            try await database.execute("ALTER TABLE t ADD CHECK (n < 1) NOT VALID")
            var options = RunOptions.with(workers: 1, batch: 200)
            options.limits.maxQuarantine = 3
            let report = try await database.sluice.run(increment, options: options)
            #expect(report.exitCode == 1)
            #expect(report.message.contains("--max-quarantine"), "\(report.message)")
            #expect(report.status.rowsQuarantined == 3)
            try await database.execute("ALTER TABLE t DROP CONSTRAINT t_n_check")
            #expect(try await database.sluice.resume("1").exitCode == 4)
            #expect(try await database.sluice.retryQuarantined("1").remaining == 0)
            #expect(try await database.histogram() == "1:3000")
        }
    }

    @Test func aConstraintThatOnlyTheCommitChecksIsFoundToo() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 2_000, extra: ", m integer")
            try await database.execute(
                """
                UPDATE t SET m = id;
                UPDATE t SET m = 1233, n = 5 WHERE id = 1234;
                ALTER TABLE t ADD UNIQUE (n, m) DEFERRABLE INITIALLY DEFERRED;
                """)
            let job = JobRequest(
                table: "t", assignments: [Assignment(column: "n", expression: "1")])
            let report = try await database.sluice.run(
                job, options: .with(workers: 1, batch: 100))
            #expect(report.exitCode == 4, "\(report.message)")
            let list = try await database.sluice.quarantine("1")
            #expect(list.map(\.key) == [["1234"]])
            #expect(list.first?.sqlState == "23505")
            #expect(try await database.histogram() == "1:1999 5:1")
        }
    }

    @Test func keysOfSeveralColumnsAndPartitionsComeBackAsTheyAre() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE p (tenant text, id integer, n integer DEFAULT 0,
                PRIMARY KEY (tenant, id)) PARTITION BY LIST (tenant);
                CREATE TABLE p_a PARTITION OF p FOR VALUES IN ('a, "b"');
                CREATE TABLE p_c PARTITION OF p FOR VALUES IN ('{c}\\');
                INSERT INTO p SELECT w, i FROM unnest(ARRAY['a, "b"', '{c}\\']) w,
                generate_series(1, 1000) i;
                ALTER TABLE p_c ADD CONSTRAINT sound CHECK (n < 1 OR id <> 500) NOT VALID;
                """)
            let job = JobRequest(
                table: "p", assignments: [Assignment(column: "n", expression: "n + 1")])
            let report = try await database.sluice.run(
                job, options: .with(workers: 2, batch: 100))
            #expect(report.exitCode == 4, "\(report.message)")
            let list = try await database.sluice.quarantine("1")
            #expect(list.map(\.key) == [["{c}\\", "500"]])
            #expect(list.first?.table == "public.p_c")
            try await database.execute("ALTER TABLE p_c DROP CONSTRAINT sound")
            #expect(try await database.sluice.retryQuarantined("1").rowsChanged == 1)
            #expect(try await database.number("SELECT count(*) FROM p WHERE n = 1") == 2_000)
        }
    }

    @Test func aDumpKeepsTheRunTheQuarantineAndTheStatus() async throws {
        try await TestDatabase.with { database in
            try await makePoison(database)
            _ = try await database.sluice.run(job, options: .with(workers: 2, batch: 1_000))
            let before = try await database.sluice.quarantine("1")
            let status = try await database.sluice.status("1")
            let server = try await SharedSandbox.server()
            let copy = try await server.createDatabase()
            let file = "\(copy).dump"
            try await server.run("pg_dump", ["-Fc", "-f", file, database.dsn])
            try await server.run(
                "pg_restore", ["--exit-on-error", "-d", server.dsn(database: copy), file])
            let restored = Sluice(try ConnectionParameters(dsn: server.dsn(database: copy)))
            #expect(try await restored.quarantine("1") == before)
            #expect(try await restored.status("1") == status)
            try await server.dropDatabase(copy)
        }
    }

    @Test func killedInTheMiddleOfSearchesItSetsEachBadRowAsideOnce() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 30_000)
            try await database.execute(
                "ALTER TABLE t ADD CHECK (n < 1 OR id % 3000 <> 7) NOT VALID")
            try await database.hold("UPDATE", on: "t")
            let arguments = [
                "run", "--table", "t", "--set", "n = n + 1", "--workers", "2", "--batch", "500",
                "--progress", "none",
            ]
            for aside in 1...6 {
                let process = try database.start(arguments)
                try await eventually("\(aside) rows are set aside", every: .milliseconds(5)) {
                    guard try await database.keysScanned() > 0 else { return false }
                    return try await database.number("SELECT count(*) FROM sluice.quarantine")
                        >= aside
                }
                try await process.kill9()
            }
            let end = try await database.command(arguments)
            #expect(end.code == 4, "\(end.text)")
            #expect(
                try await database.number("SELECT count(DISTINCT key) FROM sluice.quarantine")
                    == 10)
            #expect(try await database.sluice.status("1").first?.rowsQuarantined == 10)
            #expect(try await database.histogram() == "0:10 1:29990")
            #expect(try await database.keysScanned() == 30_000)
        }
    }

    @Test func aKeyThatIsNoLongerTheNextOneIsNotSetAside() async throws {
        try await TestDatabase.with { database in
            let bench = try await FenceBench(database, rows: 100)
            let range = try #require(try await bench.claim(on: database.connection))
            let sql = bench.job.batch(bench.job.parts[0]).quarantine(firstOfRange: true)
            func setAside(_ key: String, owner: String? = nil) async throws -> [String?]? {
                try await database.connection.query(
                    sql,
                    bench.fence(range, owner: owner)
                        + [.text("{\(key)}"), "23514", "no", "1", "30"]
                ).rows.first
            }
            #expect(try await setAside("2") == ["t", "f", nil])
            let stranger = "22222222-2222-4222-8222-222222222222"
            #expect(try await setAside("1", owner: stranger) == ["f", nil, nil])
            #expect(try await database.number("SELECT count(*) FROM sluice.quarantine") == 0)
            #expect(try await database.keysScanned() == 0)
            #expect(try await setAside("1") == ["t", "t", "f"])
            #expect(try await database.keysScanned() == 1)
            // The quarantine may hold one; the statement for a range with a cursor says so.
            let next = bench.job.batch(bench.job.parts[0]).quarantine(firstOfRange: false)
            let full = try await database.connection.query(
                next, bench.fence(range) + ["{2}", "23514", "no", "1", "30"])
            #expect(full.rows.first == ["t", "t", nil])
            #expect(try await database.keysScanned() == 1)
        }
    }
}
