import SluicePostgres

extension PostgresConnection {
    /// Asks questions under a run's recorded settings, in one transaction that changes nothing.
    ///
    /// Local to the transaction: behind a connection pooler a session's settings would reach
    /// other clients.
    nonisolated func withSettings<Value: Sendable>(
        _ settings: [Setting], _ body: () async throws -> Value
    ) async throws -> Value {
        try await transact(
            opening: opening.isEmpty ? [Statement(PoolerSQL.begin)] : opening,
            settings.isEmpty ? [] : [BatchSettingsSQL.local(settings)])
        do {
            let value = try await body()
            _ = try await query("ROLLBACK")
            return value
        } catch {
            // The first error is what matters; a session that cannot roll back is gone anyway.
            _ = try? await query("ROLLBACK")
            throw error
        }
    }
}
