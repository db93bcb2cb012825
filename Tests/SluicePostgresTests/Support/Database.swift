import Foundation
import SluicePostgres
import Testing

/// A database of its own for one test, dropped afterwards.
func withDatabase<Value>(
    _ body: (ConnectionParameters) async throws -> Value
) async throws -> Value {
    let server = try TestServer.shared.get()
    let name = "t_" + UUID().uuidString.lowercased().prefix(12)
    let admin = try await PostgresConnection.connect(server.parameters())
    _ = try await admin.query("CREATE DATABASE \(Identifier(name).quoted)")
    let outcome: Result<Value, any Error>
    do {
        outcome = .success(try await body(server.parameters(database: name)))
    } catch {
        outcome = .failure(error)
    }
    _ = try await admin.query("DROP DATABASE \(Identifier(name).quoted) WITH (FORCE)")
    await admin.close()
    return try outcome.get()
}

/// A connection to a database of its own.
func withConnection<Value>(
    _ body: (PostgresConnection) async throws -> Value
) async throws -> Value {
    try await withDatabase { parameters in
        let connection = try await PostgresConnection.connect(parameters)
        let value = try await body(connection)
        await connection.close()
        return value
    }
}

/// Another connection to the same database.
func sibling(of connection: PostgresConnection) async throws -> PostgresConnection {
    let name = try await connection.query("SELECT current_database()").scalar
    return try await PostgresConnection.connect(
        try TestServer.shared.get().parameters(database: try #require(name)))
}

/// Asks the server until it answers `t`; the bound is for a server that never does.
func waitUntil(
    _ connection: PostgresConnection, _ sql: String, _ parameters: [Parameter] = [],
    within limit: Duration = .seconds(20), _ location: SourceLocation = #_sourceLocation
) async throws {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if try await connection.query(sql, parameters).scalar == "t" { return }
        // The server waits for us: a client-side sleep would be one more clock.
        _ = try await connection.query("SELECT pg_sleep(0.01)")
    }
    Issue.record("never true: \(sql)", sourceLocation: location)
}

/// The error of `body`, which must fail.
func failure<Value>(
    _ location: SourceLocation = #_sourceLocation,
    _ body: () async throws(PostgresError) -> Value
) async throws -> PostgresError {
    do {
        _ = try await body()
    } catch {
        return error
    }
    Issue.record("did not fail", sourceLocation: location)
    throw TestServer.Failure(text: "did not fail")
}
