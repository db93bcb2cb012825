import Sluice
import SluiceCore
import SluiceSandbox

/// A table whose keys are spread unevenly, or in a way that arithmetic cannot know.
struct SkewedTable: Sendable {
    let title: String
    let columns: String
    let key: String
    /// The key columns of row `g` of `rows`.
    let values: @Sendable (_ rows: Int) -> String

    static let name = "skewed"

    static let all = [
        SkewedTable(
            title: "integers, 90 % of the rows in 1 % of the keys", columns: "id bigint",
            key: "id",
            values: { rows in
                "CASE WHEN g % 10 = 0 THEN g::bigint * 100 ELSE \(rows)::bigint * 70 + g END"
            }),
        SkewedTable(
            title: "random UUIDs (version 4)", columns: "id uuid", key: "id",
            values: { _ in "md5(g::text)::uuid" }),
        // 48 bits of milliseconds, 20 rows each, then random bits: as version 7 is made.
        SkewedTable(
            title: "time-ordered UUIDs (version 7)", columns: "id uuid", key: "id",
            values: { _ in
                "(lpad(to_hex(1700000000000 + g / 20), 12, '0') || '7' "
                    + "|| substr(md5(g::text), 1, 19))::uuid"
            }),
        SkewedTable(
            title: "(tenant, id), one tenant with 90 % of the rows",
            columns: "tenant int, id bigint", key: "tenant, id",
            values: { _ in "CASE WHEN g % 10 = 0 THEN g % 997 ELSE 500 END, g" }),
    ]

    static var job: JobRequest {
        JobRequest(
            table: name, assignments: [Assignment(column: "value", expression: "value + 1")])
    }

    /// Makes it in a database of its own; returns the database's name.
    func create(_ cluster: BenchCluster, rows: Int, analyzed: Bool) async throws -> String {
        let database = try await cluster.server.createDatabase("skewed")
        try await cluster.server.psql(
            """
            CREATE TABLE skewed (\(columns), value int NOT NULL DEFAULT 0, filler char(60)
            NOT NULL DEFAULT '') WITH (autovacuum_enabled = off);
            INSERT INTO skewed SELECT \(values(rows)) FROM generate_series(1, \(rows)) g;
            ALTER TABLE skewed ADD PRIMARY KEY (\(key));
            \(analyzed ? "ANALYZE skewed;" : "")
            """, database: database)
        try await cluster.server.psql("CHECKPOINT")
        return database
    }
}
