import SluicePostgres

/// What the application's statements took between two looks, by the server's own statistics.
///
/// A mean, not a percentile: `pg_stat_statements` keeps no more. Good enough to see a slow-down
/// where no probe was given.
struct StatementLatency: Sendable {
    /// Calls and milliseconds of each statement at the last look.
    private var before: [String: Totals]?

    private struct Totals: Sendable {
        let calls: Double
        let milliseconds: Double
    }

    /// Seconds that a call took in the mean since the last look.
    ///
    /// `nil` at the first look, where nothing was called, and where the extension is missing or
    /// this role may not see it.
    mutating func observe(
        _ connection: PostgresConnection
    ) async throws(PostgresError) -> Double? {
        guard let now = try await totals(connection) else {
            before = nil
            return nil
        }
        defer { before = now }
        guard let before else { return nil }
        var calls = 0.0
        var milliseconds = 0.0
        for (statement, totals) in now {
            // One that has just come among those that are asked for brings its whole past.
            guard let known = before[statement] else { continue }
            // Statistics that were reset begin again.
            let isReset = known.calls > totals.calls
            calls += totals.calls - (isReset ? 0 : known.calls)
            milliseconds += max(0, totals.milliseconds - (isReset ? 0 : known.milliseconds))
        }
        return calls > 0 ? milliseconds / calls / 1_000 : nil
    }

    private func totals(
        _ connection: PostgresConnection
    ) async throws(PostgresError) -> [String: Totals]? {
        guard
            let view = try await connection.queryKept(
                StatementSQL.view, timeout: .seconds(10)
            ).scalar
        else { return nil }
        let rows: [[String?]]
        do {
            rows = try await connection.queryKept(
                StatementSQL.totals(view: view), timeout: .seconds(10)
            ).rows
        } catch {
            // Not loaded into the server, or not for this role.
            guard error.kind == .server else { throw error }
            return nil
        }
        var totals: [String: Totals] = [:]
        for row in rows {
            guard let statement = row[0], let calls = row[1].flatMap({ Double($0) }),
                let milliseconds = row[2].flatMap({ Double($0) })
            else { continue }
            totals[statement] = Totals(calls: calls, milliseconds: milliseconds)
        }
        return totals
    }
}
