import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// Defaults of roles and databases that must not matter.
@Suite(.timeLimit(.minutes(12))) struct SettingsTests {
    @Test(arguments: [
        "default_transaction_isolation = 'repeatable read'",
        "default_transaction_isolation = 'serializable'", "default_transaction_read_only = on",
        "default_transaction_deferrable = on", "synchronous_commit = off",
        "standard_conforming_strings = off", "search_path = ''", "row_security = off",
        "lock_timeout = '50ms'", "idle_session_timeout = '300ms'", "client_encoding = 'LATIN1'",
        "enable_indexscan = off", "plan_cache_mode = force_generic_plan",
    ])
    func defaultsOfTheDatabaseDoNotMatter(setting: String) async throws {
        try await TestDatabase.with { database in
            try await database.makeTable(rows: 5_000)
            try await database.alterDatabase(setting)
            var job = increment
            job.table = "public.t"
            let report = try await database.sluice.run(
                job, options: .with(workers: 4, batch: 100))
            #expect(report.exitCode == 0)
            #expect(try await database.histogram() == "1:5000")
        }
    }

    /// Two sets of settings under which the same value is written differently, and read back
    /// differently.
    static let settings: [[String]] = [
        [
            "DateStyle = 'SQL, DMY'", "TimeZone = 'Asia/Kolkata'", "extra_float_digits = -10",
            "bytea_output = 'escape'", "IntervalStyle = 'sql_standard'",
        ],
        [
            "DateStyle = 'SQL, MDY'", "TimeZone = 'America/New_York'", "extra_float_digits = 3",
            "bytea_output = 'hex'", "IntervalStyle = 'iso_8601'", "search_path = ''",
        ],
    ]

    static let keys: [(type: String, value: String)] = [
        ("date", "date '2021-01-01' + i"),
        ("timestamptz", "timestamptz '2021-03-01 00:00+00' + i * interval '11 min'"),
        ("timestamp", "timestamp '2021-01-01' + i * interval '1 h' + interval '1 us'"),
        ("float8", "i / 3.0::float8 - 300"), ("float4", "(i / 7.0)::float4"),
        ("bytea", "decode(lpad(to_hex(i * 7919), 8, '0'), 'hex')"),
        ("interval", "i * interval '-1 mon 1 day 3 s'"), ("money", "(i::numeric / 3)::money"),
        ("numeric", "i / 3.0"),
    ]

    @Test(arguments: 0..<9, 0..<2)
    func keysKeepTheirMeaningWhenAnotherResumes(key: Int, first: Int) async throws {
        let (type, value) = Self.keys[key]
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (k \(type) PRIMARY KEY, n integer NOT NULL DEFAULT 0);
                INSERT INTO t (k) SELECT \(value) FROM generate_series(1, 2000) i;
                ANALYZE t;
                """)
            var job = increment
            job.table = "public.t"
            for setting in Self.settings[first] { try await database.alterDatabase(setting) }
            try await database.runUntil(keys: 300, job, options: .with(workers: 2, batch: 20))
            for setting in Self.settings[1 - first] { try await database.alterDatabase(setting) }
            let report = try await database.sluice.run(job)
            #expect(report.exitCode == 0)
            #expect(try await database.histogram() == "1:2000", "\(type)")
            #expect(try await database.keysScanned() == 2_000, "\(type)")
        }
    }

    @Test func boundsAreFixedUnderTheSettingsOfTheRun() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (k date PRIMARY KEY, n integer NOT NULL DEFAULT 0);
                INSERT INTO t (k) SELECT date '2020-10-29' + i FROM generate_series(1, 400) i;
                """)
            // The last key is the 3rd of December, or the 12th of March.
            try await database.alterDatabase("DateStyle = 'SQL, DMY'")
            let writer = try await database.connect()
            _ = try await writer.execute(script: "BEGIN; UPDATE t SET n = 0 WHERE k = '2021-02-01'")
            var options = RunOptions.with(workers: 1, batch: 7)
            options.startWaitSeconds = 0.1
            await #expect(throws: SluiceError.self) {
                _ = try await database.sluice.run(increment, options: options)
            }
            _ = try await writer.execute(script: "ROLLBACK")
            await writer.close()
            try await database.alterDatabase("DateStyle = 'SQL, MDY'")
            #expect(try await database.sluice.run(increment, options: options).exitCode == 0)
            #expect(try await database.histogram() == "1:400")
        }
    }

    @Test func expressionsKeepTheirMeaningWhenAnotherResumes() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE SCHEMA one;
                CREATE SCHEMA two;
                CREATE FUNCTION one.f(n integer) RETURNS integer LANGUAGE sql AS 'SELECT $1 + 1';
                CREATE FUNCTION two.f(n integer) RETURNS integer LANGUAGE sql AS 'SELECT $1 + 2';
                """)
            try await database.makeTable(rows: 2_000)
            let job = JobRequest(
                table: "public.t", assignments: [Assignment(column: "n", expression: "f(n)")])
            try await database.alterDatabase("search_path = one, public")
            try await database.runUntil(keys: 100, job, options: .with(workers: 2, batch: 20))
            try await database.alterDatabase("search_path = public")
            #expect(try await database.sluice.resume("1").exitCode == 0)
            #expect(try await database.histogram() == "1:2000")
        }
    }
}
