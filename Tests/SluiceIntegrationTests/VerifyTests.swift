import SluiceCore
import SluicePostgres
import SluiceSandbox
import SluiceTestSupport
import Testing

@testable import Sluice

/// A finished run compared with its table.
@Suite(.timeLimit(.minutes(12))) struct VerifyTests {
    /// A job that can be compared row by row.
    private static let doubled = JobRequest(
        table: "t", assignments: [Assignment(column: "m", expression: "id * 2")])

    private static func makeTable(_ database: TestDatabase, rows: Int = 20_000) async throws {
        try await database.makeTable(rows: rows, extra: ", m integer, words text")
    }

    /// Lets updates of some rows vanish without an error, as a trigger can.
    private static func swallow(_ condition: String, _ database: TestDatabase) async throws {
        try await database.execute(
            """
            CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF \(condition) THEN RETURN NULL; END IF; RETURN coalesce(NEW, OLD); END $$;
            CREATE TRIGGER swallow BEFORE UPDATE OR DELETE ON t
            FOR EACH ROW EXECUTE FUNCTION swallow();
            """)
    }

    private static func full() -> RunOptions {
        var options = RunOptions.with(workers: 2, batch: 1_000)
        options.verify = .full
        return options
    }

    @Test func missedRowsAreToldFromThoseWrittenSinceAndRepaired() async throws {
        try await TestDatabase.with { database in
            try await Self.makeTable(database)
            try await Self.swallow("OLD.id IN (1, 7777)", database)
            let report = try await database.sluice.run(Self.doubled, options: Self.full())
            #expect(report.exitCode == 4, "\(report.message)")
            #expect(report.message.contains("sluice verify 1"), "\(report.message)")
            #expect(report.verification?.rowsMissed == 2)
            #expect(try await database.sluice.status("1").first?.rowsMissed == 2)
            #expect(try await database.sluice.run(Self.doubled).exitCode == 4)

            try await database.execute(
                """
                DROP TRIGGER swallow ON t;
                UPDATE t SET m = -1 WHERE id IN (5, 6);
                INSERT INTO t (id) VALUES (30000);
                """)
            let found = try await database.sluice.verify("t.m")
            #expect(found.exitCode == 4 && found.isFull && found.compared == "values")
            #expect(found.rowsCompared == 20_001)
            let rows = found.rows.map { "\($0.key[0]) \($0.why.rawValue)" }
            #expect(
                rows == [
                    "1 missed", "5 written_since", "6 written_since", "7777 missed",
                    "30000 written_since",
                ])
            #expect(try await database.number("SELECT count(*) FROM t WHERE m = id * 2") == 19_996)

            let repair = try await database.command(["verify", "t.m", "--repair"])
            #expect(repair.code == 0, "\(repair.text)")
            #expect(repair.text.contains("5 rows repaired"), "\(repair.text)")
            #expect(try await database.number("SELECT count(*) FROM t WHERE m = id * 2") == 20_001)
            #expect(try await database.sluice.run(Self.doubled).exitCode == 0)
            #expect(try await database.sluice.verify("1").rowsRepaired == 0)
            let kinds = try await database.value(
                "SELECT string_agg(kind, ' ' ORDER BY id) FROM sluice.event "
                    + "WHERE kind IN ('verified', 'repaired')")
            #expect(kinds == "verified verified repaired verified")
        }
    }

    @Test func whatReadsWhatItAssignsIsProvenByTheLedgerAndNeverRepaired() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 3_000)
            let report = try await database.sluice.run(increment, options: Self.full())
            #expect(report.exitCode == 0)
            #expect(report.verification?.compared == "ledger")
            let verify = try await database.command(["verify", "1"])
            #expect(verify.code == 0 && verify.text.contains("by the ledger only"), "\(verify)")
            let repair = try await database.command(["verify", "1", "--repair"])
            #expect(repair.code == 64, "\(repair.text)")
            #expect(try await database.histogram() == "1:3000")

            // A ledger with a gap proves nothing.
            try await database.execute(
                "UPDATE sluice.range SET lower = '{17}' WHERE lower IS NULL")
            let broken = try await database.command(["verify", "1"])
            #expect(broken.code == 4, "\(broken.text)")
            #expect(broken.text.contains("does not prove"), "\(broken.text)")
        }
    }

    @Test func aPredicateThatStillHoldsMeansNothingForARowThatWasWritten() async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 3_000)
            try await Self.swallow("OLD.id = 99", database)
            let job = JobRequest(
                table: "t", assignments: [Assignment(column: "n", expression: "n + 1")],
                predicate: "n < 10")
            let report = try await database.sluice.run(job, options: Self.full())
            let found = try #require(report.verification)
            #expect(found.compared == "untouched" && report.exitCode == 4)
            #expect(found.rows.map(\.key) == [["99"]])
            #expect(found.rows.map(\.why) == [.missed])
            let repair = await #expect(throws: SluiceError.self) {
                var options = VerifyOptions()
                options.repairs = true
                _ = try await database.sluice.verify("1", options: options)
            }
            #expect(repair?.kind == .refused)
            #expect(try await database.histogram() == "0:1 1:2999")
        }
    }

    @Test func whatARunningTransactionWritesAfterTheStartIsNotMissed() async throws {
        try await TestDatabase.with { database in
            try await Self.makeTable(database, rows: 2_000)
            try await Self.swallow("OLD.id = 50", database)
            // Begun before the run, but the table is touched only afterwards.
            let writer = try await database.connect()
            _ = try await writer.execute(
                script: "CREATE TABLE other (id integer); BEGIN; INSERT INTO other VALUES (1)")
            let report = try await database.sluice.run(Self.doubled, options: Self.full())
            #expect(report.verification?.rows.map(\.key) == [["50"]], "\(report)")
            _ = try await writer.execute(script: "INSERT INTO t (id) VALUES (9000); COMMIT")
            await writer.close()
            let found = try await database.sluice.verify("1")
            #expect(found.rows.map(\.key) == [["50"], ["9000"]])
            #expect(found.rows.map(\.why) == [.missed, .writtenSince])
        }
    }

    @Test func rowsThatRemainToBeDoneAreFoundWhereTheValueIsNotTheSameTwice() async throws {
        try await TestDatabase.with { database in
            try await Self.makeTable(database, rows: 3_000)
            let job = JobRequest(
                table: "t", assignments: [Assignment(column: "words", expression: "now()::text")],
                predicate: "words IS NULL")
            let report = try await database.sluice.run(job, options: Self.full())
            #expect(report.exitCode == 0, "\(report.message)")
            #expect(report.verification?.compared == "remaining")
            try await database.execute("UPDATE t SET words = NULL WHERE id = 4")
            let found = try await database.sluice.verify("1")
            #expect(found.rows.map(\.key) == [["4"]])
            #expect(found.rows.map(\.why) == [.writtenSince])
            // Without a predicate nothing can be said.
            let plain = JobRequest(
                name: "plain", table: "t",
                assignments: [Assignment(column: "words", expression: "now()::text")])
            let second = try await database.sluice.run(plain, options: Self.full())
            #expect(second.verification?.compared == "ledger")
            #expect(second.exitCode == 0)
        }
    }

    @Test func rowsInQuarantineAreLeftOutAndRowsThatCannotBeComputedAreNamed() async throws {
        try await TestDatabase.with { database in
            try await Self.makeTable(database)
            try await database.execute(
                "UPDATE t SET words = id; UPDATE t SET words = 'x' WHERE id IN (3, 9999)")
            let job = JobRequest(
                table: "t", assignments: [Assignment(column: "m", expression: "words::integer")])
            let report = try await database.sluice.run(job, options: Self.full())
            #expect(report.exitCode == 4)
            let found = try #require(report.verification)
            #expect(found.rowsWrong == 0 && found.rowsCompared == 20_000)
            // A bad value that came later, in the middle of good ones.
            try await database.execute("UPDATE t SET words = 'y' WHERE id IN (500, 20000)")
            let later = try await database.sluice.verify("1")
            #expect(later.rowsFailed == 2 && later.rowsWrong == 2, "\(later)")
            #expect(later.rows.map(\.key) == [["500"], ["20000"]])
            #expect(later.rows.allSatisfy { $0.message?.contains("invalid input") == true })
            #expect(later.rowsCompared == 20_000)
        }
    }

    @Test func anExpressionThatFailsEverywhereIsNotLookedForRowByRow() async throws {
        try await TestDatabase.with { database in
            try await Self.makeTable(database, rows: 5_000)
            try await database.execute("UPDATE t SET words = id")
            let job = JobRequest(
                table: "t", assignments: [Assignment(column: "m", expression: "words::integer")])
            #expect(try await database.sluice.run(job, options: Self.full()).exitCode == 0)
            try await database.execute("UPDATE t SET words = 'x' || id")
            let verify = try await database.command(["verify", "1"])
            #expect(verify.code == 1, "\(verify.text)")
            #expect(verify.text.contains("fails for more than 1000 rows"), "\(verify.text)")
        }
    }

    @Test func aRowThatCannotBeRepairedDoesNotKeepTheOthers() async throws {
        try await TestDatabase.with { database in
            try await Self.makeTable(database, rows: 5_000)
            let report = try await database.sluice.run(Self.doubled, options: Self.full())
            #expect(report.exitCode == 0)
            try await database.execute(
                """
                UPDATE t SET m = 0 WHERE id % 10 = 0;
                ALTER TABLE t ADD CHECK (m <> 4680) NOT VALID;
                """)
            var options = VerifyOptions()
            options.repairs = true
            let found = try await database.sluice.verify("1", options: options)
            #expect(found.rowsRepaired == 499 && found.rowsFailed == 1, "\(found)")
            #expect(found.rowsWrong == 1)
            #expect(found.rows.map(\.key) == [["2340"]])
            #expect(found.rows.first?.message?.contains("check constraint") == true)
            #expect(try await database.number("SELECT count(*) FROM t WHERE m <> id * 2") == 1)
        }
    }

    @Test func deletesMovesAndCopiesAreComparedToo() async throws {
        try await TestDatabase.with { database in
            try await Self.makeTable(database, rows: 3_000)
            try await database.execute("CREATE TABLE copy (LIKE t INCLUDING ALL)")
            let copy = JobRequest(kind: .copy, name: "copy", table: "t", target: "copy")
            let copied = try await database.sluice.run(copy, options: Self.full())
            #expect(copied.verification?.compared == "arrival" && copied.exitCode == 0)
            try await database.execute("DELETE FROM copy WHERE id IN (8, 9)")
            let repair = try await database.command(["verify", "copy", "--repair"])
            #expect(repair.code == 0 && repair.text.contains("2 rows repaired"), "\(repair)")
            #expect(try await database.number("SELECT count(*) FROM copy") == 3_000)

            try await Self.swallow("OLD.id = 2000", database)
            var options = Self.full()
            options.confirmed = true
            let purge = JobRequest(
                kind: .delete, name: "purge", table: "t", predicate: "id > 1500")
            let purged = try await database.sluice.run(purge, options: options)
            #expect(purged.exitCode == 4, "\(purged.message)")
            #expect(purged.verification?.rows.map(\.key) == [["2000"]])
            try await database.execute(
                "DROP TRIGGER swallow ON t; INSERT INTO t (id) VALUES (7000)")
            let found = try await database.sluice.verify("purge")
            #expect(found.rows.map(\.why) == [.missed, .writtenSince])
            let mended = try await database.command(["verify", "purge", "--repair"])
            #expect(mended.code == 0, "\(mended.text)")
            #expect(try await database.number("SELECT count(*) FROM t") == 1_500)
        }
    }

    @Test func partitionsOddNamesAndKeysOfSeveralColumns() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE "P ""1" (tenant text, "i d" integer, "V al" numeric(8,2),
                PRIMARY KEY (tenant, "i d")) PARTITION BY LIST (tenant);
                CREATE TABLE "A,b" PARTITION OF "P ""1" FOR VALUES IN ('a, "b"');
                CREATE TABLE pc PARTITION OF "P ""1" FOR VALUES IN ('{c}\\');
                INSERT INTO "P ""1" SELECT w, i FROM unnest(ARRAY['a, "b"', '{c}\\']) w,
                generate_series(1, 1000) i;
                """)
            // The column rounds what is assigned; the name of the table stands in the expression.
            let job = JobRequest(
                name: "p", table: #""P ""1""#,
                assignments: [
                    Assignment(column: #""V al""#, expression: #""P ""1"."i d" / 7.0"#)
                ])
            let report = try await database.sluice.run(job, options: Self.full())
            #expect(report.verification?.compared == "values", "\(report)")
            #expect(report.exitCode == 0 && report.verification?.rowsCompared == 2_000)
            try await database.execute(
                #"UPDATE pc SET "V al" = 1 WHERE "i d" = 700; UPDATE "A,b" SET "V al" = NULL"#)
            let found = try await database.sluice.verify("p")
            #expect(found.rowsWrittenSince == 1_001 && found.rows.count == 100)
            #expect(found.rows.first?.table == "public.\"A,b\"")
            let repair = try await database.command(["verify", "p", "--repair"])
            #expect(repair.code == 0 && repair.text.contains("1,001 rows repaired"), "\(repair)")
        }
    }

    @Test func whatThereIsToSayBeforeAndWithoutRows() async throws {
        try await TestDatabase.with { database in
            try await Self.makeTable(database, rows: 2_000)
            try await database.runUntil(
                keys: 200, Self.doubled, options: .with(workers: 1, batch: 50))
            let early = try await database.command(["verify", "1"])
            #expect(early.code == 64 && early.text.contains("sluice resume 1"), "\(early.text)")
            try await database.execute("TRUNCATE t")
            var options = Self.full()
            options.fresh = true
            let empty = try await database.sluice.run(Self.doubled, options: options)
            #expect(empty.exitCode == 0, "\(empty.message)")
            #expect(empty.verification?.rowsCompared == 0)
            let none = try await database.command(["verify", "nope"])
            #expect(none.code == 64, "\(none.text)")
            options.verify = .off
            let off = try await database.sluice.run(Self.doubled, options: options)
            #expect(off.verification == nil)
        }
    }

    @Test func aPieceOfALargeTableIsReadByPlaceAlone() async throws {
        try await TestDatabase.with { database in
            try await Self.makeTable(database)
            try await database.sluice.run(Self.doubled, options: Self.full())
            let connection = database.connection
            let record = try await Ledger(connection: connection).existing("1")
            let job = try await JobPlanner(connection: connection).plan(record)
            let sql = try await Comparability(connection: connection, job: job, record: record)
                .statements(job.parts[0], .values)
            let settings = BatchSettingsSQL.batch(
                job.session.settings, limits: record.limits,
                serverVersion: connection.serverVersion)
            let answer = try await connection.sendAndReceive([
                Statement(BatchSettingsSQL.begin), BatchSettingsSQL.local(settings),
                Statement(
                    "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) " + sql.count,
                    ["(10,0)", "(14,0)", "1", "{}"]),
                Statement("COMMIT"),
            ])
            let plan = answer.results[2].rows.compactMap { $0[0] }
            #expect(plan.contains { $0.contains("Tid Range Scan on t") }, "\(plan)")
            #expect(plan.contains { $0.hasSuffix("Buffers: shared hit=4") }, "\(plan)")
        }
    }

    @Test func itWorksThroughAPooler() async throws {
        try await PooledDatabase.with { database in
            try await Self.makeTable(database.direct)
            let run = try await database.command(
                ["run", "--table", "t", "--set", "m = id * 2", "--verify", "full"])
            #expect(run.code == 0 && run.text.contains("20,000 rows compared"), "\(run.text)")
            try await database.direct.execute("UPDATE t SET m = 0 WHERE id = 5")
            try await database.spoiling(with: ["search_path = pg_catalog"]) {
                let repair = try await database.command(["verify", "1", "--repair"])
                #expect(repair.code == 0, "\(repair.text)")
                #expect(repair.text.contains("1 row repaired"), "\(repair.text)")
            }
        }
    }
}
