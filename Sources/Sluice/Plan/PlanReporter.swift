import SluiceCore
import SluicePostgres

/// Says what a run of a job would do, without doing any of it.
struct PlanReporter: Sendable {
    let connection: PostgresConnection

    func report(_ request: JobRequest, options: RunOptions) async throws -> PlanReport {
        var job = try await JobPlanner(connection: connection).plan(request)
        let limits = options.limits.applied(to: Limits())
        if let problem = limits.problem { throw SluiceError(.refused, problem) }
        let inspector = PlanInspector(connection: connection)
        var refusals: [String] = []
        do {
            try await inspector.refuseUnsound(job, limits: limits)
            try await ThrottleCheck(connection: connection).check(limits)
        } catch let error as SluiceError where error.kind == .refused {
            refusals.append(error.message)
        }
        var order = ""
        do {
            (job, order) = try await OrderPlanner(connection: connection)
                .decided(job, limits: limits)
        } catch let error as SluiceError where error.kind == .refused {
            refusals.append(error.message)
        }
        job = try await LanePlanner(connection: connection).examined(job)
        let planned = job
        let explanation =
            refusals.isEmpty ? try await inspector.explanation(job, limits: limits) : ""
        let ranges = try await connection.withSettings(job.session.settings) {
            try await LeastKey(connection: connection).bounding(
                RangePlanner(connection: connection).plan(planned, limits: limits), of: planned)
        }
        if let reason = request.needsConfirmation, !options.confirmed { refusals.append(reason) }
        refusals += try await ledgerRefusals(job)
        let known = try await warnings(job)
        if limits.maxLagSeconds != nil, let reason = known.blind { refusals.append(reason) }
        // A row that goes by its page is looked at once more by the sweep.
        let keys = ranges.ranges.filter { !$0.isPhysical }.reduce(0) { $0 + $1.keysEstimate }
        var forecast = Forecaster.Result()
        if refusals.isEmpty {
            forecast = try await Forecaster(
                connection: connection, probeMilliseconds: ForecastProbe.planMilliseconds
            ).result(job, limits: limits, keys: keys)
            job = job.probed(forecast.forecast)
        }
        let settings = BatchSettingsSQL.settings(
            job.session.settings, limits: limits, serverVersion: job.session.serverVersion)
        return PlanReport(
            job: job.name, table: job.table.name.shown, parts: job.parts.map(\.name.shown),
            key: job.key.map { Identifier($0.name).shown },
            keysTotalEstimate: keys,
            ranges: ranges.ranges,
            splitMethod: ranges.method,
            drivingIndex: job.largestParts.first?.driver.map { Identifier($0.name).shown },
            limits: limits, order: order,
            lanes: try await LanePlanner(connection: connection).sentence(job, limits: limits),
            vacuum: try await VacuumPlanner(connection: connection).sentence(job, limits: limits),
            statements: [
                BatchSettingsSQL.begin, Self.shown(settings),
                job.largestParts.first.map {
                    $0.isPhysical
                        ? job.physical($0).change(skips: false)
                        : job.batch($0).change(firstOfRange: false)
                } ?? "",
                BatchSettingsSQL.commit,
            ],
            explanation: explanation,
            warnings: known.warnings + (forecast.warning.map { [$0] } ?? []),
            refusals: refusals, forecast: forecast.forecast, kind: job.identity.kind,
            target: job.target?.name.shown)
    }

    /// The settings with their values in place, as a person would write them.
    private static func shown(_ settings: Statement) -> String {
        var values: [String] = []
        for parameter in settings.parameters {
            if case .text(let value) = parameter { values.append(Literal.quoted(value)) }
        }
        let calls = stride(from: 0, to: values.count - 1, by: 2).map {
            "set_config(\(values[$0]), \(values[$0 + 1]), true)"
        }
        return "SELECT " + calls.joined(separator: ",\n    ")
    }

    /// Things to know, and why replicas that may exist cannot be watched.
    private func warnings(
        _ job: PlannedJob
    ) async throws -> (warnings: [String], blind: String?) {
        var warnings = job.warnings
        var observer = ReplicaObserver()
        switch try await observer.observe(connection, nowSeconds: 0) {
        case .noReplica: warnings.append("no replica is connected: there is no lag to wait for")
        case .unobservable(let reason): return (warnings, reason)
        case .lag: break
        }
        return (warnings, nil)
    }

    /// What an earlier run of the same name has to do with this one.
    private func ledgerRefusals(_ job: PlannedJob) async throws -> [String] {
        let ledger = Ledger(connection: connection)
        guard try await ledger.isPresent(), let earlier = try await ledger.find(name: job.name),
            earlier.state.isUnfinished
        else { return [] }
        let differences = job.identity.differences(from: earlier.identity)
        if differences.isEmpty { return [] }
        return [
            "run \(earlier.id) of the name \(earlier.name) is unfinished and differs in: "
                + differences.joined(separator: ", ")
        ]
    }
}
