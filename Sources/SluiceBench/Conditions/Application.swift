import Foundation
import SluicePostgres
import SluiceSandbox

/// An application that reads and changes single rows of the table meanwhile, by `pgbench`.
struct Application: Sendable {
    /// Sessions of the application.
    private static let clients = 4
    /// Longer than any fill; it is ended with it.
    private static let secondsMax = 86_400
    /// Of so many transactions one changes a row.
    private static let changeOneIn = 5
    /// Its first second connects and fills its caches.
    private static let leadSeconds = 1.0
    /// How long it goes on after what it is watched beside: what it then makes up for, at its
    /// fastest, is some thousand transactions.
    private static let afterSeconds = 1.0
    /// How long it is watched alone: with 200 transactions a second the 95th percentile of 600.
    private static let aloneSeconds = 3.0
    /// Which of its scripts changes a row, by pgbench's number.
    static let changes = 1
    /// How long its sessions may take to begin, in seconds.
    private static let patienceSeconds = 20
    private static let name = "bench_application"

    let server: Server
    let database: String
    let job: FillJob
    let rows: Int
    let perSecond: Int

    /// What it does, with a key of its own, for whoever wants to time it: a read, and as often as
    /// it changes a row the commit of that.
    ///
    /// What is slow beside a backfill is not a read but a commit, which waits until all of the log
    /// before its own is on disk. A message in the log is committed as a change is, and changes
    /// nothing.
    func probe() -> String {
        "SELECT price, CASE WHEN random() * \(Self.changeOneIn) < 1 "
            + "THEN pg_logical_emit_message(true, 'bench', '') END "
            + "FROM \(job.table) WHERE \(job.key[0].name) = (SELECT (1 + random() * "
            + "\(rows - 1))::bigint)"
    }

    /// Has it work while the body does, and says what it did.
    ///
    /// Through `looking`, a session in another database, its own sessions are ended: only so does
    /// `pgbench` write the end of its log.
    func work<Value: Sendable>(
        beside looking: PostgresConnection,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> (Value, TransactionLog) {
        try writeScripts()
        let value = try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                try await run()
                return nil
            }
            group.addTask {
                try await waitForSessions(looking)
                let value = try await body()
                // What had to wait for the body is still to be done, and logged.
                try await Task.sleep(for: .seconds(Self.afterSeconds))
                try await end(looking)
                return value
            }
            var value: Value?
            while let ended = try await group.next() { value = ended ?? value }
            return value
        }
        guard let value else { throw CancellationError() }
        return (value, takeLog())
    }

    /// How it fares alone: its 95th percentile, in seconds.
    func p95SecondsAlone(_ looking: PostgresConnection) async throws -> Double {
        let (span, log) = try await work(beside: looking) {
            try await Task.sleep(for: .seconds(Self.leadSeconds))
            let from = Date().timeIntervalSince1970
            try await Task.sleep(for: .seconds(Self.aloneSeconds))
            return (from: from, to: Date().timeIntervalSince1970)
        }
        guard let figures = log.figures(from: span.from, to: span.to) else {
            throw BenchError("the application did nothing while it was alone")
        }
        return figures.p95Milliseconds / 1e3
    }

    private func run() async throws {
        do {
            try await server.run(
                "pgbench",
                [
                    "-n", "-M", "prepared", "-c", "\(Self.clients)", "-j", "1",
                    "-R", "\(perSecond)", "-T", "\(Self.secondsMax)",
                    "-f", path("read") + "@\(Self.changeOneIn - 1)", "-f", path("change") + "@1",
                    "--log", "--log-prefix=\(prefix)",
                    "-h", server.host, "-p", "\(server.port)", "-U", server.superuser, database,
                ])
        } catch let error as SandboxError {
            guard error.description.contains("terminat") else { throw error }
        }
    }

    private func waitForSessions(_ looking: PostgresConnection) async throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(Self.patienceSeconds))
        while try await looking.query(Self.sessions, [.text(database)]).rows.count < Self.clients {
            guard ContinuousClock.now < deadline else {
                throw BenchError("the application's sessions did not begin in time")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func end(_ looking: PostgresConnection) async throws {
        _ = try await looking.query(
            "SELECT pg_terminate_backend(pid) FROM (\(Self.sessions)) AS s", [.text(database)])
    }

    private static let sessions = """
        SELECT pid FROM pg_stat_activity WHERE datname = $1 AND application_name = 'pgbench'
        """

    /// What it did, once it has ended; forgotten here.
    private func takeLog() -> TransactionLog {
        let folder = FileManager.default
        let names = (try? folder.contentsOfDirectory(atPath: server.host)) ?? []
        var text = ""
        for name in names where name.hasPrefix(Self.name + ".") {
            let path = "\(server.host)/\(name)"
            text += folder.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
            try? folder.removeItem(atPath: path)
        }
        return TransactionLog(text: text)
    }

    private var prefix: String { "\(server.host)/\(Self.name)" }
    private func path(_ which: String) -> String { "\(prefix)-\(which).sql" }

    private func writeScripts() throws {
        let row = "WHERE \(job.key[0].name) = :row;"
        try write("change", "UPDATE \(job.table) SET note = note \(row)")
        try write("read", "SELECT price, note FROM \(job.table) \(row)")
    }

    private func write(_ which: String, _ statement: String) throws {
        let script = "\\set row random(1, \(rows))\n\(statement)\n"
        try Data(script.utf8).write(to: URL(filePath: path(which)))
        // The servers may run as another user than this process.
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o644], ofItemAtPath: path(which))
    }
}
