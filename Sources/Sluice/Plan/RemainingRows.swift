import SluiceCore
import SluicePostgres

/// Counts the rows that still match a finished job's predicate, within reason.
struct RemainingRows: Sendable {
    let connection: PostgresConnection

    /// Longest count, in milliseconds: on a huge table without an index for the predicate nobody
    /// wants to wait for the exact number.
    private static let timeoutMilliseconds = 10_000

    /// The number in words, with the mark behind them; empty where there is no number to say.
    func words(_ job: PlannedJob) async throws -> String {
        guard job.identity.kind == .update else { return "" }
        return try await count(job) + "; "
    }

    private func count(_ job: PlannedJob) async throws -> String {
        guard let predicate = job.identity.predicate else { return "it has no --where" }
        let isAlone = job.parts.count == 1 && job.parts[0].oid == job.table.oid
        let scope = isAlone ? "ONLY " : ""
        try await connection.send([
            Statement("BEGIN READ ONLY"),
            BatchSettingsSQL.local(
                job.session.settings
                    + [Setting("statement_timeout", "\(Self.timeoutMilliseconds)")]),
            Statement(
                "SELECT count(*) FROM \(scope)\(job.table.name.quoted) WHERE (\n\(predicate)\n)"),
            Statement("COMMIT"),
        ])
        let answer = try await connection.receive(timeout: .seconds(30))
        if answer.error != nil {
            try await connection.recover(timeout: .seconds(30))
            return "how many rows match --where now could not be counted within "
                + "\(Self.timeoutMilliseconds / 1_000) s"
        }
        let count = answer.results[2].scalar ?? "?"
        return "\(count) rows match --where now"
    }
}
