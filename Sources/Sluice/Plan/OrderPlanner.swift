import SluiceCore
import SluicePostgres

/// Decides in which order the rows of a job's tables are visited.
struct OrderPlanner: Sendable {
    let connection: PostgresConnection

    /// The job with the order of each of its tables, and the largest one's as a sentence.
    /// - Throws: `SluiceError` where an order is asked for that is not possible.
    func decided(
        _ job: PlannedJob, limits: Limits
    ) async throws -> (job: PlannedJob, sentence: String) {
        var job = job
        let facts = try await facts(job, limits)
        var sentence = ""
        let largest = job.largestParts.first?.number
        for index in job.parts.indices {
            let part = job.parts[index]
            let choice = OrderChoice.decide(facts[part.number] ?? OrderFacts(), limits.order)
            if case .refused = choice { throw SluiceError(.refused, choice.sentence) }
            if case .physical = choice { job.parts[index].isPhysical = true }
            guard part.number == largest else { continue }
            sentence = choice.sentence
            // What was asked for need not be asked again.
            if job.parts[index].isPhysical, let known = facts[part.number]?.laneFacts,
                known.isPhysical
            {
                job.parts[index].laneFacts = known
            }
        }
        return (job, sentence)
    }

    private func facts(
        _ job: PlannedJob, _ limits: Limits
    ) async throws(PostgresError) -> [Int: OrderFacts] {
        var common = OrderFacts()
        common.lanes = limits.lanes
        common.isUpdate = job.identity.kind == .update
        common.hasPredicate = job.identity.predicate != nil
        common.scansPages = connection.serverVersion >= Self.versionMin
        guard common.isUpdate, common.hasPredicate, common.scansPages else {
            return Dictionary(uniqueKeysWithValues: job.parts.map { ($0.number, common) })
        }
        common.server = try await ServerReader(connection: connection).facts()
        // The largest one's plan stands for all: they have the same columns.
        if let part = job.largestParts.first, !part.isWide, part.driver == nil {
            common.planProblem = try await planProblem(job, part)
        }
        let rows = try await connection.query(
            OrderSQL.tables,
            [
                .text(TextArray.literal(job.parts.map { "\($0.oid)" })),
                .text(job.key[0].name),
            ], timeout: PostgresConnection.ledgerTimeout
        ).rows
        let rowOfTable = Dictionary(rows.map { ($0[0] ?? "", $0) }) { first, _ in first }
        // As its keys lie, and its indexes are, those of the others are taken to.
        if limits.order == .auto, var part = job.largestParts.first, !part.isWide,
            part.driver == nil, let correlation = Self.correlation(rowOfTable["\(part.oid)"]),
            abs(correlation) < OrderChoice.correlationMax
        {
            common.isScattered = try await KeySpread(connection: connection).isScattered(job, part)
            part.isPhysical = true
            common.laneFacts = try await LanePlanner(connection: connection).facts(job, part)
        }
        var facts: [Int: OrderFacts] = [:]
        for part in job.parts {
            let row = rowOfTable["\(part.oid)"]
            var own = common
            own.isWide = part.isWide
            own.isDriven = part.driver != nil
            own.pages = row?[1].flatMap { Int($0) } ?? 0
            own.rowsPerPage = row?[2].flatMap(Double.init)
            own.correlation = Self.correlation(row)
            own.laneFacts.otherIndexes = row?[4].flatMap { Int($0) } ?? 0
            facts[part.number] = own
        }
        return facts
    }

    /// How far the key follows the pages of the table that a row describes.
    private static func correlation(_ row: [String?]?) -> Double? {
        row?[3].flatMap(Double.init)
    }

    /// The first version that scans a part of a table by its pages.
    private static let versionMin = 140_000

    /// What is wrong with the plan of a batch of pages, in words.
    func planProblem(
        _ job: PlannedJob, _ part: PlannedPart
    ) async throws(PostgresError) -> String? {
        try await PlanInspector(connection: connection)
            .problem(explaining: job.physical(part).inspection, job, part) { plan in
                PlanGuard.scansPages(plan, table: part.name.name)
                    ? nil : "the server does not scan a part of the table by its pages"
            }
    }
}
