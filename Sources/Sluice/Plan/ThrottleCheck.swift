import SluiceCore
import SluicePostgres

/// Lets the server judge the user's throttle query and foreground probe before anything is run.
///
/// Each is parsed by itself, so a second statement is refused, and then asked once in a transaction
/// that may change nothing.
struct ThrottleCheck: Sendable {
    let connection: PostgresConnection

    func check(_ limits: Limits) async throws {
        if let sql = limits.throttleQuery {
            let answer = try await ask(sql, option: "--throttle-query")
            guard answer.columns.count == 1, answer.rows.count <= 1 else {
                throw SluiceError(
                    .refused,
                    "--throttle-query must answer one row of one column, not "
                        + "\(Self.counted(answer.rows.count, "row")) of "
                        + "\(Self.counted(answer.columns.count, "column")): write it as SELECT "
                        + "EXISTS (…) or with LIMIT 1")
            }
        }
        if limits.maxPgWalBytes != nil {
            let facts = try await HealthObserver.facts(connection)
            guard facts.seesLog else {
                throw SluiceError(
                    .refused,
                    "--max-pg-wal: this role may not see the size of pg_wal: GRANT pg_monitor TO "
                        + "\(facts.role), or --max-pg-wal off")
            }
        }
        if let sql = limits.foregroundProbe {
            _ = try await ask(sql, option: "--foreground-probe")
        }
        if let zone = limits.window?.zone, WindowClock.minuteOfDay(in: zone) == nil {
            throw SluiceError(
                .refused,
                "--window names the time zone \(zone), which this host does not know: install its "
                    + "time zone data, or name another one")
        }
    }

    private func ask(_ sql: String, option: String) async throws -> QueryResult {
        do {
            // Within the transaction that it will have: names mean there what they mean here.
            try await connection.transact(opening: ThrottleSQL.opening(of: connection))
            let statement = try await connection.describe(sql)
            _ = try await connection.query("ROLLBACK")
            guard statement.parameterCount == 0, !statement.columns.isEmpty else {
                throw SluiceError(
                    .refused,
                    "\(option) must be one statement that answers rows, without parameters such "
                        + "as $1: write a SELECT, or \(option) off")
            }
            return try await connection.look(sql)
        } catch let error as PostgresError where error.kind == .server {
            try? await connection.recover()
            throw SluiceError(.refused, "\(option): \(Self.sentence(error)), or \(option) off")
        }
    }

    private static func sentence(_ error: PostgresError) -> String {
        let said = ExpressionCheck.message(error)
        switch error.sqlState?.rawValue {
        case "25006": return "\(said); it may only look: write a SELECT"
        case "57014":
            return "it took longer than \(ThrottleSQL.timeoutSeconds) s; write one that is quick"
        case "42601": return "\(said); write one SELECT"
        default: return "\(said); write one SELECT that this role may run"
        }
    }

    private static func counted(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)" + (count == 1 ? "" : "s")
    }
}
