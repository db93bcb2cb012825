import SluiceCore
import SluiceTestSupport
import Testing

@testable import Sluice

/// Several jobs in one pass over their table.
@Suite(.timeLimit(.minutes(12))) struct MergedJobTests {
    @Test func onePassDoesWhatTheJobsDoOneAfterTheOther() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, "C" numeric, writes
                integer NOT NULL DEFAULT 0);
                INSERT INTO t SELECT i, CASE WHEN i % 3 = 0 THEN i END,
                CASE WHEN i % 5 = 0 THEN 'set' END, CASE WHEN i % 7 = 0 THEN NULL ELSE i END
                FROM generate_series(1, 5000) i;
                CREATE FUNCTION count_writes() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN NEW.writes = OLD.writes + 1; RETURN NEW; END $$;
                CREATE TABLE u (LIKE t INCLUDING ALL); INSERT INTO u SELECT * FROM t;
                CREATE TRIGGER w BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION count_writes();
                UPDATE u SET a = id * 2 WHERE a IS NULL;
                UPDATE u SET b = 'row ' || id WHERE b IS NULL;
                UPDATE u SET "C" = -"C" WHERE "C" > 4000;
                """)
            let parts: [(String, String, String)] = [
                ("a", "id * 2", "a IS NULL"), ("b", "'row ' || id", "b IS NULL -- not set"),
                ("\"C\"", "-\"C\"", "\"C\" > 4000"),
            ]
            let requests = parts.map { column, expression, predicate in
                JobRequest(
                    name: column, table: "t",
                    assignments: [Assignment(column: column, expression: expression)],
                    predicate: predicate)
            }
            #expect(JobRequest.mergeProblem(requests) == nil)
            let report = try await database.sluice.run(
                JobRequest.merged(requests), options: .with(workers: 2, batch: 300))
            #expect(report.status.state == .completed, "\(report.message)")
            let meant = try await database.number("SELECT count(*) FROM t WHERE writes > 0")
            #expect(report.status.rowsChanged == meant && report.status.job == "a+b+\"C\"")
            let differing = try await database.number(
                """
                SELECT count(*) FROM t FULL JOIN u USING (id) WHERE (t.a, t.b, t."C") IS DISTINCT
                FROM (u.a, u.b, u."C") OR t.writes > 1
                """)
            #expect(differing == 0)
            #expect(report.verification?.rowsMissed == 0)
        }
    }
}
