import SluiceCore
import SluicePostgres

/// Finds out whether a job reads a column that it assigns, such as `n = n + 1`: running such a job
/// anew would change rows a second time.
struct SelfReference: Sendable {
    let connection: PostgresConnection

    /// Whether an assignment does.
    func reads(_ job: PlannedJob) async throws -> Bool {
        for assignment in job.identity.assignments
        where try await reads(assignment.expression, of: job) {
            return true
        }
        return false
    }

    /// Whether an expression does: without the assigned columns it cannot be parsed.
    func reads(_ expression: String, of job: PlannedJob) async throws -> Bool {
        if Self.mentionsWholeRow(expression, table: job.table.name.name) { return true }
        let assigned = Set(job.identity.assignments.map(\.column))
        // A generated column may be made of an assigned one.
        let others = job.table.columns.filter { !$0.isGenerated && !assigned.contains($0.name) }
            .map { Identifier($0.name).quoted }
        let sql = """
            SELECT (\n\(expression)\n)
            FROM (SELECT \(others.joined(separator: ", ")) FROM ONLY \(job.table.name.quoted)) \
            AS \(Identifier(job.table.name.name).quoted)
            """
        do {
            _ = try await connection.describe(sql)
            return false
        } catch {
            guard error.kind == .server else { throw error }
            return true
        }
    }

    /// Whether the table's name stands alone, as in `to_jsonb(products)` or `products.*`, which
    /// reads every column.
    ///
    /// Errs on the side of yes.
    static func mentionsWholeRow(_ expression: String, table: String) -> Bool {
        func isWord(_ character: Character?) -> Bool {
            character.map { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "$" } ?? false
        }
        let name = table.lowercased()
        var rest = Substring(expression.lowercased())
        while !name.isEmpty, let range = rest.firstRange(of: name) {
            var after = rest[range.upperBound...]
            let isWhole = !isWord(rest[..<range.lowerBound].last) && !isWord(after.first)
            if after.first == "\"" { after = after.dropFirst() }
            after = after.drop(while: \.isWhitespace)
            let isQualifier =
                after.first == "." && after.dropFirst().drop(while: \.isWhitespace).first != "*"
            if isWhole, !isQualifier { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }
}
