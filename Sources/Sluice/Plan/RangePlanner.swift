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

    /// Fixes the upper bound at the table's last key and cuts what lies below.
    func plan(_ job: PlannedJob, limits: Limits) async throws(PostgresError) -> RangePlan {
        let sql = SplitSQL(table: job.table.name, tableOID: job.table.oid, key: job.key)
        let rows = try await PlanInspector(connection: connection).estimatedRows(sql.estimate)
        let estimate = job.parts[0].driver?.keysEstimate ?? rows
        let ends = try await connection.query(sql.ends).rows[0]
        guard let first = ends[0], let last = ends[1] else {
            return RangePlan(ranges: [], method: "the table is empty", keysTotalEstimate: 0)
        }
        let wanted = RangeCount.wanted(keysEstimate: estimate, limits: limits)
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
                weights: Cut.weights(found.cuts.map { ($0.position, $0.step) })),
            method: found.method, keysTotalEstimate: max(1, estimate))
    }
}
