import SluiceCore
import SluicePostgres

/// Asks the server what of a job can be compared with its table.
struct Comparability: Sendable {
    let connection: PostgresConnection
    let job: PlannedJob
    let record: RunRecord

    /// What can be compared.
    func comparison() async throws -> Comparison {
        .of(
            Comparison.Facts(
                kind: job.identity.kind, hasPredicate: job.identity.predicate != nil,
                predicateReadsAssigned: try await predicateReadsAssigned(),
                readsAssigned: try await readsAssigned(), isImmutable: try await isImmutable(),
                hasTargetKey: !(job.target?.conflictKey ?? []).isEmpty,
                knowsStart: record.start != nil))
    }

    /// Whether putting a row right would start from what the run made of it.
    func readsAssigned() async throws -> Bool {
        guard job.identity.kind == .update else { return false }
        return try await connection.withSettings(job.session.settings) {
            try await SelfReference(connection: connection).reads(job)
        }
    }

    /// The statements for one table.
    func statements(_ part: PlannedPart, _ comparison: Comparison) async throws -> CompareSQL {
        let quarantined = try await connection.query(
            VerifySQL.quarantined, [.text("\(record.id)")]
        ).rows.contains { $0[0] == "\(part.number)" }
        return CompareSQL(
            batch: job.batch(part), comparison: comparison, types: try await types(),
            quarantinedOf: quarantined ? record.id : nil)
    }

    // MARK: Questions

    private func predicateReadsAssigned() async throws -> Bool {
        guard job.identity.kind == .update, let predicate = job.identity.predicate else {
            return false
        }
        return try await connection.withSettings(job.session.settings) {
            try await SelfReference(connection: connection).reads(predicate, of: job)
        }
    }

    /// The columns' types as an assignment would make them.
    private func types() async throws -> [CompareSQL.ColumnType] {
        guard job.identity.kind == .update else { return [] }
        let names = try await typeNames()
        var types: [CompareSQL.ColumnType] = []
        for assignment in job.identity.assignments {
            let name = names[assignment.column] ?? "text"
            types.append(
                CompareSQL.ColumnType(name: name, hasEquality: try await hasEquality(name)))
        }
        return types
    }

    private func typeNames() async throws -> [String: String] {
        let columns = TextArray.literal(job.identity.assignments.map(\.column))
        let rows = try await connection.withSettings(job.session.settings) {
            try await connection.query(
                VerifySQL.types, [.text("\(job.table.oid)"), .text(columns)]
            ).rows
        }
        return Dictionary(uniqueKeysWithValues: rows.map { ($0[0] ?? "", $0[1] ?? "") })
    }

    private func hasEquality(_ type: String) async throws -> Bool {
        try await isAccepted("SELECT NULL::\(type) IS DISTINCT FROM NULL::\(type)")
    }

    private func isAccepted(_ sql: String) async throws -> Bool {
        do {
            try await connection.withSettings(job.session.settings) {
                _ = try await connection.describe(sql)
            }
            return true
        } catch let error as PostgresError where error.kind == .server {
            return false
        }
    }

    // MARK: The same value always

    private func isImmutable() async throws -> Bool? {
        let pieces: [(type: String, expression: String)]
        switch job.identity.kind {
        case .update:
            let names = try await typeNames()
            pieces = job.identity.assignments.map {
                (names[$0.column] ?? "text", $0.expression)
            }
        case .copy: pieces = try await targetKey()
        case .delete, .move, .statement: return true
        }
        for piece in pieces {
            let answer = try await isImmutable(piece.expression, type: piece.type)
            if answer != true { return answer }
        }
        return true
    }

    /// Expressions of the target's key, with the types that they have.
    private func targetKey() async throws -> [(type: String, expression: String)] {
        var pieces: [(type: String, expression: String)] = []
        for assignment in job.identity.assignments
        where job.target?.conflictKey.contains(assignment.column) == true {
            let sql = "SELECT (\n\(assignment.expression)\n) FROM ONLY \(job.table.name.quoted)"
            let type = try await connection.withSettings(job.session.settings) {
                let column = try await connection.describe(sql).columns.first
                return try await connection.query(
                    VerifySQL.type, [.text("\(column?.typeOID ?? 0)")]
                ).scalar
            }
            pieces.append((type ?? "text", assignment.expression))
        }
        return pieces
    }

    /// Whether the server would take the expression for a generated column; `nil` where it does
    /// not let this role ask.
    ///
    /// It refuses what is stable, such as `now()`, or a date made of a time with a zone, and
    /// whatever looks beyond the row.
    private func isImmutable(_ expression: String, type: String) async throws -> Bool? {
        let table = job.table.name
        let answer = try await connection.sendAndReceive(
            [
                Statement(BatchSettingsSQL.begin), BatchSettingsSQL.timeout(10_000),
                BatchSettingsSQL.local(job.session.settings),
                Statement(VerifySQL.temporary(table)),
                Statement(VerifySQL.generated(table, type: type, expression: expression)),
                Statement("ROLLBACK"),
            ], timeout: .seconds(30))
        guard let error = answer.error else { return true }
        try await connection.recover(timeout: .seconds(30))
        guard error.kind == .server else { throw error }
        return answer.results.count > 3 ? false : nil
    }
}
