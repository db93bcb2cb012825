import SluiceCore
import SluicePostgres

/// What the monitor remembers between looks.
struct MonitorEyes: Sendable {
    let monitor: Monitor
    var connection: PostgresConnection?
    var replicas = ReplicaObserver()
    var gate = LagGate()
    var nextLookSeconds = 0.0
    var nextWaySeconds = 0.0
    var othersWait = false
    /// Processes that work on the run, this one included, at the last look.
    var processes = 1
    var nextHeartbeatSeconds = 0.0
    var nextVacuumSeconds = 0.0
    var hasBeaten = false
    var heldSinceSeconds: Double?
    var nextPlanSeconds = 0.0
    var nextTablesSeconds = 0.0
    var goneParts: Set<Int> = []
    var planChecks = PlanCheckSchedule()
    var ownRate = RateMeter()
    var blindSinceSeconds: Double?
    var lagSeconds: Double?
    var isAlarmed = false
    var isBlindSaid = false

    var foreground: ForegroundWatch
    var health = HealthObserver()
    /// When the law first saw anything.
    private var firstLookSeconds: Double?
    /// Whether the horizon was asked for by itself at the start.
    private var hasSoughtHorizon = false

    init(monitor: Monitor) {
        self.monitor = monitor
        foreground = ForegroundWatch(probe: monitor.foreground)
    }

    mutating func close() async {
        await connection?.close()
        connection = nil
        health.forgetSession()
    }

    /// Looks at whatever is due, in one exchange; trouble with the connection closes the gate until
    /// it is over.
    mutating func look(nowSeconds: Double) async {
        do throws(PostgresError) {
            if connection == nil { connection = try await connect() }
            guard let connection else { return }
            let answers = try await MonitorQuestion.ask(
                await due(nowSeconds: nowSeconds), self, connection)
            await tellHorizon(answers)
            if let row = answers[.replicas]?.first {
                try await poll(row, connection, nowSeconds: nowSeconds)
            }
            if let rows = answers[.blockers] { try await makeWay(rows, connection) }
            if let rows = answers[.vacuum] {
                let view = await monitor.coordinator.view
                await monitor.vacuumer.consider(
                    rows, view.limits.vacuum,
                    partsInLanes: await monitor.coordinator.partsInLanes,
                    isHeld: view.waitingFor != nil,
                    isGentle: view.limits.foregroundBudget != nil)
            }
            if let rows = answers[.run] { await readRun(rows.first) }
            if let rows = answers[.tables] { try await checkTables(rows, connection) }
            if let rows = answers[.target] { await checkTarget(rows.first) }
            if let rows = answers[.status] {
                try await look(rows.first, connection, nowSeconds: nowSeconds)
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

    /// Asks for the horizon alone, once or a few times, where the first look met a transaction of
    /// our own: until it is known batches are plain, and a twentieth of a small table may be done
    /// by the next look.
    mutating func findHorizon(beforeSeconds: Double) async {
        guard !hasSoughtHorizon, connection != nil else { return }
        hasSoughtHorizon = true
        let coordinator = monitor.coordinator
        while await coordinator.needsHorizon, coordinator.nowSeconds < beforeSeconds {
            try? await Task.sleep(for: .seconds(Monitor.horizonSeconds))
            if Task.isCancelled { return }
            do throws(PostgresError) {
                guard let connection else { return }
                await tellHorizon(try await MonitorQuestion.ask([.horizon], self, connection))
            } catch {
                // The next look meets the same, and says so.
                return
            }
        }
    }

    private func tellHorizon(_ answers: [MonitorQuestion: [[String?]]]) async {
        guard let row = answers[.horizon]?.first else { return }
        await monitor.coordinator.horizonSeen(
            row[0].flatMap { UInt64($0) } ?? 0, next: row[1].flatMap { UInt64($0) } ?? 0)
    }

    private func connect() async throws(PostgresError) -> PostgresConnection {
        let connection = try await monitor.context.connect()
        if !monitor.context.job.session.isPooled {
            _ = try await connection.query(ObserverSQL.keepPlans)
        }
        return connection
    }

    /// How long it is to the next look.
    func period(nowSeconds: Double) -> Monitor.Period {
        Monitor.period(
            nowSeconds: nowSeconds, firstLookSeconds: firstLookSeconds,
            isAtRest: isAtRest(nowSeconds))
    }

    /// Whether something else than a replica has held all batches back for a while.
    private func isAtRest(_ nowSeconds: Double) -> Bool {
        heldSinceSeconds.map { nowSeconds - $0 >= RunScheduler.restAfterSeconds } ?? false
    }

    /// What it is time to ask.
    private mutating func due(nowSeconds: Double) async -> [MonitorQuestion] {
        let job = monitor.context.job
        var due: [MonitorQuestion] = [.replicas]
        if await monitor.coordinator.hasLanes { due.append(.horizon) }
        let view = await monitor.coordinator.view
        let isVacuuming = await monitor.vacuumer.pid != nil
        let isInTheWay = view.isBusy || isVacuuming || monitor.context.sweeps.isLooking
        // Behind a pooler sessions are not ours to tell apart: lock and statement timeouts have to
        // do.
        if !job.session.isPooled, nowSeconds >= nextWaySeconds, isInTheWay {
            nextWaySeconds = nowSeconds + Monitor.waySeconds
            due.append(.blockers)
        }
        // After the heartbeat: a process that was stopped for long is not its own zombie.
        if hasBeaten { due.append(.zombies) }
        hasBeaten = false
        if view.limits.vacuum != .off, monitor.vacuumer.isPossible,
            nowSeconds >= nextVacuumSeconds
        {
            nextVacuumSeconds = nowSeconds + Monitor.vacuumSeconds
            due.append(.vacuum)
        }
        guard nowSeconds >= nextLookSeconds else { return due }
        nextLookSeconds = nowSeconds + Monitor.lookSeconds
        due += [.run, .status]
        guard nowSeconds >= nextTablesSeconds else { return due }
        nextTablesSeconds = nowSeconds + (job.parts.count == 1 ? 0 : Monitor.tablesSeconds)
        due.append(.tables)
        if job.target != nil { due.append(.target) }
        return due
    }

    mutating func blind(_ error: PostgresError, nowSeconds: Double) async {
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

    /// Says how the run stands, here and in the ledger.
    private mutating func look(
        _ status: [String?]?, _ connection: PostgresConnection, nowSeconds: Double
    ) async throws(PostgresError) {
        let view = await monitor.coordinator.view
        await alarm(view.shortage, connection)
        ownRate.observe(total: view.keysScanned, nowSeconds: nowSeconds)
        if nowSeconds >= nextHeartbeatSeconds {
            // A replica of an idle primary tells how far it is only when there is something
            // new in the log: while everything waits for one, that is the heartbeat.
            nextHeartbeatSeconds =
                nowSeconds
                + (view.waitingFor == nil || heldSinceSeconds != nil
                    ? monitor.heartbeatSeconds
                    : min(monitor.heartbeatSeconds, Monitor.heartbeatSecondsWaiting))
            try await beat(connection, view: view)
            hasBeaten = true
        }
        let progress = try monitor.status.read(
            status, view: view, lagSeconds: lagSeconds, nowSeconds: nowSeconds)
        processes = progress.processes
        monitor.report(.progress(progress))
        if nowSeconds >= nextPlanSeconds {
            nextPlanSeconds = nowSeconds + Monitor.planSeconds
            try await checkPlan(connection, limits: view.limits, nowSeconds: nowSeconds)
        }
    }

    /// Looks at the replicas, and lets the law decide.
    private mutating func poll(
        _ row: [String?], _ connection: PostgresConnection, nowSeconds: Double
    ) async throws(PostgresError) {
        let observation = replicas.observe(row, nowSeconds: nowSeconds)
        let asked = await monitor.replicaWatch.sightings
        lagSeconds = replicas.lagSeconds(observation, asked: asked, nowSeconds: nowSeconds)
        monitor.maxLagSeen.note(lagSeconds)
        let coordinator = monitor.coordinator
        let view = await coordinator.view
        let limits = view.limits
        replicas.follow(maxLagSeconds: limits.maxLagSeconds)
        let reason = gate.decide(observation, maxLagSeconds: limits.maxLagSeconds)
        let throttle = await monitor.throttles.observe(limits)
        let closed = reason ?? throttle
        // At once: what is asked next may take its time.
        if let closed { await coordinator.gateChanged(reason: closed) }
        let latency = try await foreground.seconds(
            limits, connection, falls: view.foregroundFalls, isAtRest: isAtRest(nowSeconds),
            nowSeconds: nowSeconds)
        let measuring = try await foreground.measure(
            view, latencySeconds: latency, run: monitor.context.run, connection,
            isHeld: isAtRest(nowSeconds), nowSeconds: nowSeconds)
        if let note = foreground.news(limits, nowSeconds: nowSeconds) {
            monitor.report(.note(note))
        }
        let news = try await health.look(
            connection, job: monitor.context.job, limits: limits, nowSeconds: nowSeconds)
        for note in news { monitor.report(.note(note)) }
        let worn = health.reason(limits)
        await coordinator.gateChanged(reason: closed ?? worn ?? measuring)
        let isHeld = (throttle ?? worn) != nil && !view.isBusy
        heldSinceSeconds = isHeld ? heldSinceSeconds ?? nowSeconds : nil
        // Who holds batches back wants peace. A replica that lags does not: it may be the vacuum's
        // turn to wait, but not to begin anew.
        if throttle ?? worn != nil || limits.vacuum == .off, let pid = await monitor.vacuumer.pid {
            _ = try await connection.query(ObserverSQL.cancel, [.text("\(pid)")])
        }
        try await holdLooks((throttle ?? worn) != nil || view.outcome != nil, connection)
        var sightings = replicas.sightings
        sightings? += await monitor.replicaWatch.sightings
        await coordinator.observe(
            BatchSteering.Sighting(
                position: replicas.walPosition, timeline: replicas.timeline ?? 0,
                replicas: sightings, slots: replicas.slots, foregroundSeconds: latency,
                othersWait: othersWait, processes: processes),
            atSeconds: coordinator.nowSeconds)
        firstLookSeconds = firstLookSeconds ?? nowSeconds
        othersWait = false
    }

    /// Says once that the server is out of something, and once that the run goes on.
    mutating func alarm(
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

    /// Renews the lease, and tells `status` of this process.
    private func beat(
        _ connection: PostgresConnection, view: Coordinator.View
    ) async throws(PostgresError) {
        let context = monitor.context
        let opening = BatchSettingsSQL.ledger(durable: false)
        let beat = Statement(
            RangeSQL.heartbeat,
            [
                .text(context.owner), .text("\(context.leaseSeconds)"),
                .text("\(view.workers)"), .text("\(view.batchKeys)"),
                view.waitingFor.map { .text($0) } ?? .null,
                lagSeconds.map { .text("\($0)") } ?? .null,
                ownRate.perSecond.map { .text("\($0)") } ?? .null,
                view.limitedBy.map { .text($0) } ?? .null,
            ])
        try await connection.transact(
            opening: opening, [beat, Statement(BatchSettingsSQL.commit)],
            timeout: PostgresConnection.ledgerTimeout)
    }
}
