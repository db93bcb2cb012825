import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// What a run does before it fixes its bounds, and whose run it is.
@Suite(.timeLimit(.minutes(12))) struct StartTests {
    @Test(arguments: [false, true])
    func rowsOfTransactionsInFlightAtTheStartAreChangedToo(prepared: Bool) async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1_000)
            try await database.execute("DELETE FROM t WHERE id = 500")
            let writer = try await database.connect("the shop")
            _ = try await writer.execute(script: "BEGIN; INSERT INTO t (id) VALUES (500)")
            let name = try await database.value("SELECT current_database()") ?? ""
            if prepared {
                _ = try await writer.execute(script: "PREPARE TRANSACTION '\(name)'")
            }
            let process = try database.startIncrement(batch: 100)
            try await eventually("the run waits for the writer") {
                process.output.contains(prepared ? name : "the shop")
            }
            #expect(try await database.keysScanned() == 0)
            _ = try await writer.execute(script: prepared ? "COMMIT PREPARED '\(name)'" : "COMMIT")
            #expect(try await process.wait() == 0)
            #expect(try await database.histogram() == "1:1000")
            await writer.close()
        }
    }

    /// A row that is committed above the last key after that was read, and before the run is
    /// opened, was not there when the run began: nobody calls it missed.
    @Test func aRowThatComesBehindTheLastKeyIsNoneOfTheRuns() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 1_000, extra: ", m integer")
            let writer = try await database.connect("the shop")
            _ = try await writer.execute(script: "BEGIN; UPDATE t SET n = n WHERE id = 500")
            var job = increment
            job.assignments = [Assignment(column: "m", expression: "id * 2")]
            job.predicate = "m IS NULL"
            var options = RunOptions.with(workers: 1, batch: 100)
            options.verify = .full
            let (sluice, asked, chosen) = (try database.sluice, job, options)
            async let run = sluice.run(asked, options: chosen)
            // It waits for the writer; what opens it waits for whoever has this table by then.
            try await eventually("there is a run") {
                guard try await database.value("SELECT to_regclass('sluice.run')") != nil else {
                    return false
                }
                return try await database.number("SELECT count(*) FROM sluice.run") > 0
            }
            let holder = try await database.connect()
            _ = try await holder.execute(
                script: "BEGIN; LOCK TABLE sluice.numbering IN ACCESS EXCLUSIVE MODE")
            _ = try await writer.execute(script: "COMMIT")
            try await eventually("the bounds are read and the run is to be opened") {
                try await database.number(
                    """
                    SELECT count(*) FROM pg_locks WHERE NOT granted
                    AND relation = 'sluice.numbering'::regclass
                    """) > 0
            }
            try await database.execute("INSERT INTO t (id) VALUES (2000)")
            _ = try await holder.execute(script: "COMMIT")
            let report = try await run
            #expect(report.exitCode == 0, "\(report.message)")
            #expect(report.verification?.rowsMissed == 0)
            let left = try await database.value(
                "SELECT string_agg(id::text, ' ') FROM t WHERE m IS NULL")
            #expect(left == "2000")
            await writer.close()
            await holder.close()
        }
    }

    @Test func whoKeepsTheRunWaitingIsNamed() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 100)
            let writer = try await database.connect("the shop")
            _ = try await writer.execute(script: "BEGIN; DELETE FROM t WHERE id = 5")
            let end = try await database.command(
                ["run", "--table", "t", "--set", "n = n + 1", "--start-wait", "300ms"])
            #expect(end.code == 1)
            #expect(end.text.contains("pid \(writer.backendPID)"))
            #expect(end.text.contains("the shop"))
            #expect(end.text.contains("--start-wait"))
            #expect(try await database.histogram() == "0:100")
            _ = try await writer.execute(script: "COMMIT")
            await writer.close()
            #expect(
                try await database.command(["run", "--table", "t", "--set", "n = n + 1"]).code == 0)
            #expect(try await database.histogram() == "1:99")
        }
    }

    @Test func readersAndWritersOfOtherTablesAreNotWaitedFor() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 100)
            try await database.execute("CREATE TABLE other (id integer)")
            let other = try await database.connect()
            _ = try await other.execute(
                script: "BEGIN; INSERT INTO other VALUES (1); SELECT * FROM t FOR SHARE OF t "
                    + "LIMIT 0; SELECT count(*) FROM t")
            var options = RunOptions.with(workers: 2, batch: 10)
            options.startWaitSeconds = 0
            #expect(try await database.sluice.run(increment, options: options).exitCode == 0)
            await other.close()
        }
    }

    // MARK: Identity

    /// A run of ``increment`` that is not finished.
    private static func unfinished(
        _ body: @escaping @Sendable (TestDatabase) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(
                rows: 1_000, extra: ", m integer NOT NULL DEFAULT 0, u bigint")
            try await database.execute(
                "UPDATE t SET u = id; ALTER TABLE t ALTER u SET NOT NULL, ADD UNIQUE (u)")
            try await database.runUntil(
                keys: 50, increment, options: .with(workers: 1, batch: 10))
            try await body(database)
        }
    }

    @Test func otherLimitsResumeTheRun() async throws {
        try await Self.unfinished { database in
            var options = RunOptions.with(workers: 3, batch: 77)
            options.limits.lockTimeoutMilliseconds = 500
            let report = try await database.sluice.run(increment, options: options)
            #expect(report.exitCode == 0)
            #expect(report.status.run == 1)
            #expect(try await database.value("SELECT batch_keys FROM sluice.run") == "77")
            #expect(try await database.histogram() == "1:1000")
        }
    }

    @Test func anotherJobUnderTheSameNameIsRefused() async throws {
        try await Self.unfinished { database in
            let before = try await database.histogram()
            var set = increment
            set.assignments = [Assignment(column: "n", expression: "n + 2")]
            var more = increment
            more.assignments.append(Assignment(column: "m", expression: "1"))
            var predicate = increment
            predicate.predicate = "true"
            var key = increment
            key.key = ["u"]
            for var job in [set, more, predicate, key] {
                job.name = "t.n"
                let error = await #expect(throws: SluiceError.self) {
                    _ = try await database.sluice.run(job)
                }
                #expect(error?.kind == .refused)
                #expect(error?.message.contains("unfinished") == true)
            }
            #expect(try await database.histogram() == before)
        }
    }

    @Test func aTableCreatedAgainIsAnotherTable() async throws {
        try await Self.unfinished { database in
            try await database.execute("DROP TABLE t")
            try await database.makeTable(rows: 1_000)
            for run in [
                { try await database.sluice.run(increment) },
                { try await database.sluice.resume("1") },
            ] {
                let error = await #expect(throws: SluiceError.self) { _ = try await run() }
                #expect(error?.kind == .refused)
            }
            #expect(try await database.histogram() == "0:1000")
        }
    }

    @Test func aTableThatWasRenamedIsTheSameTable() async throws {
        try await Self.unfinished { database in
            try await database.execute("ALTER TABLE t RENAME TO s")
            #expect(try await database.sluice.resume("1").exitCode == 0)
            try await database.execute("ALTER TABLE s RENAME TO t")
            #expect(try await database.histogram() == "1:1000")
        }
    }

    @Test func anOldPrimaryIsRefused() async throws {
        try await Self.unfinished { database in
            let before = try await database.histogram()
            try await database.execute("UPDATE sluice.run SET timeline = timeline + 1")
            let error = await #expect(throws: SluiceError.self) {
                _ = try await database.sluice.run(increment)
            }
            #expect(error?.kind == .refused)
            #expect(error?.message.contains("timeline 2") == true)
            #expect(try await database.histogram() == before)
        }
    }
}
