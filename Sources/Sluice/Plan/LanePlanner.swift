import SluiceCore
import SluicePostgres

/// Finds out what decides whether a job's tables are filled in lanes.
struct LanePlanner: Sendable {
    let connection: PostgresConnection

    /// Tables of which each is asked about: thousands of partitions have the same indexes and keys,
    /// and their rows are alike.
    private static let askedMost = 16

    /// The tables that are asked about: the largest.
    static func asked(_ job: PlannedJob) -> Set<Int> {
        Set(job.parts.sorted { $0.pages > $1.pages }.prefix(askedMost).map(\.number))
    }

    /// The job with what was found; what it has of a table already is not asked again.
    func examined(_ job: PlannedJob) async throws(PostgresError) -> PlannedJob {
        var job = job
        let asked = Self.asked(job)
        // The largest first: the others of its make are taken to be like it.
        let order = job.parts.indices.sorted { job.parts[$0].pages > job.parts[$1].pages }
        var known: [Make: LaneFacts] = [:]
        for index in order {
            let part = job.parts[index]
            let make = Make(part)
            if let facts = part.laneFacts {
                known[make] = known[make] ?? facts
                continue
            }
            if !asked.contains(part.number), let alike = known[make] {
                job.parts[index].laneFacts = alike
                continue
            }
            let found = try await facts(job, part)
            job.parts[index].laneFacts = found
            known[make] = known[make] ?? found
        }
        return job
    }

    /// What is known of each table by itself, and differs between partitions.
    private struct Make: Hashable {
        let isPhysical: Bool
        let isWide: Bool
        let isDriven: Bool

        init(_ part: PlannedPart) {
            isPhysical = part.isPhysical
            isWide = part.isWide
            isDriven = part.driver != nil
        }
    }

    /// How the largest table is filled, and why.
    func sentence(_ job: PlannedJob, limits: Limits) async throws(PostgresError) -> String {
        guard let part = job.largestParts.first else { return "" }
        let planned = try await choice(job, part, limits)
        return planned.choice.sentence(planned.facts)
    }

    /// How one of the tables is filled, and what that was decided from; asked for unless the job
    /// has it already.
    func choice(
        _ job: PlannedJob, _ part: PlannedPart, _ limits: Limits
    ) async throws(PostgresError) -> (choice: LaneChoice, facts: LaneFacts) {
        if let facts = part.laneFacts { return (LaneChoice.decide(facts, limits.lanes), facts) }
        let facts = try await facts(job, part)
        return (LaneChoice.decide(facts, limits.lanes), facts)
    }

    /// What decides whether a table is filled in lanes.
    func facts(
        _ job: PlannedJob, _ part: PlannedPart
    ) async throws(PostgresError) -> LaneFacts {
        var facts = LaneFacts()
        facts.isUpdate = job.identity.kind == .update
        facts.isDriven = part.driver != nil
        facts.isHashed = job.laneMethod == .hash
        facts.isPhysical = part.isPhysical
        guard facts.isUpdate else { return facts }
        let row = try await connection.query(
            LaneFactsSQL.facts,
            [
                .text("\(part.oid)"),
                .text(TextArray.literal(job.identity.assignments.map(\.column))),
                .text(job.key[0].name),
            ], timeout: PostgresConnection.ledgerTimeout
        ).rows[0]
        facts.indexesInTheWay = TextArray.parse(row[0] ?? "{}")
        facts.otherIndexes = Int(row[1] ?? "") ?? 0
        facts.rowsPerPage = row[2].flatMap(Double.init)
        facts.correlation = row[3].flatMap(Double.init)
        facts.growthBytes = row[4].flatMap(Double.init) ?? facts.growthBytes
        // A row keeps its other values out of line where they are, however large they are.
        facts.isWide = part.isWide && row[5] == "t"
        if facts.isPhysical {
            facts.planProblem = try await problemOfPages(job, part)
            return facts
        }
        facts.canBeTold = try await canBeTold(job)
        guard facts.canBeTold else { return facts }
        facts.planProblem = try await planProblem(job, part)
        facts.canNameRuns = try await canNameRuns(job, part)
        return facts
    }

    /// What is wrong with the plan of a lane's batch: as with plain ones, no batch may read more
    /// of the table than its own rows.
    private func planProblem(
        _ job: PlannedJob, _ part: PlannedPart
    ) async throws(PostgresError) -> String? {
        try await PlanInspector(connection: connection)
            .problem(explaining: job.lane(part).inspection, job, part)
    }

    /// The same of a table that is visited by its pages.
    func problemOfPages(
        _ job: PlannedJob, _ part: PlannedPart
    ) async throws(PostgresError) -> String? {
        for statement in job.physical(part).inspectionsOfLanes {
            let problem = try await PlanInspector(connection: connection).problem(
                explaining: statement, job, part
            ) { plan in
                PlanGuard.scansPagesOnly(
                    plan, table: part.name.name, part: "CTE \(PhysicalSQL.placesPart)")
                    ? nil : "the server does not look at a page's rows by themselves"
            }
            if let problem { return problem }
        }
        return nil
    }

    /// Whether batches may name the ends of runs of keys.
    private func canNameRuns(
        _ job: PlannedJob, _ part: PlannedPart
    ) async throws(PostgresError) -> Bool {
        // The ends of runs need not be keys, and a domain may not allow them.
        guard job.key.count == 1, job.laneMethod == .integer,
            job.key[0].castType.hasPrefix("pg_catalog.")
        else { return false }
        return try await PlanInspector(connection: connection).problem(
            explaining: job.lane(part).inspectionOfRuns, job, part
        ) { plan in
            PlanGuard.usesBitmaps(plan, table: part.name.name)
                ? "the server makes a bitmap for each run" : nil
        } == nil
    }

    /// Whether every type of the key has what its lanes are told by.
    private func canBeTold(_ job: PlannedJob) async throws(PostgresError) -> Bool {
        if job.key.contains(where: \.isComparedByCast) { return false }
        let types = TextArray.literal(job.key.map(\.castType))
        let areArrays = try await connection.query(LaneFactsSQL.areArrays, [.text(types)]).scalar
        if areArrays != "f" { return false }
        guard job.laneMethod == .hash else { return true }
        let nulls = job.key.map { "NULL::\($0.castType)" }.joined(separator: ", ")
        do throws(PostgresError) {
            _ = try await connection.query(
                "SELECT pg_catalog.hash_record_extended(ROW(\(nulls)), 0)")
            return true
        } catch {
            guard error.kind == .server else { throw error }
            return false
        }
    }
}
