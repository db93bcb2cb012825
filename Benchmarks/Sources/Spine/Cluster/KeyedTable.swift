import Sluice
import SluiceCore
import SluiceSandbox

/// A narrow, long table with one kind of key, for planning.
struct KeyedTable: Sendable {
    let rows: Int
    let type: String
    /// The key of row `g`.
    let expression: String

    static let name = "keyed"

    static func all(rows: Int) -> [KeyedTable] {
        [
            KeyedTable(rows: rows, type: "bigint", expression: "g"),
            // Spread like random ones, and the same each time.
            KeyedTable(rows: rows, type: "uuid", expression: "md5(g::text)::uuid"),
            KeyedTable(rows: rows, type: "text", expression: "'key-' || md5(g::text)"),
        ]
    }

    static var job: JobRequest {
        JobRequest(
            table: name, assignments: [Assignment(column: "value", expression: "1")])
    }

    /// What the table is, for the results.
    var title: String { "\(rows) rows, \(type) key" }

    /// Makes it in a database of its own, without statistics; returns the database's name.
    func create(_ cluster: BenchCluster) async throws -> String {
        Progress.say("making \(title)")
        let database = try await cluster.server.createDatabase("keyed_\(type)")
        try await cluster.server.psql(
            """
            CREATE TABLE keyed (id \(type) NOT NULL, value int) WITH (autovacuum_enabled = off);
            INSERT INTO keyed SELECT \(expression), 0 FROM generate_series(1, \(rows)) g;
            ALTER TABLE keyed ADD PRIMARY KEY (id);
            """, database: database)
        try await cluster.server.psql("CHECKPOINT")
        return database
    }
}
