import SluiceCore
import SluicePostgres

/// Finds a key below a table's first one, for a statement that uses `:lower`: the first range of
/// such a run must begin with a value, not be open.
struct LeastKey: Sendable {
    let connection: PostgresConnection

    /// The planned ranges, of which none is open below where the job's statement uses `:lower`.
    func bounding(_ plan: RangePlan, of job: PlannedJob) async throws -> RangePlan {
        guard job.usesLower else { return plan }
        var ranges: [KeyRange] = []
        for range in plan.ranges {
            guard range.lower == nil, let part = job.part(range.part) else {
                ranges.append(range)
                continue
            }
            ranges.append(
                KeyRange(
                    lower: try await below(part.name, job: job), upper: range.upper,
                    keysEstimate: range.keysEstimate, part: range.part))
        }
        return RangePlan(
            ranges: ranges, method: plan.method, keysTotalEstimate: plan.keysTotalEstimate)
    }

    /// Refuses the job if there is no such key.
    func check(_ job: PlannedJob) async throws {
        guard job.usesLower else { return }
        for part in job.parts { _ = try await below(part.name, job: job) }
    }

    /// A key below the table's first one; `nil` for an empty table.
    ///
    /// The first key with one of its columns lowered: which one does not matter, as the rest of the
    /// row then no longer counts.
    private func below(_ table: QualifiedName, job: PlannedJob) async throws -> KeyTuple? {
        let row = try await connection.query(Self.question(table, key: job.key)).rows.first
        guard let row else { return nil }
        let first = job.key.indices.map { row[$0 * 2] ?? "" }
        for index in job.key.indices {
            guard let lowered = row[index * 2 + 1] else { continue }
            var key = first
            key[index] = lowered
            return key
        }
        throw SluiceError(
            .refused,
            "--statement uses :lower, but no value is known to lie below the first key "
                + "(\(first.joined(separator: ", "))) of \(table.shown): use :range, which begins "
                + "with the first row whatever its key is")
    }

    /// For each key column, the first row's value and one that is lower, where there is one.
    private static func question(_ table: QualifiedName, key: [KeyColumn]) -> String {
        let names = key.map { "\(Identifier(table.name).quoted).\(Identifier($0.name).quoted)" }
        let columns = zip(names, key).map { name, column in
            "\(name)::text,\n\(lowered(name, column) ?? "NULL")"
        }
        return """
            SELECT \(columns.joined(separator: ",\n"))
            FROM ONLY \(table.quoted) ORDER BY \(names.joined(separator: ", ")) LIMIT 1
            """
    }

    private static func lowered(_ name: String, _ column: KeyColumn) -> String? {
        guard let least = leastValues[column.castType] else { return nil }
        let value = "\(Literal.quoted(least))::\(column.castType)"
        if column.arithmetic == .integer {
            return "CASE WHEN \(name) > \(value) THEN (\(name) - 1)::text END"
        }
        return "CASE WHEN \(name) > \(value) THEN \(value)::text END"
    }

    /// The least value of each type that has one; the server decides whether the key is above it.
    private static let leastValues: [String: String] = [
        "pg_catalog.int2": "-32768", "pg_catalog.int4": "-2147483648",
        "pg_catalog.int8": "-9223372036854775808", "pg_catalog.date": "-infinity",
        "pg_catalog.\"timestamp\"": "-infinity", "pg_catalog.timestamptz": "-infinity",
        "pg_catalog.text": "", "pg_catalog.\"varchar\"": "", "pg_catalog.bytea": "",
        "pg_catalog.uuid": "00000000-0000-0000-0000-000000000000",
        "pg_catalog.\"numeric\"": "-Infinity", "pg_catalog.float4": "-Infinity",
        "pg_catalog.float8": "-Infinity",
    ]
}

extension PlannedJob {
    /// Whether the job's statement needs a key below the first one.
    var usesLower: Bool {
        guard let sql = identity.detail.statement else { return false }
        return (try? StatementTemplate(sql))?.usesLower ?? false
    }
}
