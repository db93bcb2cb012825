import Logging
import SluiceCore
import SluicePostgres

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Carries out one run in this process: workers, a monitor, and the last word in the ledger.
struct BackfillRun: Sendable {
    let record: RunRecord
    let job: PlannedJob
    let parameters: ConnectionParameters
    let options: RunOptions
    let report: @Sendable (RunEvent) -> Void

    /// Works until the run ends or this process's part in it does.
    func execute(
        _ control: PostgresConnection, drain: DrainSwitch
    ) async throws -> RunReport {
        let began = ContinuousClock.now
        let job = try await LanePlanner(connection: control).examined(job)
            .probed(forecast(control))
        let owner = UUID().uuidString.lowercased()
        let context = RunContext(
            run: record.id, owner: owner, job: job, parameters: parameters,
            leaseSeconds: options.leaseSeconds,
            logger: Logger(label: "sluice.run"),
            timelines: TimelineRecord(job.session.timeline))
        let trace = try makeTrace()
        let walBefore = try await walPosition(control)
        try await register(context, control)
        await control.close()
        let replicaWatch = ReplicaWatch(options.replicas)
        var limits = record.limits
        // What another process measured is in the ledger, and read at the monitor's first look.
        limits.foregroundAloneSeconds = nil
        let coordinator = Coordinator(
            limits: limits, seed: UInt64(truncatingIfNeeded: owner.hashValue),
            tablesMayGo: PartWatch(run: record.id, job: job, report: report).isNeeded,
            isPooled: job.session.isPooled,
            requiredReplicas: replicaWatch.names, trace: trace, laneFacts: job.laneFacts,
            rests: context.rests)
        let lag = LagRecord()
        let throttles = ThrottleObserver { () throws(PostgresError) in
            try await context.connect()
        }
        let foreground = ForegroundProbe { () throws(PostgresError) in
            try await context.connect()
        }
        let vacuumer = Vacuumer(context: context, report: report) { coordinator.nowSeconds }
        let monitor = Monitor(
            context: context, coordinator: coordinator, drain: drain, report: report,
            status: StatusMeter(record: record), maxLagSeen: lag, throttles: throttles,
            foreground: foreground, replicaWatch: replicaWatch, vacuumer: vacuumer)
        // Closed until the monitor's first look: no batch may slip through before.
        if record.limits.hasThrottle {
            await coordinator.gateChanged(reason: await throttles.observe(record.limits))
        }
        if drain.isDraining { await coordinator.stop(.drained) }
        // Before the first batch: until the application's latency is known the run's own cost
        // stands in for it, which says little.
        if record.limits.foregroundBudget != nil {
            await foreground.probe(record.limits.foregroundProbe)
        }
        await withTaskGroup { group in
            group.addTask { await monitor.run() }
            group.addTask { await throttles.run() }
            group.addTask { await foreground.run() }
            group.addTask { await replicaWatch.run() }
            group.addTask { await vacuumer.run() }
            await WorkerPool(context: context, coordinator: coordinator).run()
            group.cancelAll()
        }
        let view = await coordinator.view
        let outcome = view.outcome ?? .drained
        let seconds = began.duration(to: .now) / .seconds(1)
        if Task.isCancelled { throw CancellationError() }
        return try await RunEnding(
            record: record, context: context, outcome: outcome, seconds: seconds,
            lagSecondsMax: lag.seconds, tailSeconds: view.tailSeconds, walBefore: walBefore,
            vacuumed: await vacuumer.totals
        ).conclude()
    }

    /// Where the trace goes: into a file, to whoever asked for it, to both, or nowhere.
    private func makeTrace() throws -> (@Sendable ([ControlTrace.Event]) -> Void)? {
        let writer = try options.tracePath.map { try TraceWriter(path: $0, report: report) }
        let traced = options.traced
        guard writer != nil || traced != nil else { return nil }
        return { events in
            writer?.write(events)
            traced?(events)
        }
    }

    private func walPosition(_ connection: PostgresConnection) async throws -> UInt64 {
        var observer = ReplicaObserver()
        _ = try await observer.observe(connection, nowSeconds: 0)
        return observer.walPosition
    }

    /// What was reckoned when the run's ranges were fixed, with what a probe found of its rows.
    private func forecast(
        _ control: PostgresConnection
    ) async throws(PostgresError) -> Forecast? {
        let row = try await control.query(
            ForecastSQL.recorded, [.text("\(record.id)")],
            timeout: PostgresConnection.ledgerTimeout
        ).rows.first
        return row?[1].flatMap(ForecastRecord.init(json:))?.forecast
    }

    private func register(
        _ context: RunContext, _ connection: PostgresConnection
    ) async throws {
        _ = try await connection.transact([
            Statement(LedgerSQL.forgetForeground, [.text("\(record.id)")]),
            Statement(
                RangeSQL.register,
                [
                    .text(context.owner), .text("\(record.id)"),
                    .text(ProcessInfo.processInfo.hostName),
                    .text("\(ProcessInfo.processInfo.processIdentifier)"),
                    .text(job.session.isPooled ? "true" : "false"),
                    .text("\(options.leaseSeconds)"),
                ]),
            Ledger.entry(record.id, owner: context.owner, "joined"),
        ])
    }
}
