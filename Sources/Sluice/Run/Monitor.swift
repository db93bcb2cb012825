import Logging
import SluiceCore
import SluicePostgres

/// Watches the run from a connection of its own: what other processes changed, how far the
/// replicas are, how far the run is; and keeps this process's lease alive.
struct Monitor: Sendable {
    let context: RunContext
    let coordinator: Coordinator
    let drain: DrainSwitch
    let report: @Sendable (RunEvent) -> Void
    let status: StatusMeter
    let maxLagSeen: LagRecord
    let throttles: ThrottleObserver
    let foreground: ForegroundProbe
    let replicaWatch: ReplicaWatch

    /// How often a drain request is noticed, in milliseconds: soon for a person, and each time
    /// wakes the process.
    private static let tickMilliseconds = 100
    /// How often the ledger is asked, in seconds: a person's `pause` must act within two.
    private static let lookSeconds = 0.75
    /// How often it is asked whom batches keep waiting, in seconds, while there are batches: who
    /// has waited for a second is let go on within half a second more.
    private static let waySeconds = 0.5
    /// How often the replicas are looked at, in seconds: the lag that is kept is no shorter.
    private static let pollSeconds = 0.25
    /// How often the lease is renewed at the least, in seconds: `status` shows what it writes.
    private static let heartbeatSeconds = 2.0
    /// The same while batches wait, in seconds.
    private static let heartbeatSecondsWaiting = 1.0
    /// How often the tables of a run that has several are looked at, in seconds: thousands of
    /// partitions are a query of some milliseconds.
    private static let tablesSeconds = 3.0
    /// A server that cannot be asked for so long is worth a sentence, in seconds: a session that is
    /// merely lost is back within one.
    private static let blindSeconds = 2.0
    /// How often it is asked whether statistics or indexes changed, in seconds: a cheap query.
    private static let planSeconds = 5.0

    /// Three times within the lease, so that one lost heartbeat does no harm.
    private var heartbeatSeconds: Double {
        min(Self.heartbeatSeconds, context.leaseSeconds / 3)
    }

    /// Watches until cancelled.
    func run() async {
        var eyes = MonitorEyes(monitor: self)
        while !Task.isCancelled {
            if drain.isDraining { await coordinator.stop(.drained) }
            await eyes.look(nowSeconds: coordinator.nowSeconds)
            try? await Task.sleep(for: .milliseconds(Self.tickMilliseconds))
        }
        await eyes.close()
    }

    /// What the monitor remembers between looks.
    struct MonitorEyes: Sendable {
        let monitor: Monitor
        private var connection: PostgresConnection?
        private var replicas = ReplicaObserver()
        private var gate = LagGate()
        private var nextLookSeconds = 0.0
        private var nextPollSeconds = 0.0
        private var nextWaySeconds = 0.0
        private var othersWait = false
        private var nextHeartbeatSeconds = 0.0
        private var nextPlanSeconds = 0.0
        private var nextTablesSeconds = 0.0
        private var goneParts: Set<Int> = []
        private var planChecks = PlanCheckSchedule()
        private var ownRate = RateMeter()
        private var blindSinceSeconds: Double?
        private var lagSeconds: Double?
        private var isAlarmed = false
        private var isBlindSaid = false

        private var foreground: ForegroundWatch
        private var health = HealthObserver()

        init(monitor: Monitor) {
            self.monitor = monitor
            foreground = ForegroundWatch(probe: monitor.foreground)
        }

        mutating func close() async {
            await connection?.close()
            connection = nil
            health.forgetSession()
        }

        /// Looks at whatever is due; trouble with the connection closes the gate until it is over.
        mutating func look(nowSeconds: Double) async {
            guard nowSeconds >= min(nextPollSeconds, nextLookSeconds) else { return }
            nextPollSeconds = nowSeconds + Monitor.pollSeconds
            do throws(PostgresError) {
                if connection == nil { connection = try await monitor.context.connect() }
                guard let connection else { return }
                try await poll(connection, nowSeconds: nowSeconds)
                let isBusy = await monitor.coordinator.view.isBusy
                if isBusy, nowSeconds >= nextWaySeconds {
                    nextWaySeconds = nowSeconds + Monitor.waySeconds
                    try await makeWay(connection)
                }
                if nowSeconds >= nextLookSeconds {
                    nextLookSeconds = nowSeconds + Monitor.lookSeconds
                    try await look(connection, nowSeconds: nowSeconds)
                }
                blindSinceSeconds = nil
                if isBlindSaid { monitor.report(.note("the server can be asked again")) }
                isBlindSaid = false
            } catch {
                if Task.isCancelled { return }
                await close()
                await blind(error, nowSeconds: nowSeconds)
            }
        }

        private mutating func blind(_ error: PostgresError, nowSeconds: Double) async {
            let failure = Failure(error)
            let kind = FailureClass.of(failure, statementTimeoutMilliseconds: .max)
            let since = blindSinceSeconds ?? nowSeconds
            blindSinceSeconds = since
            if kind == .stop || kind == .poison {
                await monitor.coordinator.stop(.failed(failure))
            } else if nowSeconds - since > RunScheduler.outageSecondsMax {
                await monitor.coordinator.stop(.unreachable(failure))
            } else {
                let reason = "the server cannot be asked how it is: \(failure.message)"
                await monitor.coordinator.gateChanged(reason: reason)
                guard !isBlindSaid, nowSeconds - since >= Monitor.blindSeconds else { return }
                isBlindSaid = true
                monitor.report(.note("every batch waits: \(reason)"))
            }
        }

        private mutating func look(
            _ connection: PostgresConnection, nowSeconds: Double
        ) async throws(PostgresError) {
            try await readRun(connection)
            try await checkTables(connection, nowSeconds: nowSeconds)
            let view = await monitor.coordinator.view
            await alarm(view.shortage, connection)
            ownRate.observe(total: view.keysScanned, nowSeconds: nowSeconds)
            if nowSeconds >= nextHeartbeatSeconds {
                // A replica of an idle primary tells how far it is only when there is something
                // new in the log: while everything waits, that is the heartbeat.
                nextHeartbeatSeconds =
                    nowSeconds
                    + (view.waitingFor == nil
                        ? monitor.heartbeatSeconds
                        : min(monitor.heartbeatSeconds, Monitor.heartbeatSecondsWaiting))
                try await beat(connection, view: view)
                _ = try await connection.queryKept(
                    RangeSQL.endZombies, [.text("\(monitor.context.run)")])
            }
            let progress = try await monitor.status.read(
                connection, view: view, lagSeconds: lagSeconds, nowSeconds: nowSeconds)
            monitor.report(.progress(progress))
            if nowSeconds >= nextPlanSeconds {
                nextPlanSeconds = nowSeconds + Monitor.planSeconds
                try await checkPlan(connection, limits: view.limits, nowSeconds: nowSeconds)
            }
        }

        /// Looks at the replicas, and lets the law decide.
        private mutating func poll(
            _ connection: PostgresConnection, nowSeconds: Double
        ) async throws(PostgresError) {
            let observation = try await replicas.observe(connection, nowSeconds: nowSeconds)
            lagSeconds = observation.lagSeconds
            monitor.maxLagSeen.note(lagSeconds)
            let coordinator = monitor.coordinator
            let view = await coordinator.view
            let limits = view.limits
            let reason = gate.decide(observation, maxLagSeconds: limits.maxLagSeconds)
            let throttle = await monitor.throttles.observe(limits)
            let closed = reason ?? throttle
            // At once: what is asked next may take its time.
            if let closed { await coordinator.gateChanged(reason: closed) }
            let latency = try await foreground.seconds(
                limits, connection, nowSeconds: nowSeconds)
            let measuring = try await foreground.measure(
                view, latencySeconds: latency, run: monitor.context.run, connection,
                nowSeconds: nowSeconds)
            if await coordinator.hasLanes {
                let row = try await connection.queryKept(HorizonSQL.look).rows[0]
                await coordinator.horizonSeen(
                    row[0].flatMap { UInt64($0) } ?? 0, next: row[1].flatMap { UInt64($0) } ?? 0)
            }
            let news = try await health.look(
                connection, job: monitor.context.job, limits: limits, nowSeconds: nowSeconds)
            for note in news { monitor.report(.note(note)) }
            let worn = health.reason(limits)
            await coordinator.gateChanged(reason: closed ?? worn ?? measuring)
            var sightings = replicas.sightings
            sightings? += await monitor.replicaWatch.sightings
            await coordinator.observe(
                BatchSteering.Sighting(
                    position: replicas.walPosition, timeline: replicas.timeline ?? 0,
                    replicas: sightings, foregroundSeconds: latency, othersWait: othersWait),
                atSeconds: coordinator.nowSeconds)
            othersWait = false
        }

        /// Says once that the server is out of something, and once that the run goes on.
        private mutating func alarm(
            _ shortage: String?, _ connection: PostgresConnection
        ) async {
            guard isAlarmed != (shortage != nil) else { return }
            isAlarmed = shortage != nil
            monitor.report(
                .note(
                    shortage.map { "every batch waits until the server has room again: \($0)" }
                        ?? "the server has room again: batches go on"))
            let context = monitor.context
            // A ledger on the same full disk cannot take the entry, and need not.
            try? await Ledger(connection: connection).record(
                context.run, owner: context.owner, shortage == nil ? "supplied" : "short", shortage)
        }

        /// Looks at the run's tables: stops when the name of one or of a column has come to mean
        /// another one, and is done with those of several that were dropped.
        private mutating func checkTables(
            _ connection: PostgresConnection, nowSeconds: Double
        ) async throws(PostgresError) {
            let job = monitor.context.job
            guard nowSeconds >= nextTablesSeconds else { return }
            let isOne = job.parts.count == 1
            nextTablesSeconds = nowSeconds + (isOne ? 0 : Monitor.tablesSeconds)
            let parts = job.parts.filter { !goneParts.contains($0.number) }
            let rows = try await connection.queryKept(
                PartSQL.present,
                [
                    .text(TextArray.literal(parts.map { "\($0.number)" })),
                    .text(TextArray.literal(job.identity.batchColumns)),
                    .text(TextArray.literal(parts.map(\.name.quoted))),
                    .text(TextArray.literal(parts.map { "\($0.oid)" })),
                ], timeout: .seconds(10)
            ).rows
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
            try await checkTarget(connection)
        }

        /// Cancels batches that keep others waiting; their workers go on with smaller ones.
        ///
        /// Behind a pooler sessions are not ours to tell apart: lock and statement timeouts have to
        /// do.
        private mutating func makeWay(_ connection: PostgresConnection) async throws(PostgresError)
        {
            let context = monitor.context
            guard !context.job.session.isPooled else { return }
            let rows = try await connection.queryKept(
                ObserverSQL.blockers, [.text(context.applicationName)], timeout: .seconds(10)
            ).rows
            if !rows.isEmpty { othersWait = true }
            for pid in rows.compactMap({ $0[0] }) {
                guard let number = Int32(pid) else { continue }
                context.yields.note(number)
                _ = try await connection.query(ObserverSQL.cancel, [.text(pid)])
                context.logger.info("made way", metadata: ["pid": "\(pid)"])
            }
        }

        private func stop(renamed table: String) async {
            let message =
                "\(table) or a column that the job names was renamed, dropped or "
                + "replaced during the run: batches stopped before they could change another one"
            await monitor.coordinator.stop(.failed(Failure(origin: .other, message: message)))
        }

        /// The same for the table that a copy or a move goes to.
        private func checkTarget(_ connection: PostgresConnection) async throws(PostgresError) {
            guard let target = monitor.context.job.target else { return }
            let row = try await connection.queryKept(
                ObserverSQL.table,
                [.text(target.name.quoted), .text(TextArray.literal(target.columns))],
                timeout: .seconds(10)
            ).rows.first
            if row?[0] == "\(target.oid)", row?[1] == target.columnMark { return }
            let message =
                "\(target.name.shown) or a column that is copied into was renamed, dropped or "
                + "replaced during the run: batches stopped before they could fill another one"
            await monitor.coordinator.stop(.failed(Failure(origin: .other, message: message)))
        }

        /// Takes over what other processes changed.
        private func readRun(
            _ connection: PostgresConnection
        ) async throws(PostgresError) {
            let row = try await connection.queryKept(
                ObserverSQL.run, [.text("\(monitor.context.run)")], timeout: .seconds(10)
            ).rows.first
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

        private func beat(
            _ connection: PostgresConnection, view: Coordinator.View
        ) async throws(PostgresError) {
            _ = try await connection.transact(
                RangeSQL.heartbeat,
                [
                    .text(monitor.context.owner), .text("\(monitor.context.leaseSeconds)"),
                    .text("\(view.workers)"), .text("\(view.batchKeys)"),
                    view.waitingFor.map { .text($0) } ?? .null,
                    lagSeconds.map { .text("\($0)") } ?? .null,
                    ownRate.perSecond.map { .text("\($0)") } ?? .null,
                    view.limitedBy.map { .text($0) } ?? .null,
                ], durable: false)
        }

        private mutating func checkPlan(
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
}
