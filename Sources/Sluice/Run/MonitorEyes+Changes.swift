import Logging
import SluiceCore
import SluicePostgres

/// What others did to the run, its tables and their statistics while it goes on.
extension MonitorEyes {
    /// Looks at the run's tables: stops when the name of one or of a column has come to mean
    /// another one, and is done with those of several that were dropped.
    mutating func checkTables(
        _ rows: [[String?]], _ connection: PostgresConnection
    ) async throws(PostgresError) {
        let job = monitor.context.job
        let watch = PartWatch(
            run: monitor.context.run, job: job, report: monitor.report)
        var news: [Int] = []
        for row in rows {
            guard let part = job.part(Int(row[0] ?? "") ?? 0) else { continue }
            if row[1] != "t", watch.isNeeded {
                news.append(part.number)
            } else if row[2] != "t" || row[3] != part.columnMark {
                await stop(renamed: part.name.shown)
            }
        }
        if !(job.goneParts.isEmpty && goneParts.isEmpty && news.isEmpty) {
            try await watch.abandon(news, connection)
            goneParts.formUnion(news)
        }
        try await watch.noteChanges(connection)
    }

    /// Cancels batches that keep others waiting; their workers go on with smaller ones.
    mutating func makeWay(
        _ rows: [[String?]], _ connection: PostgresConnection
    ) async throws(PostgresError) {
        let context = monitor.context
        if !rows.isEmpty { othersWait = true }
        for pid in rows.compactMap({ $0[0] }) {
            guard let number = Int32(pid) else { continue }
            context.yields.note(number)
            _ = try await connection.query(ObserverSQL.cancel, [.text(pid)])
            context.logger.info("made way", metadata: ["pid": "\(pid)"])
        }
    }

    /// Holds back looks at whole tables, which may take minutes, and cancels one that is under way.
    func holdLooks(
        _ areHeld: Bool, _ connection: PostgresConnection
    ) async throws(PostgresError) {
        let context = monitor.context
        context.sweeps.hold(areHeld)
        guard areHeld, !context.job.session.isPooled, let pid = context.sweeps.pid else { return }
        context.yields.note(pid)
        _ = try await connection.query(ObserverSQL.cancel, [.text("\(pid)")])
    }

    private func stop(renamed table: String) async {
        let message =
            "\(table) or a column that the job names was renamed, dropped or "
            + "replaced during the run: batches stopped before they could change another one"
        await monitor.coordinator.stop(.failed(Failure(origin: .other, message: message)))
    }

    /// The same for the table that a copy or a move goes to.
    func checkTarget(_ row: [String?]?) async {
        guard let target = monitor.context.job.target else { return }
        if row?[0] == "\(target.oid)", row?[1] == target.columnMark { return }
        let message =
            "\(target.name.shown) or a column that is copied into was renamed, dropped or "
            + "replaced during the run: batches stopped before they could fill another one"
        await monitor.coordinator.stop(.failed(Failure(origin: .other, message: message)))
    }

    /// Takes over what other processes changed.
    func readRun(_ row: [String?]?) async {
        let coordinator = monitor.coordinator
        guard let row, let state = RunState(rawValue: row[0] ?? "") else {
            let message = "the run's row is gone from the ledger: schema sluice was changed"
            return await coordinator.stop(
                .failed(Failure(origin: .other, message: message)))
        }
        switch state {
        case .paused: await coordinator.stop(.paused)
        case .cancelled: await coordinator.stop(.cancelled)
        case .failed:
            let message = row[12] ?? "another process of this run failed"
            await coordinator.stop(.failed(Failure(origin: .other, message: message)))
        case .planned, .running, .completed: break
        }
        guard let limits = RunRecord.limits(row[1...11].map { $0 }) else {
            let message =
                "the run's limits in the ledger cannot be read: they were changed by hand, or "
                + "by another version of Sluice"
            await coordinator.stop(.failed(Failure(origin: .other, message: message)))
            return
        }
        await coordinator.limitsChanged(to: limits)
    }

    mutating func checkPlan(
        _ connection: PostgresConnection, limits: Limits, nowSeconds: Double
    ) async throws(PostgresError) {
        let job = monitor.context.job
        let mark =
            try await connection.queryKept(
                ObserverSQL.statisticsMark,
                [.text(TextArray.literal(job.largestParts.map { "\($0.oid)" }))]
            ).scalar ?? ""
        guard planChecks.isDue(nowSeconds: nowSeconds, statisticsMark: mark) else { return }
        let inspector = PlanInspector(connection: connection)
        let found: String?
        do {
            found = try await inspector.problem(
                job, limits: limits, without: goneParts)
        } catch {
            // A partition that was dropped meanwhile has no plan; the next look knows.
            guard error.sqlState?.rawValue == "42P01", job.parts.count > 1 else {
                throw error
            }
            return
        }
        guard let problem = found else { return }
        let message =
            "\(problem) since the table's statistics or indexes changed: make the key's index "
            + "again if it is gone, and ANALYZE the table"
        await monitor.coordinator.stop(.failed(Failure(origin: .other, message: message)))
    }
}
