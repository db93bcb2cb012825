import SluiceCore
import SluicePostgres

/// Finds out what bounds and what drives the batches of each of a job's tables.
struct PartExaminer: Sendable {
    let connection: PostgresConnection

    /// Most entries in a page of a B-tree, each with a key of its own: 8 kB less its header (24
    /// bytes) and its end (16), by the smallest entry (16) with its pointer (4).
    private static let entriesPerPageMax = 407

    /// The job with what was found.
    func examined(_ job: PlannedJob) async throws -> PlannedJob {
        var job = job
        let oids = TextArray.literal(job.parts.map { "\($0.oid)" })
        let wide = try await connection.query(StorageSQL.wideColumns, [.text(oids)]).rows
        for row in wide {
            guard let at = job.parts.firstIndex(where: { "\($0.oid)" == row[0] }) else { continue }
            job.parts[at].wideColumns = TextArray.parse(row[1] ?? "{}")
            let bytes = row[2].flatMap(Double.init) ?? 0
            let rows = row[3].flatMap(Double.init) ?? 0
            if rows > 0 { job.parts[at].bytesPerRow = bytes / rows }
        }
        guard job.identity.predicate != nil else { return job }
        let key = TextArray.literal(job.key.map(\.name))
        let candidates = try await connection.query(
            StorageSQL.drivingIndexes, [.text(oids), .text(key)]
        ).rows
        for row in candidates {
            guard let at = job.parts.firstIndex(where: { "\($0.oid)" == row[0] }),
                job.parts[at].driver == nil
            else { continue }
            let counted = row[2].flatMap(Double.init) ?? 0
            let pages = row[3].flatMap(Int.init) ?? 0
            let driver = DrivingIndex(
                name: row[1] ?? "",
                keysEstimateMost: counted > 0 ? Int(counted) : pages * Self.entriesPerPageMax)
            if try await drives(driver, job.parts[at], job: job) { job.parts[at].driver = driver }
        }
        return job
    }

    /// Whether the planner takes the index for the end of a batch of keys that match, in either
    /// shape of batch: it proves that the index holds them all, and finds it the cheapest way.
    ///
    /// And whether it bounds the rest of the batch by the key, although the predicate stands there
    /// as it is: with an index on another of its columns it may not, and then the job is better
    /// off without.
    ///
    /// Always for a batch of the default size, so that the answer is the same whenever it is asked
    /// for.
    func drives(
        _ driver: DrivingIndex, _ part: PlannedPart, job: PlannedJob
    ) async throws(PostgresError) -> Bool {
        var part = part
        part.driver = driver
        let inspector = PlanInspector(connection: connection)
        for first in [true, false] {
            let statement = job.batch(part).inspection(firstOfRange: first, limits: Limits())
            let lines: [String]
            do throws(PostgresError) {
                lines = try await inspector.explain(
                    "(FORMAT JSON)", statement, job: job, limits: Limits())
            } catch {
                // What the server refuses to plan is refused with its reason a little later.
                guard error.kind == .server else { throw error }
                return false
            }
            guard let plan = PlanInspector.plan(json: lines.joined(separator: "\n")),
                PlanInspector.drivingIndex(in: plan, part: part) == driver.name,
                inspector.problem(in: plan, job, part) == nil
            else { return false }
        }
        return true
    }
}
