import SluiceCore
import SluicePostgres

/// Finds out whether a job reads a column that it assigns, such as `n = n + 1`: running such a job
/// anew would change rows a second time.
struct SelfReference: Sendable {
    let connection: PostgresConnection

    /// The assigned columns make it impossible to parse the expressions without them.
    func reads(_ job: PlannedJob) async throws -> Bool {
        let assigned = Set(job.identity.assignments.map(\.column))
        let others = job.table.columns.map(\.name).filter { !assigned.contains($0) }
        let list = others.map { Identifier($0).quoted }.joined(separator: ", ")
        let alias = Identifier(job.table.name.name).quoted
        for assignment in job.identity.assignments {
            if Self.mentionsWholeRow(assignment.expression, table: job.table.name.name) {
                return true
            }
            let sql = """
                SELECT (\n\(assignment.expression)\n)
                FROM (SELECT \(list) FROM ONLY \(job.table.name.quoted)) AS \(alias)
                """
            do {
                _ = try await connection.describe(sql)
            } catch {
                guard error.kind == .server else { throw error }
                return true
            }
        }
        return false
    }

    /// Whether the table's name stands alone, as in `to_jsonb(products)` or `products.*`, which
    /// reads every column.
    ///
    /// Errs on the side of yes.
    static func mentionsWholeRow(_ expression: String, table: String) -> Bool {
        var rest = Substring(expression)
        while let range = rest.firstRange(of: table) {
            let after = rest[range.upperBound...].drop { $0 == "\"" || $0.isWhitespace }
            let before = rest[..<range.lowerBound].last
            let standsAlone = !(before.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false)
            let next = after.first
            let isPartOfWord = next.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false
            let isQualifier = next == "." && after.dropFirst().first != "*"
            if standsAlone, !isPartOfWord, !isQualifier { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }
}
