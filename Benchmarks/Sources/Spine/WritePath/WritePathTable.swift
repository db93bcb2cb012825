import SluiceSandbox

/// A table of products that gets a column more, as write paths are compared on it.
struct WritePathTable: Sendable {
    /// What makes a table dear to change.
    enum Kind: Sendable, Equatable {
        /// The primary key and so many more indexes, none on a column that changes.
        case indexes(Int)
        /// Rows of 1 kB, with three more indexes.
        case wide
        /// A column that changes is indexed.
        case touched
        /// A key that lies all over the pages, and so many more indexes.
        case uuid(Int)
        /// Three more indexes, filled while somebody holds a snapshot.
        case snapshot
    }

    let kind: Kind
    let rows: Int

    static let assignments = [
        "price_cents = (price * 100)::bigint", "touched = touched + 1",
    ]

    var template: String {
        switch kind {
        case .indexes(let number): "path_\(rows)_\(number)"
        case .wide: "path_\(rows)_wide"
        case .touched: "path_\(rows)_touched"
        case .snapshot: "path_\(rows)_3"
        case .uuid(let number): "path_\(rows)_uuid_\(number)"
        }
    }

    /// What the table is, for the results.
    var title: String {
        let millions = "\(Double(rows) / 1e6) M rows"
        return switch kind {
        case .indexes(0): "\(millions), primary key only"
        case .indexes(let number): "\(millions), primary key + \(number) indexes"
        case .wide: "\(millions) of 1 kB, primary key + 3 indexes"
        case .touched: "\(millions), primary key + 3 indexes and one on the column that is set"
        case .snapshot: "\(millions), primary key + 3 indexes, beside a snapshot"
        case .uuid(let number):
            "\(millions), a UUID key + \(number) indexes, frequent checkpoints"
        }
    }

    var isUUID: Bool {
        if case .uuid = kind { return true }
        return false
    }

    private var indexes: [String] {
        let all = [
            "email", "created_at", "note", "email, id", "created_at, id", "note, id",
        ]
        return switch kind {
        case .indexes(let number), .uuid(let number): Array(all.prefix(number))
        case .wide, .snapshot: Array(all.prefix(3))
        case .touched: Array(all.prefix(3)) + ["price_cents"]
        }
    }

    /// Makes the template database unless it is there.
    func prepare(_ cluster: BenchCluster) async throws {
        let known = try await cluster.server.psql(
            "SELECT count(*) FROM pg_database WHERE datname = '\(template)'")
        guard known == "0" else { return }
        Progress.say("making \(title)")
        _ = try await cluster.server.createDatabase(template)
        let (type, key) = isUUID ? ("uuid", "md5('key ' || g)::uuid") : ("bigint", "g")
        // Before what changes, as every column is that was there before the new one: the server
        // logs all that lies between two that change.
        let filler = kind == .wide ? " filler char(850) NOT NULL DEFAULT ''," : ""
        try await cluster.server.psql(
            """
            CREATE TABLE products (id \(type) NOT NULL, email text NOT NULL,
            price numeric(10, 2) NOT NULL, note text NOT NULL,
            created_at timestamptz NOT NULL,\(filler) touched int NOT NULL DEFAULT 0)
            WITH (autovacuum_enabled = off);
            SELECT setseed(0.5);
            INSERT INTO products (id, email, price, note, created_at)
            SELECT \(key), 'user' || g || '@example.com', (random() * 100000)::numeric(10, 2),
            md5(g::text), timestamptz '2020-01-01' + random() * interval '1000 days'
            FROM generate_series(1, \(rows)) g;
            ALTER TABLE products ADD PRIMARY KEY (id);
            ALTER TABLE products ADD COLUMN price_cents bigint;
            \(indexes.map { "CREATE INDEX ON products (\($0));" }.joined(separator: "\n"))
            """, database: template)
        // By themselves: neither runs inside the transaction that a script is.
        try await cluster.server.psql("VACUUM (ANALYZE) products", database: template)
        try await cluster.server.psql("CHECKPOINT")
    }

    /// Ends the measurement unless every row was changed exactly once.
    func verify(_ cluster: BenchCluster, database: String, subject: String) async throws {
        let right = try await cluster.server.psql(
            """
            SELECT count(*) FILTER (WHERE touched = 1 AND price_cents = (price * 100)::bigint)
            || '/' || count(*) FROM products
            """, database: database)
        guard right == "\(rows)/\(rows)" else {
            throw BenchError(
                "\(subject) changed \(right) rows exactly once; a figure of wrong "
                    + "work is worth nothing")
        }
    }
}
