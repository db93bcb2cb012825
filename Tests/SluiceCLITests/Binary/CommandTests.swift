import Foundation
import Testing

extension BinaryTests {
    /// The commands on a real server, from the outside.
    @Suite(.serialized)
    struct CommandTests {
        static let table = """
            CREATE TABLE t (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0);
            INSERT INTO t (id) SELECT generate_series(1, 20000);
            ANALYZE t;
            """
        static let job = ["--table", "t", "--set", "n = n + 1"]

        /// Two milliseconds for each row, so that a run is still under way when a test acts on it.
        static let slow = """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN PERFORM pg_sleep(0.002); RETURN NEW; END $$;
            CREATE TRIGGER slow BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION slow();
            """
        static let slowJob =
            job + ["--name", "j", "--batch", "50", "--workers", "2", "--statement-timeout", "20s"]
        static let running = "SELECT count(*) > 0 FROM t WHERE n > 0"

        @Test func aRunChangesEveryRowOnceAndSaysSo() async throws {
            try await DatabaseForTests.with(setup: Self.table) { database in
                let first = try await database.sluice(["run"] + Self.job)
                #expect(first.code == 0, "\(first)")
                #expect(first.errors == "")
                #expect(first.output.contains("20,000 rows changed · 20,000 keys"))
                #expect(!first.output.contains("\u{1B}"))
                let second = try await database.sluice(["run"] + Self.job)
                #expect(second.code == 0)
                #expect(second.output.contains("completed already"))
                #expect(try await database.psql("SELECT DISTINCT n FROM t") == "1")
            }
        }

        @Test func everyKindOfJobSaysWhatItDid() async throws {
            let setup = Self.table + "CREATE TABLE u (id bigint PRIMARY KEY, n integer);"
            try await DatabaseForTests.with(setup: setup) { database in
                let jobs: [([String], String, String)] = [
                    (["--into", "u", "--where", "id <= 7"], "7 rows copied", "t.copy.u"),
                    (
                        ["--kind", "move", "--into", "u", "--where", "id BETWEEN 8 AND 9"],
                        "2 rows moved", "t.move.u"
                    ),
                    (["--kind", "delete", "--where", "id < 8"], "7 rows deleted", "t.delete"),
                    (["--statement", "UPDATE t SET n = 3 WHERE :range"], "changed", "t.statement"),
                ]
                for (arguments, words, name) in jobs {
                    let job = ["--table", "t"] + arguments
                    let plan = try await database.sluice(["plan"] + job)
                    #expect(plan.code == 0, "\(plan)")
                    #expect(plan.output.contains(name))
                    let outcome = try await database.sluice(["run"] + job)
                    #expect(outcome.code == 0, "\(outcome)")
                    #expect(outcome.output.contains(words), "\(outcome)")
                    #expect(outcome.output.contains("(\(name)) is completed"), "\(outcome)")
                }
                let left = "SELECT (SELECT count(*) FROM t WHERE n = 3) || ' ' || count(*) FROM u"
                #expect(try await database.psql(left) == "19991 9")
                let status = try await database.sluice(["status", "--json"])
                for kind in ["copy", "move", "delete", "statement"] {
                    #expect(status.output.contains("\"kind\" : \"\(kind)\""), "\(status.output)")
                }
            }
        }

        @Test func jsonProgressIsOneObjectALineAndNothingElse() async throws {
            try await DatabaseForTests.with(setup: Self.table) { database in
                let outcome = try await database.sluice(["run", "--progress", "json"] + Self.job)
                #expect(outcome.code == 0, "\(outcome)")
                let lines = outcome.output.split(separator: "\n")
                #expect(!lines.isEmpty)
                var last: [String: Any] = [:]
                for line in lines {
                    let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
                    last = try #require(object as? [String: Any])
                    let percent = try #require(last["percent"] as? Double)
                    #expect((0...100).contains(percent))
                }
                #expect(Set(Self.words).isSubset(of: last.keys))
                #expect(last["state"] as? String == "completed")
                #expect(last["rows_changed"] as? Int == 20_000)
                #expect(last["percent"] as? Double == 100)
            }
        }

        @Test func aFailingRunSaysSoOnceAndLogsOnlyWhenAsked() async throws {
            let check = "ALTER TABLE t ADD CHECK (n < 1)"
            try await DatabaseForTests.with(setup: Self.table + check) { database in
                let arguments = ["run", "--progress", "json"] + Self.job + ["--dsn", database.dsn]
                let quiet = try await SluiceBinary.run(arguments)
                #expect(quiet.code == 1, "\(quiet)")
                #expect(
                    quiet.errors.split(separator: "\n").last?.hasPrefix("sluice: run 1") == true)
                #expect(!(quiet.output + quiet.errors).contains("[Sluice]"))
                for line in quiet.output.split(separator: "\n") { #expect(line.hasPrefix("{")) }
                let again = ["resume", "1", "--dsn", database.dsn]
                let loud = try await SluiceBinary.run(again, environment: ["SLUICE_LOG": "info"])
                #expect(loud.code == 1)
                #expect(loud.errors.contains("[Sluice]"))
                #expect(!loud.output.contains("[Sluice]"))
            }
        }

        static let words = [
            "run", "job", "table", "state", "keys_total_estimate", "keys_scanned", "rows_changed",
            "rows_quarantined", "percent", "rows_per_second", "eta_seconds", "workers",
            "batch_keys",
            "replica_lag_seconds", "waiting_for", "started_at", "updated_at",
        ]

        @Test func statusIsAnArrayATableAndADetail() async throws {
            try await DatabaseForTests.with(setup: Self.table) { database in
                let empty = try await database.sluice(["status", "--json"])
                #expect(empty.code == 0)
                #expect(
                    try (JSONSerialization.jsonObject(with: Data(empty.output.utf8)) as? [Any])?
                        .count
                        == 0)
                #expect(try await database.dump().contains("sluice") == false)
                let run = try await database.sluice(["run", "--name", "j"] + Self.job)
                #expect(run.code == 0)
                let json = try await database.sluice(["status", "j", "--json"])
                let list = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
                let status = try #require((list as? [[String: Any]])?.first)
                #expect(Set(Self.words).isSubset(of: status.keys))
                let table = try await database.sluice(["status"])
                #expect(table.output.contains("RUN") && table.output.contains("completed"))
                let detail = try await database.sluice(["status", "1"])
                #expect(detail.output.contains("rows changed") && detail.output.contains("20,000"))
            }
        }

        @Test func aPlanShowsEverythingAndChangesNothing() async throws {
            try await DatabaseForTests.with(setup: Self.table) { database in
                let before = try await database.dump()
                let plan = try await database.sluice(["plan"] + Self.job)
                #expect(plan.code == 0, "\(plan)")
                for word in ["public", "about 20,000", "UPDATE", "Index", "workers 1..4"] {
                    #expect(plan.output.contains(word), "\(word) in \(plan.output)")
                }
                let json = try await database.sluice(["plan", "--json"] + Self.job)
                let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
                #expect((object as? [String: Any])?["statements"] != nil)
                #expect(try await database.dump() == before)
            }
        }

        @Test(arguments: [SIGINT, SIGTERM])
        func aSignalDrainsAndTheSameCommandCarriesOn(_ signal: Int32) async throws {
            try await DatabaseForTests.with(setup: Self.table + Self.slow) { database in
                let run = try database.start(["run"] + Self.slowJob)
                #expect(try await database.comes("t", from: Self.running))
                run.send(signal)
                let drained = try await run.end()
                #expect(drained.code == 3, "\(drained)")
                #expect(drained.output.contains("draining"))
                try await database.psql("DROP TRIGGER slow ON t")
                let again = try await database.sluice(["run"] + Self.slowJob)
                #expect(again.code == 0, "\(again)")
                #expect(try await database.psql("SELECT DISTINCT n FROM t") == "1")
            }
        }

        @Test func aSecondSignalStopsAtOnce() async throws {
            try await DatabaseForTests.with(setup: Self.table) { database in
                // A batch that would take two minutes: only being stopped ends it sooner.
                try await database.psql(
                    """
                    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
                        BEGIN IF NEW.id = 60 THEN PERFORM pg_sleep(120); END IF; RETURN NEW; END $$;
                    CREATE TRIGGER slow BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION slow();
                    """)
                let began = ContinuousClock.now
                let run = try database.start(
                    [
                        "run", "--batch", "50", "--workers", "1", "--statement-timeout", "10m",
                        "--lease", "20m",
                    ] + Self.job)
                let sleeping = """
                    SELECT count(*) > 0 FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event = 'PgSleep'
                    """
                #expect(try await database.comes("t", from: sleeping))
                run.send(SIGINT)
                #expect(try await run.says("draining"))
                run.send(SIGINT)
                let outcome = try await run.end()
                #expect(outcome.code == 3, "\(outcome)")
                #expect(ContinuousClock.now - began < .seconds(60))
                #expect(try await database.comes("f", from: sleeping))
            }
        }

        @Test func pauseTuneAndCancelReachALiveRun() async throws {
            try await DatabaseForTests.with(setup: Self.table + Self.slow) { database in
                let run = try database.start(["run"] + Self.slowJob)
                #expect(try await database.comes("t", from: Self.running))
                let tuned = try await database.sluice([
                    "tune", "j", "--workers", "1", "--batch", "20",
                ])
                #expect(tuned.code == 0, "\(tuned)")
                #expect(tuned.output.contains("workers 1, batch 20"))
                let paused = try await database.sluice(["pause", "j"])
                #expect(paused.code == 0, "\(paused)")
                #expect(paused.output.contains("sluice resume 1"))
                let ended = try await run.end()
                #expect(ended.code == 3, "\(ended)")
                let resumed = try database.start(["resume", "j"])
                let changed = try await database.psql("SELECT count(*) FROM t WHERE n > 0")
                #expect(
                    try await database.comes(
                        "t", from: "SELECT count(*) > \(changed) FROM t WHERE n > 0"))
                let cancelled = try await database.sluice(["cancel", "1"])
                #expect(cancelled.code == 0, "\(cancelled)")
                #expect(cancelled.output.contains("is cancelled"))
                let last = try await resumed.end()
                #expect(last.code == 3, "\(last)")
                #expect(try await database.psql("SELECT max(n) FROM t") == "1")
            }
        }

        @Test func aClosedOutputEndsTheCommandQuietly() async throws {
            try await DatabaseForTests.with(setup: Self.table) { database in
                let path = try SluiceBinary.path()
                let shell = Process()
                shell.executableURL = URL(fileURLWithPath: "/bin/sh")
                shell.arguments = [
                    "-c", "{ \"$0\" status --watch --dsn \"$1\"; echo $? >&2; } | head -n 1", path,
                    database.dsn,
                ]
                let errors = Pipe()
                shell.standardOutput = FileHandle.nullDevice
                shell.standardError = errors
                try shell.run()
                let text = String(
                    decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                shell.waitUntilExit()
                #expect(text == "0\n")
            }
        }

        @Test func aRunWithoutAnyOutputGoesItsWay() async throws {
            try await DatabaseForTests.with(setup: Self.table) { database in
                let shell = Process()
                shell.executableURL = URL(fileURLWithPath: "/bin/sh")
                shell.arguments = [
                    "-c", "exec \"$0\" run --table t --set 'n = n + 1' --dsn \"$1\" <&- >&- 2>&-",
                    try SluiceBinary.path(), database.dsn,
                ]
                try shell.run()
                shell.waitUntilExit()
                #expect(shell.terminationStatus == 0)
                #expect(try await database.psql("SELECT DISTINCT n FROM t") == "1")
            }
        }

        @Test func theDoctorFindsAServerInOrder() async throws {
            try await DatabaseForTests.with { database in
                let outcome = try await database.sluice(["doctor"])
                #expect(outcome.code == 0, "\(outcome)")
                #expect(outcome.output.contains("✓"))
                #expect(try await database.dump().contains("sluice") == false)
            }
        }
    }
}
