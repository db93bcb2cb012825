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

    /// How often a drain request is noticed, in milliseconds.
    private static let tickMilliseconds = 200
    /// How often the server is asked, in seconds: a person's `pause` must act within two.
    private static let lookSeconds = 0.5
    /// How often the lease is renewed at the least, in seconds: `status` shows what it writes.
    private static let heartbeatSeconds = 2.0
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
        private var nextHeartbeatSeconds = 0.0
        private var nextPlanSeconds = 0.0
        private var planChecks: PlanCheckSchedule?
        private var ownRate = RateMeter()
        private var blindSinceSeconds: Double?
        private var lagSeconds: Double?

        init(monitor: Monitor) {
            self.monitor = monitor
        }

        mutating func close() async {
            await connection?.close()
            connection = nil
        }

        /// Looks at whatever is due; trouble with the connection closes the gate until it is over.
        mutating func look(nowSeconds: Double) async {
            guard nowSeconds >= nextLookSeconds else { return }
            nextLookSeconds = nowSeconds + Monitor.lookSeconds
            do throws(PostgresError) {
                if connection == nil { connection = try await monitor.context.connect() }
                guard let connection else { return }
                try await look(connection, nowSeconds: nowSeconds)
                blindSinceSeconds = nil
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
            if kind == .stop {
                await monitor.coordinator.stop(.failed(failure))
            } else if nowSeconds - since > RunScheduler.outageSecondsMax {
                await monitor.coordinator.stop(.unreachable(failure))
            } else {
                await monitor.coordinator.gateChanged(
                    reason: "the server cannot be asked how it is: \(failure.message)")
            }
        }

        private mutating func look(
            _ connection: PostgresConnection, nowSeconds: Double
        ) async throws(PostgresError) {
            let limits = try await readRun(connection)
            try await checkTable(connection)
            let observation = try await replicas.observe(connection, nowSeconds: nowSeconds)
            lagSeconds = observation.lagSeconds
            monitor.maxLagSeen.note(lagSeconds)
            let reason = gate.decide(observation, maxLagSeconds: limits?.maxLagSeconds)
            await monitor.coordinator.gateChanged(reason: reason)
            let view = await monitor.coordinator.view
            ownRate.observe(total: view.keysScanned, nowSeconds: nowSeconds)
            if nowSeconds >= nextHeartbeatSeconds {
                nextHeartbeatSeconds = nowSeconds + monitor.heartbeatSeconds
                try await beat(connection, view: view)
                _ = try await connection.query(
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

        /// Stops when the table's or a column's name has come to mean another one.
        private func checkTable(_ connection: PostgresConnection) async throws(PostgresError) {
            let job = monitor.context.job
            let columns = job.key.map(\.name) + job.identity.assignments.map(\.column)
            let row = try await connection.query(
                ObserverSQL.table,
                [.text(job.table.name.quoted), .text(TextArray.literal(columns))],
                timeout: .seconds(10)
            ).rows.first
            let isSame =
                row?[0] == "\(job.table.oid)" && row?[1] == job.parts[0].columnMark
            if isSame { return try await checkTarget(connection) }
            let message =
                "\(job.table.name.shown) or a column that the job names was renamed, dropped or "
                + "replaced during the run: batches stopped before they could change another one"
            await monitor.coordinator.stop(.failed(Failure(origin: .other, message: message)))
        }

        /// The same for the table that a copy or a move goes to.
        private func checkTarget(_ connection: PostgresConnection) async throws(PostgresError) {
            guard let target = monitor.context.job.target else { return }
            let row = try await connection.query(
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
        ) async throws(PostgresError) -> Limits? {
            let row = try await connection.query(
                ObserverSQL.run, [.text("\(monitor.context.run)")], timeout: .seconds(10)
            ).rows.first
            let coordinator = monitor.coordinator
            guard let row, let state = RunState(rawValue: row[0] ?? "") else {
                let message = "the run's row is gone from the ledger: schema sluice was changed"
                await coordinator.stop(.failed(Failure(origin: .other, message: message)))
                return nil
            }
            switch state {
            case .paused: await coordinator.stop(.paused)
            case .cancelled: await coordinator.stop(.cancelled)
            case .failed:
                let message = row[9] ?? "another process of this run failed"
                await coordinator.stop(.failed(Failure(origin: .other, message: message)))
            case .planned, .running, .completed: break
            }
            guard let limits = RunRecord.limits(row[1...8].map { $0 }) else { return nil }
            await coordinator.limitsChanged(to: limits)
            return limits
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
                ], durable: false)
        }

        private mutating func checkPlan(
            _ connection: PostgresConnection, limits: Limits, nowSeconds: Double
        ) async throws(PostgresError) {
            let job = monitor.context.job
            let mark =
                try await connection.query(
                    ObserverSQL.statisticsMark, [.text("\(job.table.oid)")]
                ).scalar ?? ""
            if planChecks == nil {
                planChecks = PlanCheckSchedule(
                    checkedAtSeconds: nowSeconds, statisticsMark: mark)
            }
            guard planChecks?.isDue(nowSeconds: nowSeconds, statisticsMark: mark) == true else {
                return
            }
            let inspector = PlanInspector(connection: connection)
            guard let problem = try await inspector.problem(job, limits: limits) else { return }
            let message =
                "\(problem) since the table's statistics or indexes changed: make the key's index "
                + "again if it is gone, and ANALYZE the table"
            await monitor.coordinator.stop(.failed(Failure(origin: .other, message: message)))
        }
    }
}
