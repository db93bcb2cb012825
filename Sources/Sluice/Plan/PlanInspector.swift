import SluiceCore
import SluicePostgres

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Has the server explain a batch before any is run, under a batch's own settings.
struct PlanInspector: Sendable {
    let connection: PostgresConnection

    /// What is wrong with the plan of either shape of batch, or `nil`.
    func problem(
        _ job: PlannedJob, limits: Limits, without gone: Set<Int> = []
    ) async throws(PostgresError) -> String? {
        for part in job.largestParts where !gone.contains(part.number) {
            if let problem = try await problem(job, part, limits: limits) { return problem }
        }
        return nil
    }

    private func problem(
        _ job: PlannedJob, _ part: PlannedPart, limits: Limits
    ) async throws(PostgresError) -> String? {
        let batch = job.batch(part)
        var found: String?
        for first in [true, false] {
            let statement = batch.inspection(firstOfRange: first, limits: limits)
            let rows = try await explain("(FORMAT JSON)", statement, job: job, limits: limits)
            let json = rows.joined(separator: "\n")
            guard let plan = Self.plan(json: json) else {
                return "the server's EXPLAIN of a batch cannot be read"
            }
            found = found ?? problem(in: plan, job, part)
        }
        if part.isPhysical, found == nil {
            found = try await OrderPlanner(connection: connection).planProblem(job, part)
            // Where it was not sound from the start there are no lanes.
            if found == nil, let facts = part.laneFacts, facts.planProblem == nil {
                found = try await LanePlanner(connection: connection).problemOfPages(job, part)
            }
        }
        if let driver = part.driver,
            try await !PartExaminer(connection: connection)
                .drives(driver, part, job: job)
        {
            return "the partial index \(driver.name) no longer drives the scan (it is gone, or the "
                + "planner takes another), and each batch would search for its rows; `sluice "
                + "resume` carries on without it"
        }
        return found
    }

    /// What is wrong with the plan of another shape of batch, in words, `also` by its own rule.
    ///
    /// What the server refuses to plan counts as well: plain batches are there to say so.
    func problem(
        explaining statement: String, _ job: PlannedJob, _ part: PlannedPart,
        also: (PlanNode) -> String? = { _ in nil }
    ) async throws(PostgresError) -> String? {
        do throws(PostgresError) {
            let lines = try await explain(
                "(FORMAT JSON)", statement, job: job, limits: Limits())
            guard let plan = Self.plan(json: lines.joined(separator: "\n")) else {
                return "the server's EXPLAIN of a batch cannot be read"
            }
            return also(plan) ?? problem(in: plan, job, part)
        } catch {
            guard error.kind == .server else { throw error }
            return error.diagnostics?.message ?? error.message
        }
    }

    /// What is wrong with the plan of a batch on one of the job's tables.
    func problem(in plan: PlanNode, _ job: PlannedJob, _ part: PlannedPart) -> String? {
        PlanGuard.problem(
            in: plan, table: part.name.name,
            names: [job.alias(part) ?? part.name.name] + statementNames(job),
            firstKeyColumn: job.key[0].name)
    }

    /// The names that a user's own statement gives the table, as far as it says so.
    private func statementNames(_ job: PlannedJob) -> [String] {
        guard let sql = job.identity.detail.statement,
            let template = try? StatementTemplate(sql)
        else { return [] }
        return template.pieces.compactMap { piece in
            guard case .range(let qualifier?) = piece else { return nil }
            return SQLName.parts(qualifier)?.last
        }
    }

    /// The index by which a batch's end is found.
    static func drivingIndex(in plan: PlanNode, part: PlannedPart) -> String? {
        PlanGuard.drivingIndex(in: plan, table: part.name.name, part: "CTE sluice_end")
            ?? PlanGuard.drivingIndex(in: plan, table: part.name.name, part: "CTE sluice_walk")
    }

    /// Refuses the job if its batches cannot be bounded, or if the server refuses to plan them.
    func refuseUnsound(_ job: PlannedJob, limits: Limits) async throws {
        let found: String?
        do {
            found = try await problem(job, limits: limits)
        } catch {
            guard error.kind == .server else { throw error }
            throw SluiceError(.refused, Self.sentence(error, job: job))
        }
        if let found {
            throw SluiceError(.refused, "refusing the plan: \(found); \(Self.cure(job))")
        }
    }

    private static func cure(_ job: PlannedJob) -> String {
        let analyze = "ANALYZE \(job.table.name.shown)"
        if job.identity.kind == .statement {
            return "write conditions beside :range as (CASE WHEN … THEN true END), which no index "
                + "serves, or \(analyze)"
        }
        return "\(analyze), wait for transactions older than a fresh index, or choose another --key"
    }

    /// The plan of a batch in the server's words.
    func explanation(_ job: PlannedJob, limits: Limits) async throws(PostgresError) -> String {
        guard let part = job.largestParts.first else { return "" }
        let statement =
            part.isPhysical
            ? job.physical(part).inspection
            : job.batch(part).inspection(firstOfRange: false, limits: limits)
        return try await explain("(COSTS OFF)", statement, job: job, limits: limits)
            .joined(separator: "\n")
    }

    /// The planner's estimate of a table's rows.
    func estimatedRows(_ sql: String) async throws(PostgresError) -> Int {
        let json = try await connection.query(sql).rows.compactMap { $0[0] }
        return Self.decoded(json: json.joined(separator: "\n"))?.rows ?? 0
    }

    func explain(
        _ options: String, _ statement: String, job: PlannedJob, limits: Limits
    ) async throws(PostgresError) -> [String] {
        let answer = try await connection.transact(
            opening: [
                Statement(BatchSettingsSQL.begin),
                BatchSettingsSQL.timeout(limits.statementTimeoutMilliseconds),
                BatchSettingsSQL.settings(
                    job.session.settings, limits: limits, serverVersion: connection.serverVersion),
            ],
            [Statement("EXPLAIN \(options) \(statement)"), Statement("ROLLBACK")],
            timeout: .seconds(60))
        return answer.results[3].rows.compactMap { $0[0] }
    }

    static func sentence(_ error: PostgresError, job: PlannedJob) -> String {
        let message = error.diagnostics?.message ?? error.message
        let table = job.table.name.shown
        switch error.sqlState?.rawValue {
        case "42501":
            return "\(message): \(grant(job)) TO \(job.session.user)"
        default:
            let hint = error.diagnostics?.hint.map { " (\($0))" } ?? ""
            let options = job.identity.kind == .statement ? "--statement" : "--set and --where"
            return "the server refuses the change of \(table): \(message)\(hint); check \(options)"
        }
    }

    private static func grant(_ job: PlannedJob) -> String {
        let table = job.table.name.shown
        let target = job.target?.name.shown ?? ""
        let isUpdating = job.identity.detail.onConflict == .update
        let into = isUpdating ? "SELECT, INSERT, UPDATE" : "SELECT, INSERT"
        return switch job.identity.kind {
        case .update: "GRANT SELECT, UPDATE ON \(table)"
        case .delete: "GRANT SELECT, DELETE ON \(table)"
        case .copy: "GRANT SELECT ON \(table), and \(into) ON \(target),"
        case .move: "GRANT SELECT, DELETE ON \(table), and \(into) ON \(target),"
        case .statement: "GRANT what the statement does"
        }
    }

    // MARK: The server's JSON

    static func plan(json: String) -> PlanNode? { decoded(json: json)?.node }

    private static func decoded(json: String) -> ExplainedNode? {
        let decoder = JSONDecoder()
        return try? decoder.decode([ExplainedPlan].self, from: Data(json.utf8)).first?.plan
    }
}

private struct ExplainedPlan: Decodable {
    let plan: ExplainedNode

    enum CodingKeys: String, CodingKey {
        case plan = "Plan"
    }
}

private struct ExplainedNode: Decodable {
    let type: String
    let relation: String?
    let alias: String?
    let indexCondition: String?
    let index: String?
    let part: String?
    let rows: Int?
    let children: [ExplainedNode]?

    enum CodingKeys: String, CodingKey {
        case type = "Node Type"
        case relation = "Relation Name"
        case alias = "Alias"
        case indexCondition = "Index Cond"
        case index = "Index Name"
        case part = "Subplan Name"
        case rows = "Plan Rows"
        case children = "Plans"
    }

    var node: PlanNode {
        PlanNode(
            type: type, relation: relation, alias: alias,
            indexCondition: indexCondition, index: index, part: part, rows: rows ?? 0,
            children: (children ?? []).map(\.node))
    }
}
