import SluiceCore
import SluicePostgres

/// Vacuums the tables that the run changes, one at a time, on a connection that is there meanwhile.
///
/// The monitor tells it how tables stand. The session has the run's name, so that whoever waits for
/// its lock is let through as if a batch held it.
actor Vacuumer {
    /// What a process vacuumed.
    struct Totals: Sendable, Equatable {
        var count = 0
        var seconds = 0.0
    }

    private let context: RunContext
    private let report: @Sendable (RunEvent) -> Void
    private let nowSeconds: @Sendable () -> Double
    private let orders: AsyncStream<PlannedPart>
    private let ordering: AsyncStream<PlannedPart>.Continuation
    private var pacing = VacuumPacing()
    private var said: Set<String> = []
    private(set) var totals = Totals()
    /// The server process that vacuums now.
    private(set) var pid: Int32?

    /// Whether an application has a latency to keep.
    private var isGentle = false
    /// Vacuums that were ordered and have not ended.
    private var ordered = 0

    /// Whether nothing is to be vacuumed now.
    var isIdle: Bool { ordered == 0 }

    /// `nowSeconds` is the run's clock.
    init(
        context: RunContext, report: @escaping @Sendable (RunEvent) -> Void,
        nowSeconds: @escaping @Sendable () -> Double
    ) {
        self.context = context
        self.report = report
        self.nowSeconds = nowSeconds
        (orders, ordering) = AsyncStream.makeStream()
    }

    /// Whether anything can be vacuumed: a copy leaves nothing behind, and behind a pooler neither
    /// the settings nor the process are ours for longer than a transaction.
    nonisolated var isPossible: Bool {
        context.job.identity.kind != .copy && !context.job.session.isPooled
    }

    /// What is asked of the server before anything is vacuumed.
    nonisolated var question: Statement {
        let job = context.job
        return Statement(
            VacuumSQL.tables(serverVersion: job.session.serverVersion),
            [
                .text("\(context.run)"),
                .text(TextArray.literal(job.parts.map { "\($0.number)" })),
                .text(TextArray.literal(job.parts.map { "\($0.oid)" })),
            ])
    }

    /// Takes in the answer, and begins a vacuum that is due; `partsInLanes` are those whose regions
    /// are filled in lanes now, `isHeld` while nothing may start, and `isGentle` where an
    /// application has a latency to keep.
    func consider(
        _ rows: [[String?]], _ setting: VacuumSetting, partsInLanes: Set<Int>, isHeld: Bool,
        isGentle: Bool = false
    ) {
        self.isGentle = isGentle
        func number(_ row: [String?], _ column: Int) -> Double {
            row[column].flatMap(Double.init) ?? 0
        }
        let tables = rows.compactMap { row -> VacuumPacing.Table? in
            guard let part = row[0].flatMap({ Int($0) }) else { return nil }
            return VacuumPacing.Table(
                part: part, rows: number(row, 1), pages: number(row, 8), deadRows: number(row, 2),
                isTaken: row[3] == "t", vacuumedAtSeconds: number(row, 5),
                lanes: partsInLanes.contains(part) ? context.job.part(part)?.lanesIfAny : nil)
        }
        let due = pacing.due(
            tables, setting, isGentle: isGentle,
            horizon: rows.first?[6].flatMap { UInt64($0) } ?? 0,
            next: rows.first?[7].flatMap { UInt64($0) } ?? .max, isHeld: isHeld,
            nowSeconds: nowSeconds())
        guard let due, let part = context.job.part(due) else { return }
        if rows.first(where: { $0[0] == "\(due)" })?[4] == "t" {
            ordered += 1
            ordering.yield(part)
        } else {
            pacing.ended(part: due, isDone: false, nowSeconds: nowSeconds())
            say(VacuumPlanner.refusal(part.name.shown, context.job))
        }
    }

    /// Vacuums what is ordered until cancelled.
    nonisolated func run() async {
        for await part in orders { await vacuum(part) }
    }

    private func vacuum(_ part: PlannedPart) async {
        let began = ContinuousClock.now
        var isDone = false
        do throws(PostgresError) {
            let connection = try await context.connect()
            pid = connection.backendPID
            do throws(PostgresError) {
                _ = try await connection.query(VacuumSQL.settings(isGentle: isGentle))
                let answer = try await connection.query(VacuumSQL.vacuum(part.name))
                // Whoever is in the way is named in a warning only.
                isDone = answer.notices.allSatisfy { $0.severity != "WARNING" }
                let seconds = began.duration(to: .now) / .seconds(1)
                if isDone { await note(part, seconds: seconds, connection) }
            } catch {
                await trouble(error, part)
            }
            pid = nil
            await connection.close()
        } catch {
            await trouble(error, part)
        }
        pacing.ended(part: part.number, isDone: isDone, nowSeconds: nowSeconds())
        ordered -= 1
    }

    private func note(
        _ part: PlannedPart, seconds: Double, _ connection: PostgresConnection
    ) async {
        totals.count += 1
        totals.seconds += seconds
        let tenths = Int((seconds * 10).rounded())
        // The record is for people: a run does not fail for want of it.
        try? await Ledger(connection: connection).record(
            context.run, owner: context.owner, "vacuumed",
            "\(part.name.shown) in \(tenths / 10).\(tenths % 10) s")
    }

    /// Cancelled to make way, or with the run, is no trouble; after a session that is lost it is
    /// tried again.
    private func trouble(_ error: PostgresError, _ part: PlannedPart) async {
        guard error.kind == .server, error.sqlState != .queryCanceled else { return }
        say("\(part.name.shown) is not vacuumed: \(error.diagnostics?.message ?? error.message)")
    }

    private func say(_ text: String) {
        if said.insert(text).inserted { report(.note(text)) }
    }
}
