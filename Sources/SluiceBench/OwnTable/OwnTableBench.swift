import Foundation
import SluicePostgres
import SluiceSandbox

/// A benchmark on a sample of one's own table, in databases of its own on the same server.
///
/// The table itself is only read: its triggers, and whatever else the strategies set off, work on
/// the copy.
struct OwnTableBench: Sendable {
    private let plan: BenchPlan
    private let own: OwnTable
    private let report: @Sendable (BenchEvent) -> Void

    /// What the names of its databases begin with.
    static let prefix = "sluice_bench_"

    init(_ plan: BenchPlan, _ own: OwnTable, _ report: @escaping @Sendable (BenchEvent) -> Void) {
        self.plan = plan
        self.own = own
        self.report = report
    }

    /// Copies the sample, runs the strategies, and drops what it made.
    func run() async throws -> BenchReport {
        // Older servers refuse a session that names a timeout they do not know; what comes from the
        // environment, a service or a password file is the copies' too.
        let source = try await own.parameters.withSession { session in
            try OwnTableFacts.requireVersion(session)
            return Self.patient(
                session.resolvedParameters, serverVersion: session.serverVersion)
        }
        return try await source.withSession { admin in
            // A statement that is cancelled ends its session; this one has none until the end.
            try await source.withSession { cleaner in
                try await run(admin.resolvedParameters, admin, cleaner)
            }
        }
    }

    /// Sessions whose timeouts, which a role or a database may set, are off: they rest while
    /// strategies work, and a single UPDATE may take its time.
    static func patient(
        _ parameters: ConnectionParameters, serverVersion: Int
    ) -> ConnectionParameters {
        var names = [
            "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout",
            "idle_session_timeout",
        ]
        if serverVersion >= 170_000 { names.append("transaction_timeout") }
        let timeouts = names.map { "-c \($0)=0" }
        return parameters.setting("application_name", to: "sluice bench").setting(
            "options",
            to: ([parameters["options"]].compactMap { $0 } + timeouts)
                .joined(separator: " "))
    }

    private func run(
        _ source: ConnectionParameters, _ admin: PostgresConnection, _ cleaner: PostgresConnection
    ) async throws -> BenchReport {
        let facts = try await OwnTableFacts.read(own, admin)
        try await reportLeftBehind(admin)
        // As large as an advisory lock's second number may be.
        let number = Int.random(in: 1...Int(Int32.max))
        _ = try await cleaner.query(OwnTableSQL.announce, [.text("\(number)")])
        let databases = BenchDatabases(
            outside: source, admin: admin, prefix: Self.prefix + "\(number)",
            settings: facts.databaseSettings)
        report(.creating(databases: databases.names))
        for sentence in warnings(facts) { report(.note(sentence)) }
        let log = LogKeepers(connection: admin)
        for sentence in try await log.warnings() { report(.note(sentence)) }
        var result: BenchReport
        do {
            result = try await compare(facts, databases, log)
        } catch {
            do {
                try await databases.dropAll(cleaner)
            } catch let left as BenchLeftovers {
                // Though it was stopped: nobody else says so.
                throw error is CancellationError ? left : left.after(error)
            }
            throw error
        }
        do {
            try await databases.dropAll(cleaner)
        } catch let left as BenchLeftovers {
            // What took an hour to find is worth more than a database.
            result.problem = result.problem.map { "\($0); \(left)" } ?? "\(left)"
        }
        return result
    }

    /// Names databases whose benchmark is not under way any more.
    private func reportLeftBehind(_ admin: PostgresConnection) async throws {
        let underWay = Set(
            try await admin.query(OwnTableSQL.underWay).rows.compactMap { $0[0] })
        for row in try await admin.query(OwnTableSQL.made(prefix: Self.prefix)).rows {
            let name = row[0] ?? ""
            let number = name.dropFirst(Self.prefix.count).prefix { $0 != "_" }
            guard !underWay.contains(String(number)) else { continue }
            report(
                .note(
                    "\(name) was left behind by a benchmark that was killed: DROP DATABASE "
                        + Identifier(name).quoted))
        }
    }

    /// What others on the server will notice.
    private func warnings(_ facts: OwnTableFacts) -> [String] {
        let share = min(1, Double(plan.rows.max() ?? 0) / Double(max(1, facts.rows)))
        let mebibytes = Int(Double(facts.bytes) * share * Self.copiesOfSample) >> 20
        let cells = Double(plan.strategies.count * plan.rounds)
        let rowBytes = Self.logBytesOfRow + Double(facts.bytes) / Double(max(1, facts.rows))
        let rows = plan.rows.reduce(0.0) { $0 + Double(min($1, max(1, facts.rows))) }
        let logBytes = cells * rows * rowBytes
        let place = facts.otherTablespace.map { "tablespace \($0)" } ?? "database's tablespace"
        var sentences = [
            "takes up to \(mebibytes + Self.mebibytesOfDatabase) MiB in the \(place), and asks for "
                + "checkpoints before each strategy, which others on the server notice",
            "writes some \(Int(logBytes) >> 20) MiB of log, which replicas, replication slots and "
                + "an archive get as well (--rows, --rounds and --strategies say how much)",
            "\(facts.name) is locked as a reader locks it (ACCESS SHARE), with a snapshot, while "
                + "the sample is copied, and every table for a moment while definitions are read",
        ]
        if facts.triggers > 0, own.keepsTriggers {
            sentences.append(
                "the table's triggers run in the copy: what they do outside of the database, they "
                    + "do really (--no-triggers leaves them out)")
        }
        return sentences
    }

    /// The template, its copy, and that again as the copy grows and its indexes are built.
    private static let copiesOfSample = 4.0
    /// What strategies write of a row beside each page's image: with three more indexes one UPDATE
    /// wrote 630 bytes a row of the benchmark's own table in all, of 230 bytes with its indexes.
    private static let logBytesOfRow = 400.0
    /// Two databases that hold nothing yet.
    private static let mebibytesOfDatabase = 16

    private func compare(
        _ facts: OwnTableFacts, _ databases: BenchDatabases, _ log: LogKeepers
    ) async throws -> BenchReport {
        let admin = databases.admin
        let settings = try await admin.query(OwnTableSQL.settings).rows.map {
            ($0[0] ?? "", $0[1] ?? "")
        }
        var result = BenchReport(
            serverVersion: try await admin.query("SHOW server_version").scalar ?? "",
            settings: Dictionary(uniqueKeysWithValues: settings),
            // The server's are not known here.
            cores: 0, rounds: plan.rounds)
        result.notes = notes(facts)
        let rounds = Rounds(
            plan: plan, databases: databases, surroundings: Surroundings(), report: report,
            before: { try await log.requireRoom() })
        for rows in plan.rows {
            report(.making(scenario: facts.name, rows: min(rows, max(1, facts.rows))))
            do {
                try await log.requireRoom()
                let table = try await makeTable(facts, rows: rows, databases)
                var section = try await rounds.run(table)
                section.rowsWanted = rows
                result.sections.append(section)
            } catch let cut as Rounds.Interrupted {
                var section = cut.section
                section.rowsWanted = rows
                result.sections.append(section)
                result.problem = cut.description
                break
            } catch {
                try Task.checkCancellation()
                // Nothing has been found yet that would be worth a report.
                guard !result.sections.isEmpty else { throw error }
                result.problem = "ended early: \(error)"
                break
            }
        }
        return result
    }

    /// What a reader has to know of such figures.
    private func notes(_ facts: OwnTableFacts) -> [String] {
        var notes = [
            "on the server of \(facts.name): log, page images and lag are the whole server's, "
                + "with whatever else it did",
            "without foreign keys, whose other rows are not in the copy; every other table is "
                + "empty there",
        ]
        if let other = facts.otherTablespace {
            notes.append(
                "the copies lie in another tablespace than the table's database, \(other), since "
                    + "this role may make none in the same")
        }
        if !facts.unreadable.isEmpty {
            notes.append("without the tables that this role may not read, and what needs them")
        }
        if facts.triggers > 0 {
            notes.append(
                own.keepsTriggers
                    ? "the table's triggers ran in the copy" : "without the table's triggers")
        }
        return notes
    }

    /// Fills the template with a sample, and finds out what it has to look like when it is done.
    private func makeTable(
        _ facts: OwnTableFacts, rows: Int, _ databases: BenchDatabases
    ) async throws -> BenchTable {
        try await databases.makeTemplate(options: facts.databaseOptions)
        let schema = try await SchemaCopy.read(
            databases.outside, excluded: facts.unreadable, keepsTriggers: own.keepsTriggers)
        defer { schema.delete() }
        let before = try await schema.make("pre-data", in: databases.template)
        let copied = try await databases.template.withSession { target in
            guard
                try await target.query("SELECT to_regclass($1)", [.text(facts.name)]).scalar
                    != nil
            else {
                throw BenchError("\(facts.name) could not be made again: \(before ?? "unknown")")
            }
            let sample = SampleCopy(
                table: facts.name,
                columns: try await target.query(OwnTableSQL.columns, [.text(facts.name)]).rows
                    .compactMap { $0[0] },
                rowsTotal: facts.rows, rowsWanted: rows, bytes: facts.bytes,
                isPartitioned: facts.isPartitioned)
            return try await databases.outside.withSession { source in
                try await sample.run(from: source, to: target)
            }
        }
        let after = try await schema.make("post-data", in: databases.template)
        try await databases.template.withSession { target in
            let made = try await target.query(OwnTableSQL.table, [.text(facts.name)]).rows.first
            let triggers = own.keepsTriggers ? facts.triggers : 0
            guard made?[3] == "\(facts.indexes)", made?[4] == "\(triggers)" else {
                throw BenchError(
                    "an index or a trigger of \(facts.name) could not be made again: "
                        + (after ?? before ?? "unknown"))
            }
            try await requireKey(facts.job, target)
            _ = try await target.query("VACUUM (ANALYZE, FREEZE) \(facts.name)")
        }
        return try await trial(facts, copied: copied, databases)
    }

    /// A key that names rows twice, or not at all, would be blamed on the strategies.
    private func requireKey(_ job: FillJob, _ target: PostgresConnection) async throws {
        let isNull = job.key.map { "\($0.name) IS NULL" }.joined(separator: " OR ")
        let wrong = try await target.query(
            """
            SELECT EXISTS (SELECT FROM \(job.table) WHERE \(isNull)) OR EXISTS
            (SELECT FROM \(job.table) GROUP BY \(job.keyList) HAVING count(*) > 1)
            """
        ).scalar
        guard wrong == "f" else {
            throw BenchError(
                "(\(job.keyList)) is no key of \(job.table): it is NULL somewhere, or the same for "
                    + "several rows")
        }
    }

    /// Refuses an expression that reads other tables, which are empty in the copy.
    private func requireOwnRowsOnly(_ job: FillJob, _ copy: PostgresConnection) async throws {
        let plan = try await copy.query(
            "EXPLAIN (FORMAT JSON, VERBOSE) UPDATE \(job.table) SET \(job.assignment) "
                + "WHERE \(job.remaining)"
        ).rows.compactMap { $0[0] }.joined()
        let relations = Set(try Self.relations(in: plan))
        let own = try await copy.query(
            """
            SELECT n.nspname, c.relname FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::regclass
            OR c.oid IN (SELECT relid FROM pg_partition_tree($1))
            """, [.text(job.table)]
        ).rows.map { QualifiedName(schema: $0[0], name: $0[1] ?? "").quoted }
        guard let other = relations.subtracting(own).min() else { return }
        throw BenchError(
            "the expression or --where reads \(other), which is empty in the copy: compare with "
                + "one that reads the table's own columns")
    }

    /// Tables that a plan reads, with their schemas, as SQL spells them.
    static func relations(in plan: String) throws -> [String] {
        func walk(_ value: Any) -> [String] {
            if let list = value as? [Any] { return list.flatMap(walk) }
            guard let node = value as? [String: Any] else { return [] }
            var found = node.values.flatMap(walk)
            if let name = node["Relation Name"] as? String, let schema = node["Schema"] as? String {
                found.append(QualifiedName(schema: schema, name: name).quoted)
            }
            return found
        }
        return walk(try JSONSerialization.jsonObject(with: Data(plan.utf8)))
    }

    /// Fills a copy by one UPDATE: what it looks like then is what all have to come to.
    private func trial(
        _ facts: OwnTableFacts, copied: Int, _ databases: BenchDatabases
    ) async throws -> BenchTable {
        let job = facts.job
        let values = (job.key.map(\.name) + [job.column]).joined(separator: ", ")
        let check = """
            SELECT count(*) FILTER (WHERE \(job.remaining)), count(*),
            sum(hashtextextended(ROW(\(values))::text, 0))::text FROM \(job.table)
            """
        return try await databases.withCopy { copy in
            try await copy.withSession { connection in
                let due = try await connection.query(check).rows.first?[0].flatMap { Int($0) } ?? 0
                guard due > 0 else {
                    throw BenchError(
                        copied == 0
                            ? "\(facts.name) has no rows, or the sample met none: nothing can be "
                                + "compared"
                            : "no row of the sample of \(copied) is left to be filled: every one "
                                + "has its value, --where means none, or a function of the "
                                + "expression reads other tables, which are empty in the copy")
                }
                try await requireOwnRowsOnly(job, connection)
                _ = try await connection.query(
                    "UPDATE \(job.table) SET \(job.assignment) WHERE \(job.remaining)")
                let row = try await connection.query(check).rows.first
                guard row?[0] == "0" else {
                    throw BenchError(
                        "\(row?[0] ?? "") rows want another value as soon as they have one: the "
                            + "expression, or a trigger, gives something else each time")
                }
                let share = facts.rows > 0 ? " of about \(facts.rows)" : ""
                let work = job.assignment + (job.predicate.map { " where \($0)" } ?? "")
                return BenchTable(
                    title: "\(facts.name), a sample\(share): \(work)",
                    work: "\(facts.name): \(work)", job: job, rows: copied,
                    rowsDue: due,
                    warmSQL: "SELECT count(length(t::text)) FROM \(job.table) AS t",
                    checkSQL: check, digest: row?[2])
            }
        }
    }
}
