import SluiceCore
import SluicePostgres

/// Lets the server parse the user's SQL, each piece as one expression, before it is used.
///
/// Parsed only, never executed. A piece is put between parentheses and between `CASE` and `END`:
/// text that closes the first cannot be right in the second, so what passes both stays inside.
struct ExpressionCheck: Sendable {
    let connection: PostgresConnection

    func check(_ job: PlannedJob) async throws {
        let from = "FROM ONLY \(job.table.name.quoted)"
        for assignment in job.identity.assignments {
            let place = "--set \(Identifier(assignment.column).shown)"
            try await check(assignment.expression, from: from, place: place)
        }
        if let predicate = job.identity.predicate {
            try await check(predicate, from: from, place: "--where")
        }
        try await StatementCheck(connection: connection).check(job)
    }

    private func check(_ expression: String, from: String, place: String) async throws {
        if expression.trimmingSpaces().isEmpty {
            throw SluiceError(.refused, "\(place) is empty: give an SQL expression")
        }
        let shapes = [
            "SELECT (\n\(expression)\n) \(from)",
            "SELECT CASE WHEN true THEN\n\(expression)\nEND \(from)",
            // In a list of a SELECT, as a copy has, these would change how many rows there are.
            "SELECT true \(from) WHERE (\n\(expression)\n) IS NULL",
        ]
        for shape in shapes {
            do {
                let statement = try await connection.describe(shape)
                guard statement.parameterCount == 0, statement.columns.count == 1 else {
                    throw SluiceError(
                        .refused,
                        "\(place) must be one expression without parameters such as $1")
                }
            } catch let error as PostgresError where error.kind == .server {
                throw SluiceError(.refused, "\(place): \(Self.sentence(error, in: shape))")
            }
        }
    }

    /// The server's message with the word it stumbled over, without the statement around it.
    static func sentence(_ error: PostgresError, in sql: String) -> String {
        let message = message(error)
        guard let hint = error.diagnostics?.hint, !hint.isEmpty else {
            return "\(message); write one SQL expression over the table's columns"
        }
        return "\(message) (\(hint))"
    }

    /// What the server says, on one line.
    static func message(_ error: PostgresError) -> String {
        let message = error.diagnostics?.message ?? error.message
        guard message.contains("\n") else { return message }
        // What is never closed reaches into the statement around it, which would be quoted whole.
        return String(
            message.prefix(
                upTo: message.firstRange(of: " at or near")?.lowerBound
                    ?? message.firstIndex(of: "\n") ?? message.endIndex))
    }
}
