import Sluice
import SluiceCore
import SluiceTestSupport
import Testing

/// SQL of a person that tries to reach beyond its place in the statement.
@Suite(.timeLimit(.minutes(12))) struct EscapeTests {
    static let refused = [
        "1), (2", "1) FROM t; DROP TABLE t; --", "1; DROP TABLE t", "'", "\"", "(", ")", "/* ",
        "$1", "$$ ", "true) OR (true", "n END || CASE WHEN true THEN n", "1, 2", "DEFAULT",
        "count(*)", "row_number() OVER ()", "generate_series(1, 2)", "", "  ", "--", "1 AS x",
        "(SELECT 1", "E'\\'", "U&'\\'", "no_such_column", "n +", "1) RETURNING (1",
    ]

    @Test(arguments: refused) func whatIsNotOneExpressionIsRefused(sql: String) async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 10)
            let jobs = [
                JobRequest(
                    table: "t", assignments: [Assignment(column: "n", expression: sql)]),
                JobRequest(
                    table: "t", assignments: [Assignment(column: "n", expression: "n + 1")],
                    predicate: sql),
            ]
            for job in jobs {
                let error = await #expect(throws: SluiceError.self) {
                    _ = try await database.sluice.run(job)
                }
                #expect(error?.kind == .refused)
                #expect(error?.message.contains("\n") == false)
            }
            #expect(try await database.histogram() == "0:10")
            #expect(try await database.value("SELECT to_regnamespace('sluice')") == nil)
        }
    }

    @Test(arguments: [
        "true or true", "id > 0 -- the rest", "true /* or */", "id = id OR n = n OR true",
        "(SELECT true)", "'/*' <> '--'",
        "EXISTS (SELECT FROM generate_series(1, 2) x WHERE x <> t.id)",
        "(SELECT u.id FROM t u WHERE u.id = t.id) > 0",
    ])
    func whatIsOneExpressionStaysInItsRange(predicate: String) async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 3_000)
            var job = increment
            job.predicate = predicate
            job.assignments = [Assignment(column: "n", expression: "n + 1 -- one more")]
            let report = try await database.sluice.run(
                job, options: .with(workers: 3, batch: 50))
            #expect(report.exitCode == 0)
            #expect(report.status.keysScanned == 3_000)
            #expect(try await database.histogram() == "1:3000")
        }
    }
}
