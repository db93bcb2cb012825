import Foundation
import SluiceSandbox

/// What triggers that keep two shapes the same cost an application: single-row updates of a table
/// without any, with those of `sluice migrate`, and with one of another system's kind.
struct TriggerCostExperiment {
    let cluster: BenchCluster
    let plan: BenchPlan
    let recorder: Recorder

    /// Rows of the table: all of it stays in memory.
    private static let rows = 100_000
    /// Updates of one case in one round: some seconds of them.
    private static let updates = 40_000
    /// What is asked: what an application bears without noticing.
    private static let ratioMax = 1.5

    init(_ cluster: BenchCluster, _ plan: BenchPlan, _ recorder: Recorder) {
        self.cluster = cluster
        self.plan = plan
        self.recorder = recorder
    }

    func measure() async throws {
        let template = "trigger_template"
        try await cluster.server.dropDatabase(template)
        try await cluster.server.psql("CREATE DATABASE \(template)")
        try await cluster.server.psql(
            """
            CREATE TABLE products (id bigint PRIMARY KEY, price numeric(12, 2) NOT NULL,
            name text) WITH (fillfactor = 50)
            """, database: template)
        try await cluster.server.psql(
            """
            INSERT INTO products SELECT i, i * 0.01, 'product ' || i
            FROM generate_series(1, \(Self.rows)) AS i
            """, database: template)
        try await cluster.server.psql("VACUUM ANALYZE products", database: template)
        expect()
        let cases = TriggerCase.allCases
        for round in 1...plan.rounds {
            let start = (round - 1) % cases.count
            for one in cases[start...] + cases[..<start] {
                try await measure(one, round: round, template)
            }
        }
    }

    private func measure(_ one: TriggerCase, round: Int, _ template: String) async throws {
        let load = LoadAverage.oneMinute
        let milliseconds = try await cluster.withCopy(of: template) { database in
            try await one.prepare(cluster.server, database, plan.sluicePath)
            var means: [String: Double] = [:]
            for (name, update) in one.updates {
                means[name] = try await mean(update, database)
            }
            return means
        }
        for (name, mean) in milliseconds {
            try recorder.add(
                Sample(
                    experiment: "trigger", setting: "one row, \(name)", subject: one.rawValue,
                    round: round, metrics: ["milliseconds": mean, "load": load]))
        }
    }

    /// How long one update takes, in milliseconds, by one session that has nothing else to do.
    private func mean(_ update: String, _ database: String) async throws -> Double {
        let path = cluster.server.host + "/trigger.sql"
        let script = "\\set id random(1, \(Self.rows))\n\\set n random(1, 1000000)\n\(update);\n"
        try Data(script.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        // Commits that wait for a disk would hide what a trigger costs.
        try await cluster.server.psql(
            "ALTER DATABASE \(database) SET synchronous_commit = off")
        let output = try await cluster.server.run(
            "pgbench",
            [
                "-n", "-M", "prepared", "-c", "1", "-t", "\(Self.updates)", "-f", path, "-h",
                cluster.server.host, "-p", "\(cluster.server.port)", "-U",
                cluster.server.superuser, database,
            ])
        guard let line = output.split(separator: "\n").first(where: { $0.contains("latency") }),
            let mean = line.split(separator: " ").compactMap({ Double($0) }).first
        else { throw BenchError("pgbench said no latency: \(output)") }
        return mean
    }

    private func expect() {
        for (setting, bound) in [
            ("one row, old column", Bar.Bound.atMost(Self.ratioMax)),
            ("one row, another column", .atMost(Self.ratioMax)),
        ] {
            for (subject, bound) in [
                (TriggerCase.sluice, bound), (.sluiceNew, bound), (.other, .none),
            ] where subject != .sluiceNew || setting.hasSuffix("old column") {
                recorder.expect(
                    Bar(
                        title: "time of an update, \(subject.rawValue), to one without triggers",
                        experiment: "trigger", setting: setting, metric: "milliseconds",
                        subject: subject.rawValue, over: TriggerCase.none.rawValue, bound: bound))
            }
        }
    }
}

/// A table with or without triggers.
private enum TriggerCase: String, CaseIterable {
    case none = "no trigger"
    case sluice = "sluice migrate"
    case sluiceNew = "sluice migrate, the new column"
    case other = "pgroll's kind"

    /// What an application does, by name.
    var updates: [(String, String)] {
        let old = "UPDATE products SET price = :n / 100.0 WHERE id = :id"
        switch self {
        case .sluiceNew:
            return [("old column", "UPDATE products SET price_cents = :n WHERE id = :id")]
        default:
            return [
                ("old column", old),
                ("another column", "UPDATE products SET name = 'product ' || :n WHERE id = :id"),
            ]
        }
    }

    func prepare(_ server: Server, _ database: String, _ sluice: String) async throws {
        switch self {
        case .none:
            // As wide as the others are.
            try await server.psql(
                "ALTER TABLE products ADD COLUMN price_cents bigint", database: database)
            try await server.psql(
                "UPDATE products SET price_cents = price * 100", database: database)
            try await server.psql("VACUUM products", database: database)
        case .sluice, .sluiceNew:
            let file = FileManager.default.temporaryDirectory
                .appending(path: "trigger-\(UUID().uuidString).yaml")
            try Data(Self.migration.utf8).write(to: file)
            defer { try? FileManager.default.removeItem(at: file) }
            let ended = try await MeasuredProgram.run(
                sluice, ["migrate", "start", file.path, "--dsn", server.dsn(database: database)])
            guard ended.exitCode == 0 else {
                throw BenchError("sluice migrate start ended with exit code \(ended.exitCode)")
            }
            try await server.psql("VACUUM products", database: database)
        case .other:
            try await Self.none.prepare(server, database, sluice)
            for statement in Self.othersStatements {
                try await server.psql(statement, database: database)
            }
        }
    }

    private static let migration = """
        migration: cents
        operations:
          - change_type: { table: products, column: price, to: price_cents, type: bigint,
                           up: (price * 100)::bigint, down: price_cents / 100.0 }
        """

    /// Its shape, not its text: a function for each direction, each called for every row, with
    /// every column as a variable, that asks in which schema whoever writes is and which is the
    /// latest.
    private static let othersStatements: [String] = {
        func function(_ name: String, _ condition: String, _ assignment: String) -> [String] {
            [
                """
                CREATE FUNCTION \(name)() RETURNS trigger LANGUAGE plpgsql AS $$
                DECLARE id products.id%TYPE := NEW.id; price products.price%TYPE := NEW.price;
                name products.name%TYPE := NEW.name;
                price_cents products.price_cents%TYPE := NEW.price_cents;
                latest text; path text;
                BEGIN
                SELECT 'public_' || v.name INTO latest FROM versions v
                WHERE v.schema = 'public' ORDER BY v.made DESC LIMIT 1;
                SELECT current_setting INTO path FROM current_setting('search_path');
                IF \(condition) THEN \(assignment); END IF;
                RETURN NEW;
                END $$
                """,
                """
                CREATE TRIGGER \(name) BEFORE INSERT OR UPDATE ON products FOR EACH ROW
                EXECUTE FUNCTION \(name)()
                """,
            ]
        }
        return [
            """
            CREATE TABLE versions (schema text, name text, made timestamptz,
            PRIMARY KEY (schema, name))
            """, "INSERT INTO versions VALUES ('public', 'cents', now())",
        ]
            + function("up", "path <> latest", "NEW.price_cents := (price * 100)::bigint")
            + function("down", "path = latest", "NEW.price := price_cents / 100.0")
    }()
}
