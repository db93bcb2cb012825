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

    /// Fixes the upper bound of each table at its last key and cuts what lies below.
    func plan(_ job: PlannedJob, limits: Limits) async throws(PostgresError) -> RangePlan {
        var estimates: [Int] = []
        for part in job.parts {
            let sql = SplitSQL(table: part.name, tableOID: part.oid, key: job.key)
            estimates.append(
                try await PlanInspector(connection: connection).estimatedRows(sql.estimate))
        }
        let wanted = RangeCount.shares(keysEstimates: estimates, limits: limits)
        var ranges: [KeyRange] = []
        var methods: [String] = []
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

    private func plan(
        _ part: PlannedPart, job: PlannedJob, estimate: Int, wanted: Int
    ) async throws(PostgresError) -> RangePlan {
        let sql = SplitSQL(table: part.name, tableOID: part.oid, key: job.key)
        let ends = try await connection.query(sql.ends).rows[0]
        guard let first = ends[0], let last = ends[1] else {
            return RangePlan(ranges: [], method: "the table is empty", keysTotalEstimate: 0)
        }
        let upper = TextArray.parse(last)
        let bounds = try await interior(sql, job: job, first: first, last: last, wanted: wanted)
        return RangePlan(
            ranges: RangeChain.ranges(
                interior: bounds.keys, upper: upper, keysTotalEstimate: max(1, estimate),
                part: part.number),
            method: bounds.method, keysTotalEstimate: max(1, estimate))
    }

    /// How one table was cut, or how many there are.
    private static func words(_ methods: [String]) -> String {
        methods.count == 1 ? methods[0] : "over \(methods.count) tables"
    }

    private func interior(
        _ sql: SplitSQL, job: PlannedJob, first: String, last: String, wanted: Int
    ) async throws(PostgresError) -> (keys: [KeyTuple], method: String) {
        guard wanted > 1 else { return ([], "one range, the table is small") }
        guard !job.key[0].isArray else { return ([], "one range: the key begins with an array") }
        let rows = try await connection.query(
            sql.histogram, [.text(first), .text(last), .text("\(wanted)")]
        ).rows
        let histogram = rows.compactMap { $0[0].map(TextArray.parse) }
        let minimum = TextArray.parse(first)[0]
        let maximum = TextArray.parse(last)[0]
        let single = job.key.count == 1
        switch job.key[0].arithmetic {
        case .integer where single:
            guard let low = Int64(minimum), let high = Int64(maximum) else { break }
            let known = histogram.compactMap { Int64($0[0]) }
            let bounds = IntegerBounds.completed(
                known, minimum: low, maximum: high, count: wanted)
            let method =
                known.isEmpty
                ? "arithmetic between the first and the last key (no statistics yet)"
                : "the statistics' histogram"
            return (bounds.map { ["\($0)"] }, method)
        case .uuid where single && histogram.isEmpty:
            let bounds = UUIDBounds.interior(minimum: minimum, maximum: maximum, count: wanted)
            return (
                bounds.map { [$0] },
                "arithmetic between the first and the last key (no statistics yet)"
            )
        default: break
        }
        if histogram.isEmpty {
            return ([], "one range: there are no statistics on \(job.key[0].name) yet (ANALYZE)")
        }
        return (histogram, "the statistics' histogram")
    }
}

extension KeyColumn {
    /// Whether its values are arrays, whose type's name begins with an underscore: an array of
    /// histogram bounds would be taken for one array of more dimensions.
    fileprivate var isArray: Bool { castType.contains("._") || castType.contains(".\"_") }
}
