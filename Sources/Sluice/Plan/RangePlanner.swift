import SluiceCore
import SluicePostgres

/// The ranges that a run begins with, and how they were found.
struct RangePlan: Sendable {
    let ranges: [KeyRange]
    let method: String
    let keysTotalEstimate: Int
}

/// Cuts a table into ranges without reading it.
struct RangePlanner: Sendable {
    let connection: PostgresConnection

    /// Keys of each table, by estimate.
    func estimates(_ job: PlannedJob) async throws(PostgresError) -> [Int] {
        var estimates: [Int] = []
        for part in job.parts {
            let rows = try await PlanInspector(connection: connection)
                .estimatedRows(sql(part, job).estimate)
            estimates.append(min(rows, part.driver?.keysEstimateMost ?? rows))
        }
        return estimates
    }

    /// The same with the estimates of this moment.
    func plan(_ job: PlannedJob, limits: Limits) async throws(PostgresError) -> RangePlan {
        try await plan(job, limits: limits, estimates: try await estimates(job))
    }

    /// Fixes the upper bound of each table at its last key and cuts what lies below.
    func plan(
        _ job: PlannedJob, limits: Limits, estimates: [Int]
    ) async throws(PostgresError) -> RangePlan {
        let wanted = RangeCount.shares(
            keysEstimates: estimates, batchKeys: job.parts.map { $0.expectedBatchKeys(limits) },
            limits: limits)
        var ranges: [KeyRange] = []
        var methods: [String] = []
        for (index, part) in job.parts.enumerated() where part.isPhysical {
            let pages = try await connection.query(sql(part, job).pages).scalar
            ranges += PageRanges.ranges(
                pages: pages.flatMap { Int($0) } ?? 0, count: wanted[index],
                keysTotalEstimate: max(1, estimates[index]), part: part.number)
        }
        for (index, part) in job.parts.enumerated() {
            let plan = try await self.plan(
                part, job: job, estimate: estimates[index], wanted: wanted[index])
            ranges += plan.ranges
            methods.append(plan.method)
        }
        return RangePlan(
            ranges: ranges, method: Self.words(methods),
            keysTotalEstimate: ranges.reduce(0) { $0 + $1.keysEstimate })
    }

    private func sql(_ part: PlannedPart, _ job: PlannedJob) -> SplitSQL {
        SplitSQL(table: part.name, tableOID: part.oid, key: job.key)
    }

    private func plan(
        _ part: PlannedPart, job: PlannedJob, estimate: Int, wanted: Int
    ) async throws(PostgresError) -> RangePlan {
        let sql = sql(part, job)
        let ends = try await connection.query(sql.ends).rows[0]
        guard let first = ends[0], let last = ends[1] else {
            return RangePlan(ranges: [], method: "the table is empty", keysTotalEstimate: 0)
        }
        let upper = TextArray.parse(last)
        let found: CutFinder.Result =
            wanted > 1
            ? try await CutFinder(connection: connection, sql: sql)
                .cuts(first: first, last: last, parts: wanted)
            : CutFinder.Result(cuts: [], method: "one range, the table is small")
        return RangePlan(
            ranges: RangeChain.ranges(
                interior: found.cuts.map(\.key), upper: upper,
                keysTotalEstimate: max(1, estimate),
                weights: Cut.weights(found.cuts.map { ($0.position, $0.step) }),
                part: part.number),
            method: found.method, keysTotalEstimate: max(1, estimate))
    }

    /// How one table was cut, or how many there are.
    private static func words(_ methods: [String]) -> String {
        methods.count == 1 ? methods[0] : "over \(methods.count) tables"
    }
}
