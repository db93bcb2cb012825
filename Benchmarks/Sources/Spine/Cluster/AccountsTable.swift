import SluiceSandbox

/// A table like pgbench's accounts, in a template database that rounds are copied from.
struct AccountsTable: Sendable {
    let rows: Int
    /// Indexes besides the primary key; the changed column is in none of them.
    let moreIndexes: Int

    static let name = "accounts"
    static let assignment = (column: "balance", expression: "balance + 1")

    var template: String { "accounts_\(rows)_\(moreIndexes)" }

    /// What the table is, for the results.
    var title: String {
        let millions = rows % 1_000_000 == 0 ? "\(rows / 1_000_000) M" : "\(rows / 1_000) k"
        let indexes = moreIndexes == 0 ? "primary key only" : "primary key + \(moreIndexes) indexes"
        return "\(millions) rows, \(indexes)"
    }

    /// Makes the template database unless it is there.
    func prepare(_ cluster: BenchCluster) async throws {
        let known = try await cluster.server.psql(
            "SELECT count(*) FROM pg_database WHERE datname = '\(template)'")
        guard known == "0" else { return }
        Progress.say("making \(title)")
        _ = try await cluster.server.createDatabase(template)
        let indexes = ["email", "created_at", "branch"].prefix(moreIndexes)
            .map { "CREATE INDEX ON accounts (\($0));" }.joined(separator: "\n")
        try await cluster.server.psql(
            """
            CREATE TABLE accounts (id bigint NOT NULL, branch int NOT NULL,
            balance int NOT NULL, email text NOT NULL, created_at timestamptz NOT NULL,
            filler char(40) NOT NULL) WITH (autovacuum_enabled = off);
            SELECT setseed(0.5);
            INSERT INTO accounts SELECT g, g % 100, 0, md5(g::text) || '@example.com',
            timestamptz '2020-01-01' + random() * interval '1000 days', ''
            FROM generate_series(1, \(rows)) g;
            ALTER TABLE accounts ADD PRIMARY KEY (id);
            \(indexes)
            """, database: template)
        // By themselves: neither runs inside the transaction that a script is.
        try await cluster.server.psql("VACUUM (ANALYZE) accounts", database: template)
        try await cluster.server.psql("CHECKPOINT")
    }

    /// Ends the measurement unless every row was changed exactly once.
    func verify(_ cluster: BenchCluster, database: String, subject: String) async throws {
        let right = try await cluster.server.psql(
            "SELECT count(*) FILTER (WHERE balance = 1) || '/' || count(*) FROM accounts",
            database: database)
        guard right == "\(rows)/\(rows)" else {
            throw BenchError(
                "\(subject) changed \(right) rows exactly once; a figure of wrong "
                    + "work is worth nothing")
        }
    }
}
