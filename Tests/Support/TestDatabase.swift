package import Sluice
import SluiceCore
package import SluicePostgres
import SluiceSandbox

/// A database of a test's own, on the server that all tests of the process share.
package struct TestDatabase: Sendable {
    package let dsn: String
    package let connection: PostgresConnection

    package init(dsn: String, connection: PostgresConnection) {
        self.dsn = dsn
        self.connection = connection
    }

    /// Lends a fresh database, dropped afterwards.
    ///
    /// A few at a time; `alone` for tests that measure time.
    package static func with<Value: Sendable>(
        alone: Bool = false, _ body: @escaping @Sendable (TestDatabase) async throws -> Value
    ) async throws -> Value {
        try await Turnstile.shared.pass(alone: alone) {
            try await SharedSandbox.withDatabase { dsn in try await with(dsn: dsn, body) }
        }
    }

    /// The same on a database of another server.
    package static func with<Value: Sendable>(
        dsn: String, _ body: @escaping @Sendable (TestDatabase) async throws -> Value
    ) async throws -> Value {
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

    package var sluice: Sluice {
        get throws { Sluice(try ConnectionParameters(dsn: dsn)) }
    }

    package func execute(_ script: String) async throws {
        _ = try await connection.execute(script: script)
    }

    /// Drops the ledger under a run that goes on, as a person would: again, where a deadlock with
    /// the run's own look at all of its tables ended it.
    package func dropLedger() async throws {
        while true {
            do {
                return try await execute("DROP SCHEMA sluice CASCADE")
            } catch let error as PostgresError {
                guard error.sqlState == .deadlockDetected else { throw error }
            }
        }
    }

    /// The first column of the first row, as text.
    package func value(_ sql: String) async throws -> String? {
        try await connection.query(sql).scalar
    }

    /// One more session.
    package func connect(_ application: String = "test") async throws -> PostgresConnection {
        try await PostgresConnection.connect(
            try ConnectionParameters(dsn: dsn).setting("application_name", to: application))
    }

    /// A number, such as a count.
    package func number(_ sql: String) async throws -> Int {
        Int(try await value(sql) ?? "") ?? -1
    }

    /// Keys that the ledger has seen committed, over all runs.
    package func keysScanned() async throws -> Int {
        guard try await value("SELECT to_regclass('sluice.range')") != nil else { return 0 }
        return try await number("SELECT coalesce(sum(keys_scanned), 0) FROM sluice.range")
    }

    /// Waits until batches of a run are being committed.
    package func waitForProgress(keys: Int = 1) async throws {
        try await eventually("\(keys) keys are scanned") { try await keysScanned() >= keys }
    }

    /// Ranges that somebody owns.
    package func ownedRanges() async throws -> Int {
        try await number(
            "SELECT count(*) FROM sluice.range WHERE owner IS NOT NULL AND state <> 'done'")
    }

    /// A table `t(id bigint primary key, n int not null default 0)` with `rows` rows.
    package func makeTable(rows: Int, extra: String = "") async throws {
        try await execute(
            """
            CREATE TABLE t (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0\(extra));
            INSERT INTO t (id) SELECT generate_series(1, \(rows));
            ANALYZE t;
            """)
    }

    /// How many rows have which `n`, as `n:count` in order.
    package func histogram() async throws -> String {
        try await value(
            """
            SELECT coalesce(string_agg(n || ':' || c, ' ' ORDER BY n), '')
            FROM (SELECT n, count(*) AS c FROM t GROUP BY n) h
            """) ?? ""
    }
}

/// The job that shows at once whether a row was changed twice: it is not idempotent.
package let increment = JobRequest(
    table: "t", assignments: [Assignment(column: "n", expression: "n + 1")])

extension RunOptions {
    /// Options with a batch size and a number of workers.
    package static func with(workers: Int, batch: Int) -> RunOptions {
        var options = RunOptions()
        options.limits.workers = workers...workers
        options.limits.batchKeys = batch
        return options
    }
}

extension TestDatabase {
    /// Makes each batch that does `event` on `table` take at least so long.
    package func slowDown(
        seconds: Double, holding event: String = "UPDATE", on table: String = "t"
    ) async throws {
        try await execute(
            """
            CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(\(seconds)); RETURN NULL; END $$;
            DROP TRIGGER IF EXISTS slow ON \(table);
            CREATE TRIGGER slow BEFORE \(event) ON \(table)
            FOR EACH STATEMENT EXECUTE FUNCTION slow();
            """)
    }

    /// Ends that.
    package func speedUp() async throws {
        try await execute("DROP FUNCTION slow() CASCADE")
    }
}

extension TestDatabase {
    /// Changes a default of this database for sessions that begin from now on.
    package func alterDatabase(_ setting: String) async throws {
        let name = try await value("SELECT quote_ident(current_database())") ?? ""
        try await execute("ALTER DATABASE \(name) SET \(setting)")
    }

    /// Begins a run of a job on `t` and drains it after so many keys.
    package func runUntil(
        keys: Int, _ job: JobRequest, options: RunOptions, holding event: String = "UPDATE",
        on table: String = "t"
    ) async throws {
        try await slowDown(seconds: 0.02, holding: event, on: table)
        let drain = DrainSwitch()
        async let report = sluice.run(job, options: options, drain: drain)
        do {
            try await waitForProgress(keys: keys)
        } catch {
            drain.drain()
            _ = try await report
            throw error
        }
        drain.drain()
        _ = try await report
        try await speedUp()
    }
}

extension TestDatabase {
    /// Whether the only run's ranges are done, disjoint and without a gap: each begins where
    /// another ends, and one is open below.
    package func rangesCover() async throws -> Bool {
        try await value(
            """
            SELECT count(*) FILTER (WHERE lower IS NULL) = 1
            AND bool_and(lower IS NULL OR lower IN (SELECT upper FROM sluice.range))
            AND count(DISTINCT upper) = count(*)
            AND count(DISTINCT coalesce(lower, '{}')) = count(*)
            AND bool_and(state = 'done') FROM sluice.range
            """) == "t"
    }
}
