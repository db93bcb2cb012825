import Sluice
import SluiceCore
import SluicePostgres

/// Reckons what the backfills of a migration will cost, before anything of it is there.
///
/// The column that will be filled is mostly not there yet: one that is, and is in no index, stands
/// in for it and is set to itself. Whichever it is, each row gets a new version; the width of the
/// new value is left out.
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
            backfill.forecast = await forecast(
                backfill.table,
                Assignment(column: backfill.column, expression: backfill.expression),
                where: "\(backfill.column) IS NULL")
            if backfill.forecast == nil, let column = try await standIn(backfill) {
                backfill.forecast = await forecast(
                    backfill.table, Assignment(column: column, expression: column),
                    // Of every row: without a predicate the order of pages would not be
                    // reckoned with, which the run may choose.
                    where: "(\(column) IS NULL) IS NOT NULL")
                backfill.forecastColumn = backfill.forecast == nil ? nil : column
            }
            all[index].action = .backfill(backfill)
        }
        return all
    }

    /// What an update is reckoned to cost; `nil` where it is not known, or could not run: a table
    /// that cannot be read now, or a column that is not there, is no reason to show no plan.
    private func forecast(
        _ table: String, _ assignment: Assignment, where predicate: String
    ) async -> Forecast? {
        var options = RunOptions()
        options.limits = StepRunner.backfillLimits
        // A replica that is not there yet keeps a run from beginning, and no plan from being made.
        options.limits.maxLagSeconds = .some(nil)
        // By another name than any run's, which would stand in the way.
        let request = JobRequest(
            name: "forecast of a migration", table: table, assignments: [assignment],
            predicate: predicate)
        return try? await Sluice(parameters).plan(request, options: options).forecast
    }

    /// A column of the table that an update may set, and that no index has; `nil` without one, or
    /// without the table.
    private func standIn(_ backfill: Backfill) async throws(PostgresError) -> String? {
        try await connection.query(MigrationSQL.standIn, [.text(backfill.table)]).rows.first?[0]
    }
}
