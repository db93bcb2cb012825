extension ConnectionParameters {
    /// Works on a connection that is closed again on every way out.
    ///
    /// Throws as ``PostgresConnection/connect(_:timeout:)`` does, and what the body throws.
    public func withSession<Value: Sendable>(
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await PostgresConnection.connect(self)
        do {
            let value = try await body(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }
}
