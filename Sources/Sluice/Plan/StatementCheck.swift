import SluiceCore
import SluicePostgres

/// Lets the server parse the user's own statement before it is used.
///
/// It is parsed with the engine's RETURNING behind it, by itself: text that would close the
/// parenthesis which it gets within a batch is no statement there, and so is a second statement.
struct StatementCheck: Sendable {
    let connection: PostgresConnection

    func check(_ job: PlannedJob) async throws {
        guard let sql = job.identity.detail.statement else { return }
        let template: StatementTemplate
        do throws(StatementProblem) {
            template = try StatementTemplate(sql)
        } catch {
            throw SluiceError(.refused, "--statement: \(error.sentence)")
        }
        if template.verb == "merge", job.session.serverVersion < 170_000 {
            throw SluiceError(
                .refused,
                "--statement: a MERGE can be part of a batch from PostgreSQL 17: write it as "
                    + "INSERT … ON CONFLICT, or as an UPDATE")
        }
        let isOldEscape = job.session.settings.contains {
            $0.name == "standard_conforming_strings" && $0.value == "off"
        }
        if isOldEscape, sql.unicodeScalars.contains("\\") {
            throw SluiceError(
                .refused,
                "--statement holds a backslash, whose meaning hangs on the role's setting "
                    + "standard_conforming_strings = off: turn that on")
        }
        let shape = Self.alone(template, key: job.key) + "\nRETURNING 1"
        do {
            let statement = try await connection.describe(shape)
            guard statement.parameterCount == 0, statement.columns.count == 1 else {
                throw SluiceError(
                    .refused, "--statement must be one statement without parameters such as $1")
            }
        } catch let error as PostgresError where error.kind == .server {
            throw SluiceError(.refused, "--statement: \(Self.sentence(error))")
        }
    }

    /// The statement with values of the key's types in place of the bounds.
    static func alone(_ template: StatementTemplate, key: [KeyColumn]) -> String {
        let values = ChangeSQL.row(key.map { "NULL::\($0.castType)" })
        return template.filled { piece in
            switch piece {
            case .text(let text): return text
            case .lower, .upper: return key.count == 1 ? " (\(values))" : " \(values)"
            case .range(let qualifier):
                let prefix = qualifier.map { $0 + "." } ?? ""
                let row = ChangeSQL.row(key.map { prefix + Identifier($0.name).quoted })
                return " (\(row) > \(values)\nAND \(row) <= \(values))"
            }
        }
    }

    private static func sentence(_ error: PostgresError) -> String {
        let said = ExpressionCheck.message(error)
        let hint = error.diagnostics?.hint ?? ""
        switch error.sqlState?.rawValue {
        case "42702":
            return "\(said): where several tables have the key's columns, write :range(alias) with "
                + "the table's name or alias"
        case "42601" where hint.isEmpty:
            return "\(said); write one INSERT, UPDATE or DELETE without RETURNING"
        default: return hint.isEmpty ? said : "\(said) (\(hint))"
        }
    }
}
