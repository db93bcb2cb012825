import Sluice
import SluiceCore
import SluicePostgres
import SluiceTestSupport
import Testing

/// Whatever can be a key.
@Suite(.timeLimit(.minutes(12))) struct KeyTests {
    /// A key's type and its value for the numbers from 1 to 3,000.
    static let keys: [(type: String, value: String)] = [
        ("smallint", "i - 1500"), ("integer", "(i - 1500) * 700000"),
        ("bigint", "(i::bigint - 1500) * 6000000000000000"),
        ("uuid", "md5(i::text)::uuid"),
        ("text COLLATE \"C\"", "chr(33 + i % 90) || '\"\\{},'' ' || i"),
        ("text", "chr(33 + i % 90) || '\"\\{},'' ' || i"),
        ("text COLLATE \"en-x-icu\"", "chr(33 + i % 90) || '-äÖ ' || i"),
        ("text COLLATE \"ucs_basic\"", "repeat('x', i % 7) || i"),
        ("numeric", "(i - 1500) / 7.0"), ("numeric(9, 3)", "i * 1.001"),
        ("date", "date '2000-01-01' + i * 3"),
        ("timestamptz", "timestamptz '1970-01-01' + i * interval '1 day 1 us'"),
        ("bytea", "decode(md5(i::text), 'hex')"), ("varchar(12)", "'v ' || i || ' '"),
        ("char(9)", "'c' || i"), ("citext", "CASE i % 2 WHEN 0 THEN 'A' ELSE 'b' END || i"),
        ("even", "i * 2"), ("inet", "inet '10.0.0.0' + i"), ("integer[]", "ARRAY[i % 10, i]"),
        ("int4range", "int4range(i, i + 5)"), ("text[]", "ARRAY['a,\"', NULL, i::text]"),
        ("name", "'n' || i"), ("oid", "(4294967295 - i)::oid"), ("float8", "1 / i::float8"),
        ("money", "i::money / 100"), ("time", "time '00:00' + i * interval '7 s'"),
        ("bit(16)", "i::bit(16)"),
        (
            "macaddr",
            "('08:00:2b:00:' || lpad(to_hex(i / 256), 2, '0') || ':' "
                + "|| lpad(to_hex(i % 256), 2, '0'))::macaddr"
        ),
    ]

    @Test(arguments: keys.indices, [false, true])
    func everyTypeOfKeyIsWalkedOnce(index: Int, analyzed: Bool) async throws {
        let (type, value) = Self.keys[index]
        try await TestDatabase.with { database in
            if type.contains("x-icu") { try await ServerNeed.icu.require(database) }
            if type == "citext" {
                try await ServerNeed.citext.require(database)
                try await database.execute("CREATE EXTENSION citext")
            }
            try await database.execute(
                """
                CREATE DOMAIN even AS integer CHECK (VALUE % 2 = 0);
                CREATE TABLE t (k \(type) PRIMARY KEY, n integer NOT NULL DEFAULT 0);
                INSERT INTO t (k) SELECT \(value) FROM generate_series(1, 3000) i;
                """)
            if analyzed { try await database.execute("ANALYZE t") }
            let report = try await database.sluice.run(
                increment, options: .with(workers: 3, batch: 37))
            #expect(report.exitCode == 0)
            #expect(report.status.keysScanned == 3_000, "\(type)")
            #expect(try await database.histogram() == "1:3000", "\(type)")
        }
    }

    @Test(arguments: ["bigint", "integer", "smallint"])
    func theSmallestAndTheLargestKeyAreChanged(type: String) async throws {
        try await TestDatabase.with { database in
            let bits = type == "bigint" ? 63 : type == "integer" ? 31 : 15
            try await database.execute(
                """
                CREATE TABLE t (k \(type) PRIMARY KEY, n integer NOT NULL DEFAULT 0);
                INSERT INTO t (k) SELECT (x + d)::\(type) FROM generate_series(0, 499) d,
                (VALUES (-(2::numeric ^ \(bits))), (-250), (2::numeric ^ \(bits) - 500)) v (x);
                """)
            let report = try await database.sluice.run(
                increment, options: .with(workers: 4, batch: 20))
            #expect(report.exitCode == 0)
            #expect(try await database.histogram() == "1:1500")
        }
    }

    @Test func anEnumIsAKey() async throws {
        try await TestDatabase.with { database in
            let labels = (1...300).map { "'l\(($0 * 7_919) % 1_009) \"'" }
            try await database.execute(
                """
                CREATE TYPE label AS ENUM (\(labels.joined(separator: ", ")));
                CREATE TABLE t (k label PRIMARY KEY, n integer NOT NULL DEFAULT 0);
                INSERT INTO t (k) SELECT unnest(enum_range(NULL::label));
                ANALYZE t;
                """)
            let report = try await database.sluice.run(
                increment, options: .with(workers: 2, batch: 7))
            #expect(report.exitCode == 0)
            #expect(try await database.histogram() == "1:300")
        }
    }

    @Test(
        arguments: [
            "a, b", "b, a", "k1, k2", "k2, k1", "a, k1", "\"array\", b", "n, b",
            "\"cursor\", upper",
            "a, b, \"keys\"",
        ], [false, true])
    func compositeKeysAreWalkedInOrder(key: String, analyzed: Bool) async throws {
        try await TestDatabase.with { database in
            let columns = key.split(separator: ",").map { $0.trimmingPrefix(" ") }
            let types = ["integer", "text COLLATE \"C\"", "bigint"]
            let definitions = zip(columns, types).map { "\($0) \($1) NOT NULL" }
            let values = ["i / 100", "(i % 100)::text", "i"].prefix(columns.count)
            try await database.execute(
                """
                CREATE TABLE t (\(definitions.joined(separator: ", ")), PRIMARY KEY (\(key)),
                v integer NOT NULL DEFAULT 0);
                INSERT INTO t (\(key)) SELECT \(values.joined(separator: ", "))
                FROM generate_series(1, 3000) i;
                """)
            if analyzed { try await database.execute("ANALYZE t") }
            let job = JobRequest(
                table: "t", assignments: [Assignment(column: "v", expression: "v + 1")])
            let report = try await database.sluice.run(
                job, options: .with(workers: 3, batch: 37))
            #expect(report.exitCode == 0)
            #expect(report.status.keysScanned == 3_000)
            #expect(try await database.number("SELECT count(*) FROM t WHERE v = 1") == 3_000)
        }
    }

    @Test(arguments: [
        "\"array\"", "k1", "value", "\"cursor\"", "sluice_end", "numbers", "\"\u{1F40C} s\"",
    ])
    func aKeyWithANameOfTheStatementsOwnIsWalkedOnce(column: String) async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                CREATE TABLE t (\(column) integer PRIMARY KEY, n integer NOT NULL DEFAULT 0);
                INSERT INTO t SELECT generate_series(1, 2000);
                ANALYZE t;
                """)
            let report = try await database.sluice.run(
                increment, options: .with(workers: 3, batch: 37))
            #expect(report.exitCode == 0)
            #expect(report.status.keysScanned == 2_000)
            #expect(try await database.histogram() == "1:2000")
        }
    }

    @Test(arguments: [
        "\"Weird \"\"Name\"\"\"", "t", "sluice_fence", "\"range\"", "\"select\"", "\"tablé ünï\"",
        "\"a.b\"", "r", "f", "\"new\\line\"",
    ])
    func namesThatBite(table: String) async throws {
        try await TestDatabase.with { database in
            let columns = [
                "\"select\"", "\"cursor\"", "upper", "keys", "k1", "\"value\"", "\"Ünï \"\"q\"\"\"",
                "owner", "epoch", "r", "f", "b", "s", "e", "sluice_bound",
            ]
            try await database.execute(
                """
                CREATE SCHEMA "off The Path";
                CREATE TABLE "off The Path".\(table) (id bigint PRIMARY KEY,
                \(columns.map { "\($0) integer NOT NULL DEFAULT 0" }.joined(separator: ", ")));
                INSERT INTO "off The Path".\(table) (id) SELECT generate_series(1, 300);
                """)
            let job = JobRequest(
                table: "\"off The Path\".\(table)",
                assignments: columns.enumerated().map { index, column in
                    let next = columns[(index + 1) % columns.count]
                    return Assignment(column: column, expression: "\(column) + 1 + 0 * \(next)")
                }, predicate: columns.map { "\($0) = 0" }.joined(separator: " AND "))
            let report = try await database.sluice.run(
                job, options: .with(workers: 2, batch: 20))
            #expect(report.exitCode == 0)
            let all = columns.map { "\($0) = 1" }.joined(separator: " AND ")
            #expect(
                try await database.number(
                    "SELECT count(*) FROM \"off The Path\".\(table) WHERE \(all)") == 300)
        }
    }
}
