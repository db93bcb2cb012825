import SluicePostgres

/// Walks along the key in steps, on one connection.
struct KeyWalk {
    let job: FillJob
    let connection: PostgresConnection
    /// Where the last step ended; nowhere before the first.
    private(set) var last: [String]?

    init(_ job: FillJob, _ connection: PostgresConnection, after last: [String]? = nil) {
        self.job = job
        self.connection = connection
        self.last = last
    }

    /// One step: the keys after `after` up to and with `end`.
    struct Step: Sendable {
        let after: [String]?
        let end: [String]
    }

    /// The next step of so many keys, or of those that are left; `nil` behind the last key.
    mutating func next(keys: Int) async throws -> Step? {
        let after = last
        guard let end = try await self.end(after: after, keys: keys) else { return nil }
        last = end
        return Step(after: after, end: end)
    }

    private func end(after: [String]?, keys: Int) async throws -> [String]? {
        let bound = after == nil ? "" : "WHERE (\(job.keyList)) > (\(job.parameters())) "
        let parameters = (after ?? []).map { Parameter.text($0) }
        let walked = try await connection.query(
            "SELECT \(job.keyTexts) FROM \(job.table) \(bound)ORDER BY \(job.keyList) "
                + "OFFSET \(max(1, keys) - 1) LIMIT 1", parameters
        ).rows.first
        if let walked { return walked.compactMap { $0 } }
        // Fewer are left than that: up to the last one.
        return try await connection.query(
            "SELECT \(job.keyTexts) FROM \(job.table) \(bound)ORDER BY \(job.descending) LIMIT 1",
            parameters
        ).rows.first?.compactMap { $0 }
    }

    /// Fills a step's rows that the job is about.
    static func fill(
        _ step: Step, _ job: FillJob, _ connection: PostgresConnection
    ) async throws {
        let first = step.after == nil ? 1 : job.key.count + 1
        let above =
            step.after == nil ? "" : "(\(job.keyList)) > (\(job.parameters())) AND "
        let sql = """
            UPDATE \(job.table) SET \(job.assignment) WHERE \(above)(\(job.keyList)) \
            <= (\(job.parameters(from: first))) AND \(job.remaining)
            """
        _ = try await connection.query(
            sql, ((step.after ?? []) + step.end).map { Parameter.text($0) })
    }
}
