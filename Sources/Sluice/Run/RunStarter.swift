import Logging
import SluiceCore
import SluicePostgres

/// Brings a job or a run to the point where workers can begin, then carries it out.
struct RunStarter: Sendable {
    let parameters: ConnectionParameters
    let options: RunOptions
    let report: @Sendable (RunEvent) -> Void

    /// Runs a job: begins, joins, resumes, or says that it is done.
    func run(_ request: JobRequest, drain: DrainSwitch) async throws -> RunReport {
        try await withControl { connection in
            let ledger = Ledger(connection: connection)
            try await ledger.upgrade()
            let job = try await JobPlanner(connection: connection).plan(request)
            let wanted = options.limits.applied(to: Limits())
            try refuseImpossible(wanted)
            try await ThrottleCheck(connection: connection).check(wanted)
            try await PlanInspector(connection: connection).refuseUnsound(job, limits: wanted)
            let earlier =
                try await ledger.isPresent() ? try await ledger.find(name: job.name) : nil
            if let earlier, !options.fresh {
                let isSame = job.identity == earlier.identity
                if earlier.state != .completed { try refuseDifferent(job, from: earlier) }
                if earlier.state == .completed, isSame, !job.identity.kind.beginsAnew {
                    return try await alreadyCompleted(earlier, job: job, connection)
                }
                if earlier.state.isUnfinished {
                    return try await carryOn(earlier, connection, drain: drain)
                }
                // A finished run is history; another job under its name is a new run.
                if earlier.state != .completed {
                    throw SluiceError(
                        .refused,
                        "run \(earlier.id) (\(earlier.name)) is \(earlier.state.rawValue)"
                            + (earlier.error.map { ": \($0)" } ?? "")
                            + "; carry it on with `sluice resume \(earlier.id)`, or begin "
                            + "anew with --fresh")
                }
            }
            try await Confirmation(connection: connection, options: options)
                .refuseUnconfirmed(job, request, earlier: earlier)
            try await checkReplicas(connection, limits: wanted)
            // What is asked for and cannot be is refused before anything is written down.
            if wanted.order == .physical {
                _ = try await OrderPlanner(connection: connection).decided(job, limits: wanted)
            }
            try await ledger.open()
            let record: RunRecord
            do {
                record = try await ledger.create(
                    name: job.name, job: job, limits: wanted,
                    replacing: options.fresh ? earlier : nil)
            } catch let error as PostgresError where error.sqlState?.rawValue == "23505" {
                // Another process created the run of this name at the same moment: join it.
                _ = try await connection.query("ROLLBACK")
                guard let other = try await ledger.find(name: job.name) else { throw error }
                try refuseDifferent(job, from: other)
                return try await carryOn(other, connection, drain: drain)
            }
            return try await open(record, job: job, connection, drain: drain, resumed: false)
        }
    }

    /// Carries on with a run.
    func resume(_ run: String, drain: DrainSwitch) async throws -> RunReport {
        try await withControl { connection in
            let ledger = Ledger(connection: connection)
            try await ledger.upgrade()
            let record = try await ledger.existing(run)
            if record.state == .completed {
                let job = try await JobPlanner(connection: connection).plan(record)
                return try await alreadyCompleted(record, job: job, connection)
            }
            return try await carryOn(record, connection, drain: drain)
        }
    }

    // MARK: Steps

    private func carryOn(
        _ earlier: RunRecord, _ connection: PostgresConnection, drain: DrainSwitch
    ) async throws -> RunReport {
        let job = try await JobPlanner(connection: connection).plan(earlier)
        var record = earlier
        record.limits = options.limits.applied(to: earlier.limits)
        // Ranges are fixed when a run begins, and with them their order.
        if let order = options.limits.order, order != earlier.limits.order,
            earlier.state != .planned
        {
            record.limits.order = earlier.limits.order
            report(
                .note(
                    "the run keeps the order in which it began (--order "
                        + "\(earlier.limits.order.rawValue)); --fresh begins anew with another"))
        }
        try refuseImpossible(record.limits)
        try await ThrottleCheck(connection: connection).check(options.limits.applied(to: Limits()))
        try await PlanInspector(connection: connection).refuseUnsound(job, limits: record.limits)
        try await checkReplicas(connection, limits: record.limits)
        try await Ledger(connection: connection).open()
        if record.limits != earlier.limits {
            try await RunControl(connection: connection).set(record.limits, of: record.id)
        }
        let state = try await reopen(record, connection)
        guard let state = state.flatMap(RunState.init(rawValue:)) else {
            return try await alreadyCompleted(record, job: job, connection)
        }
        record.state = state
        _ = try await connection.transact(
            LedgerSQL.raiseTimeline, [.text("\(record.id)"), .text("\(job.session.timeline)")])
        return try await open(record, job: job, connection, drain: drain, resumed: true)
    }

    private func reopen(
        _ record: RunRecord, _ connection: PostgresConnection
    ) async throws -> String? {
        do {
            return try await connection.transact(
                LedgerSQL.reopenRun, [.text("\(record.id)")]
            ).scalar
        } catch {
            // The index over unfinished runs allows one of each name.
            guard error.sqlState?.rawValue == "23505" else { throw error }
            throw SluiceError(
                .refused,
                "another run of the name \(record.name) is unfinished: finish or cancel that one "
                    + "before resuming run \(record.id)")
        }
    }

    /// Fixes the ranges if that has not been done, then lets workers begin.
    private func open(
        _ record: RunRecord, job: PlannedJob, _ connection: PostgresConnection,
        drain: DrainSwitch, resumed: Bool
    ) async throws -> RunReport {
        for warning in job.warnings { report(.note(warning)) }
        var job = job
        if record.state == .planned {
            let wait = WriterWait(connection: connection, report: report)
            let clear = try await wait.wait(
                for: job, run: record.id, seconds: options.startWaitSeconds, drain: drain)
            var fixed = job
            if clear { fixed = try await fixRanges(record, job: job, connection) }
            // Another process may have fixed them first, with other tables below this one.
            let recorded = try await PartReader(connection: connection).parts(of: record)
            let isFixed = !recorded.present.isEmpty || !recorded.gone.isEmpty
            if isFixed {
                job = try await PartExaminer(connection: connection).examined(
                    job.with(parts: recorded.present, gone: recorded.gone)
                ).keeping(laneFactsOf: fixed)
            }
        }
        let watch = PartWatch(run: record.id, job: job, report: report)
        if !job.goneParts.isEmpty { try await watch.abandon(job.goneParts, connection) }
        try await watch.noteChanges(connection)
        report(.started(run: record.id, job: record.name, resumed: resumed))
        let backfill = BackfillRun(
            record: record, job: job, parameters: parameters, options: options, report: report)
        let ended = try await backfill.execute(connection, drain: drain)
        return try await RunVerification(
            parameters: parameters, options: options, report: report
        ).verified(ended, drain: drain)
    }

    /// Returns the job as its ranges were cut, with what is known of its tables.
    private func fixRanges(
        _ record: RunRecord, job: PlannedJob, _ connection: PostgresConnection
    ) async throws -> PlannedJob {
        let job = try await LanePlanner(connection: connection).examined(
            OrderPlanner(connection: connection).decided(job, limits: record.limits).job)
        let planner = RangePlanner(connection: connection)
        let estimates = try await planner.estimates(job)
        // Before the last key is read: from then on no time is to pass until the run begins.
        let forecast = try await forecast(job, record.limits, estimates, connection)
        let snapshot = try await connection.query(LedgerSQL.snapshot).scalar
        let plan = try await connection.withSettings(job.session.settings) {
            try await LeastKey(connection: connection).bounding(
                planner.plan(job, limits: record.limits, estimates: estimates), of: job)
        }
        _ = try await connection.transact(
            LedgerSQL.startRun,
            [
                .text("\(record.id)"), .text(RangesText.ranges(plan.ranges)),
                .text("\(plan.keysTotalEstimate)"), .text("\(plan.ranges.count)"),
                .text(RangesText.parts(job.parts)),
                forecast.map { .text($0.json) } ?? .null, Parameter(snapshot),
            ])
        return job
    }

    /// What the run is reckoned to cost; `nil` where the server refuses the questions, which is no
    /// reason not to begin.
    private func forecast(
        _ job: PlannedJob, _ limits: Limits, _ estimates: [Int], _ connection: PostgresConnection
    ) async throws -> ForecastRecord? {
        do throws(PostgresError) {
            return ForecastRecord(
                try await Forecaster(
                    connection: connection, probeMilliseconds: ForecastProbe.runMilliseconds
                ).result(job, limits: limits, keys: estimates.reduce(0, +)))
        } catch {
            guard error.kind == .server else { throw error }
            return nil
        }
    }

    private func alreadyCompleted(
        _ record: RunRecord, job: PlannedJob, _ connection: PostgresConnection
    ) async throws -> RunReport {
        let status = try await StatusReader(connection: connection).read(id: record.id)
        let anew =
            job.identity.kind.beginsAnew
            ? "`sluice run` begins anew"
            : try await RemainingRows(connection: connection).words(job)
                + "nothing was done, --fresh begins anew"
        return RunReport(
            status: status, exitCode: Int32(record.exitCode ?? 0),
            message: "run \(record.id) (\(record.name)) is completed already: "
                + "\(status.rowsChanged) rows were \(status.kind.done); \(anew)",
            seconds: 0, replicaLagSecondsMax: nil, walBytes: nil, didWork: false)
    }

    // MARK: Refusals

    private func refuseImpossible(_ limits: Limits) throws(SluiceError) {
        if let problem = limits.problem { throw SluiceError(.refused, problem) }
        let timeoutSeconds = Double(limits.statementTimeoutMilliseconds) / 1_000
        if options.leaseSeconds <= timeoutSeconds {
            throw SluiceError(
                .refused,
                "the lease (\(options.leaseSeconds) s) must be longer than a statement may take "
                    + "(\(timeoutSeconds) s): raise --lease or lower --statement-timeout")
        }
    }

    private func refuseDifferent(
        _ job: PlannedJob, from earlier: RunRecord
    ) throws(SluiceError) {
        let differences = job.identity.differences(from: earlier.identity)
        guard !differences.isEmpty else { return }
        let what = differences.joined(separator: ", ")
        if earlier.state.isUnfinished {
            throw SluiceError(
                .refused,
                "run \(earlier.id) of the name \(earlier.name) is unfinished, and this job differs "
                    + "from it in: \(what); finish it with `sluice resume \(earlier.id)`, "
                    + "cancel it with `sluice cancel \(earlier.id)`, or give this job another "
                    + "--name"
            )
        }
        throw SluiceError(
            .refused,
            "run \(earlier.id) of the name \(earlier.name) was another job (it differs in: "
                + "\(what)): give this one another --name, or use --fresh")
    }

    private func checkReplicas(
        _ connection: PostgresConnection, limits: Limits
    ) async throws {
        try await ReplicaWatch.check(options.replicas)
        guard limits.maxLagSeconds != nil else { return }
        var observer = ReplicaObserver()
        switch try await observer.observe(connection, nowSeconds: 0) {
        case .unobservable(let reason): throw SluiceError(.refused, reason)
        case .noReplica where options.replicas.isEmpty:
            report(.note("no replica is connected: there is no lag to wait for"))
        case .noReplica, .lag: break
        }
    }

    private func withControl(
        _ body: @Sendable (PostgresConnection) async throws -> RunReport
    ) async throws -> RunReport {
        let connection = try await Connector.openPrimary(
            parameters, applicationName: "sluice")
        do {
            let value = try await body(connection)
            await connection.close()
            return value
        } catch let error as PostgresError {
            await connection.close()
            if error.kind == .cancelled { throw CancellationError() }
            if error.sqlState == .insufficientPrivilege {
                throw SluiceError(
                    .refused,
                    "\(error.description): grant it to this role; `sluice doctor` lists what a run "
                        + "needs")
            }
            throw SluiceError(error, while: "preparing the run")
        } catch {
            await connection.close()
            throw error
        }
    }
}
