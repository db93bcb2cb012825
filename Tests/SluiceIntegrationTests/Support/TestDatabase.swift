import Sluice
import SluiceCore
import SluicePostgres
import SluiceSandbox

/// A database of a test's own, on the server that all tests of the process share.
struct TestDatabase: Sendable {
    let dsn: String
    let connection: PostgresConnection

    /// Lends a fresh database, dropped afterwards.
    static func with<Value: Sendable>(
        _ body: @escaping @Sendable (TestDatabase) async throws -> Value
    ) async throws -> Value {
        try await SharedSandbox.withDatabase { dsn in
            let parameters = try ConnectionParameters(dsn: dsn)
            let connection = try await PostgresConnection.connect(parameters)
            do {
                let value = try await body(TestDatabase(dsn: dsn, connection: connection))
                await connection.close()
                return value
            } catch {
                await connection.close()
                throw error
            }
        }
    }

    var sluice: Sluice {
        get throws { Sluice(try ConnectionParameters(dsn: dsn)) }
    }

    func execute(_ script: String) async throws {
        _ = try await connection.execute(script: script)
    }

    /// The first column of the first row, as text.
    func value(_ sql: String) async throws -> String? {
        try await connection.query(sql).scalar
    }

    /// A table `t(id bigint primary key, n int not null default 0)` with `rows` rows.
    func makeTable(rows: Int, extra: String = "") async throws {
        try await execute(
            """
            CREATE TABLE t (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0\(extra));
            INSERT INTO t (id) SELECT generate_series(1, \(rows));
            ANALYZE t;
            """)
    }

    /// How many rows have which `n`, as `n:count` in order.
    func histogram() async throws -> String {
        try await value(
            """
            SELECT coalesce(string_agg(n || ':' || c, ' ' ORDER BY n), '')
            FROM (SELECT n, count(*) AS c FROM t GROUP BY n) h
            """) ?? ""
    }
}

/// The job that shows at once whether a row was changed twice: it is not idempotent.
let increment = JobRequest(
    table: "t", assignments: [Assignment(column: "n", expression: "n + 1")])

extension RunOptions {
    /// Options with a batch size and a number of workers.
    static func with(workers: Int, batch: Int) -> RunOptions {
        var options = RunOptions()
        options.limits.workers = workers...workers
        options.limits.batchKeys = batch
        return options
    }
}
