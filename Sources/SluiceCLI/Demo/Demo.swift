import Foundation
import Sluice
import SluiceBench
import SluiceCore
import SluicePostgres
import SluiceSandbox

/// `sluice demo`: a backfill under load on servers that exist for it alone.
struct Demo: Sendable {
    static let table = "pgbench_accounts"
    static let column = "account_no"
    /// Made of columns that pgbench never changes, so that every row can be verified exactly.
    static let expression = "bid * 10000000000 + aid"
    static let database = "demo"

    /// As many workers as cores, at most the usual four: the servers and pgbench share them.
    static let workers = min(4, max(1, ProcessInfo.processInfo.activeProcessorCount))

    let scale: Int
    let baselineSeconds: Double
    private let style: ProgressStyle
    private let voice: DemoVoice

    init(scale: Int, baselineSeconds: Double, style: ProgressStyle) {
        self.scale = scale
        self.baselineSeconds = baselineSeconds
        self.style = style
        voice = DemoVoice(
            mode: ProgressReporter(style: style).mode, hasColour: Terminal.output.hasColour)
    }

    /// Runs the demo; on every way out the servers and their files are gone.
    ///
    /// - Throws: `ExitStatus` when the backfill or its verification did not end well.
    func run() async throws {
        introduce()
        var options = SandboxOptions(replicas: 1)
        options.durable = true
        let sandbox = try await voice.step("starting a primary and a replica") {
            try await Sandbox.start(options)
        } done: { sandbox in
            "a primary and a streaming replica run in \(sandbox.folder)"
        }
        let figures: DemoFigures
        do {
            figures = try await perform(on: sandbox.primary)
        } catch {
            await sandbox.stop()
            throw error
        }
        voice.say()
        for line in figures.lines(voice.hasColour) { voice.say(line) }
        voice.say(Style.dim.paint("stopping the servers …", voice.hasColour))
        await sandbox.stop()
        voice.say(Style.dim.paint("the servers and their files are gone again", voice.hasColour))
        guard figures.isRight else { throw ExitStatus(ExitStatus.failed) }
    }

    private func introduce() {
        let rows = Format.count(scale * 100_000)
        voice.say(Style.bold.paint("sluice demo", voice.hasColour))
        voice.say(
            "Backfills a new column of a table with \(rows) rows and three indexes, while\n"
                + "pgbench works on it and a replica follows. The servers are started for this\n"
                + "and deleted at the end; nothing else on this machine is touched.")
        voice.say()
    }

    // MARK: Stages

    private func perform(on server: Server) async throws -> DemoFigures {
        let load = try await prepare(server)
        // The load ends with the work; if it ends before, that is the demo's failure.
        return try await withThrowingTaskGroup(of: DemoFigures?.self) { group in
            group.addTask {
                try await load.run()
                return nil
            }
            group.addTask { try await measure(load) }
            while let ended = try await group.next() {
                group.cancelAll()
                if let figures = ended { return figures }
            }
            throw CancellationError()
        }
    }

    private func prepare(_ server: Server) async throws -> DemoLoad {
        let version = try await server.psql("SHOW server_version")
        voice.say("  PostgreSQL \(version), \(server.binDirectory)")
        let load = DemoLoad(
            server: server, database: try await server.createDatabase(Self.database))
        _ = try await voice.step("filling pgbench_accounts and its indexes") {
            try await load.initialize(scale: scale)
            let tags = try await server.psql(Self.preparation, database: Self.database)
            return tags.split(separator: "\n").last.map { String($0) } ?? ""
        } done: { size in
            "\(Format.count(scale * 100_000)) accounts, \(size) with three indexes; "
                + "new column \(Self.column)"
        }
        return load
    }

    /// Two more indexes, as a real table has, on columns that pgbench leaves alone; the new
    /// column; a checkpoint, so that none of this counts as the backfill's.
    private static let preparation = """
        SET client_min_messages = error;
        CREATE INDEX ON \(table) (bid);
        CREATE INDEX ON \(table) (bid, aid);
        ALTER TABLE \(table) ADD COLUMN \(column) bigint;
        VACUUM (ANALYZE) \(table);
        CHECKPOINT;
        SELECT pg_size_pretty(pg_total_relation_size('\(table)'));
        """

    private func measure(_ load: DemoLoad) async throws -> DemoFigures {
        let offered =
            "\(DemoLoad.clients) clients, \(DemoLoad.transactionsPerSecond) transactions/s"
        voice.say("  pgbench works on it: \(offered)")
        // Its first second is connecting and filling caches.
        try await voice.countdown(1, "pgbench starts")
        let aloneFrom = Date().timeIntervalSince1970
        try await voice.countdown(baselineSeconds, "measuring pgbench without a backfill")
        let backfillFrom = Date().timeIntervalSince1970
        voice.say()
        voice.say(
            Style.cyan.paint("$ ", voice.hasColour)
                + "sluice run --table \(Self.table) --set '\(Self.column) = \(Self.expression)' "
                + "--workers \(Self.workers)")
        let report = try await backfill(load.server)
        let backfillTo = Date().timeIntervalSince1970
        voice.say()
        let counts = try await voice.step("verifying every row") {
            try await verify(load.server)
        } done: { counts in
            "\(Format.count(counts.total, "row")) compared with \(Self.expression)"
        }
        let log = load.log()
        // pgbench writes its log in blocks: the newest transactions may not be in it yet.
        let loggedTo = log.entries.map(\.endedAtSeconds).max() ?? backfillTo
        return DemoFigures(
            report: report, alone: log.figures(from: aloneFrom, to: backfillFrom),
            during: log.figures(from: backfillFrom, to: min(backfillTo, loggedTo)),
            rowsWrong: counts.wrong,
            rowsTotal: counts.total)
    }

    private func backfill(_ server: Server) async throws -> RunReport {
        let reporter = ProgressReporter(style: style)
        let job = JobRequest(
            table: Self.table,
            assignments: [Assignment(column: Self.column, expression: Self.expression)])
        var options = RunOptions()
        options.limits.workers = Self.workers...Self.workers
        let sluice = Sluice(
            try ConnectionParameters(dsn: server.dsn(database: Self.database)))
        do {
            let report = try await sluice.run(job, options: options) { reporter.take($0) }
            reporter.finish(report)
            return report
        } catch {
            reporter.finish()
            throw error
        }
    }

    private func verify(_ server: Server) async throws -> (total: Int, wrong: Int) {
        let text = try await server.psql(
            """
            SELECT count(*) || ' ' || count(*) FILTER (
                WHERE \(Self.column) IS DISTINCT FROM \(Self.expression))
            FROM \(Self.table)
            """, database: Self.database)
        let counts = text.split(separator: " ").compactMap { Int($0) }
        guard counts.count == 2 else {
            throw UsageError("the verification gave \(quote(text)) instead of two numbers")
        }
        return (counts[0], counts[1])
    }
}
