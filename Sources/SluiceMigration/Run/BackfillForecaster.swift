import Sluice
import SluiceCore
import SluicePostgres

/// Reckons what the backfills of a migration will cost, before anything of it is there.
///
/// The column that will be filled is not there yet: a column that is, and is in no index, stands in
/// for it and is set to itself. Whichever it is, each row gets a new version; the width of the new
/// value is left out.
struct BackfillForecaster: Sendable {
    let connection: PostgresConnection
    let parameters: ConnectionParameters

    /// The steps with what their backfills are reckoned to cost.
    func forecast(_ steps: [Step]) async throws -> [Step] {
        var all = steps
        for index in all.indices {
            guard case .backfill(var backfill) = all[index].action, backfill.statement == nil else {
                continue
            }
            guard let column = try await standIn(backfill) else { continue }
            var options = RunOptions()
            options.limits = StepRunner.backfillLimits
            options.limits.maxLagSeconds = .some(nil)
            let request = JobRequest(
                table: backfill.table,
                assignments: [Assignment(column: column, expression: column)])
            // A plan says what it can: a table that cannot be read now is no reason to show none.
            backfill.forecast = try? await Sluice(parameters).plan(request, options: options)
                .forecast
            all[index].action = .backfill(backfill)
        }
        return all
    }

    /// A column of the table that an update may set, and that no index has; `nil` without one, or
    /// without the table.
    private func standIn(_ backfill: Backfill) async throws(PostgresError) -> String? {
        try await connection.query(MigrationSQL.standIn, [.text(backfill.table)]).rows.first?[0]
    }
}
