import SluiceCore
import SluicePostgres

/// Asks the server whether a job can be done exactly, and resolves every name in it.
///
/// Changes nothing.
struct JobPlanner: Sendable {
    let connection: PostgresConnection

    /// Plans a job from what a person asked for.
    ///
    /// - Throws: `SluiceError` of kind `refused` with the reason and the way out.
    func plan(_ request: JobRequest) async throws -> PlannedJob {
        if let problem = request.problem { throw SluiceError(.refused, problem) }
        let session = try await silenced(sessionFacts(), if: request.disablesTriggers)
        let table = try await TableReader(connection: connection).table(named: request.table)
        let (assignments, target) = try await change(request, of: table)
        let key = try await self.key(request.key, of: table)
        // A target's columns are not the key that is walked.
        for assignment in assignments
        where target == nil && key.contains(where: { $0.name == assignment.column }) {
            throw SluiceError(
                .refused,
                "column \(Identifier(assignment.column).shown) is part of the key that the "
                    + "backfill walks: a row whose key changes could be visited twice or never; "
                    + "assign to another column, or walk another unique index with --key")
        }
        let identity = JobIdentity(
            kind: request.kind, tableOID: table.oid, assignments: assignments,
            predicate: request.predicate?.trimmingSpaces(), key: key.map(\.name),
            detail: Self.detail(request, target: target))
        let name =
            request.name
            ?? Self.name(request.kind, table: table, assignments: assignments, target: target)
        let parts = try await self.parts(of: table, identity: identity)
        var job = PlannedJob(
            name: name, table: table, identity: identity, key: key, session: session,
            parts: parts, target: target)
        try refuseSeveralTables(job)
        job.partTriggers = try await partTriggers(of: table, parts)
        job.notes = try await ChangeNotes(connection: connection).notes(job)
        let planned = job
        try await connection.withSettings(session.settings) {
            try await ExpressionCheck(connection: connection).check(planned)
            try await LeastKey(connection: connection).check(planned)
        }
        return try await PartExaminer(connection: connection).examined(planned)
    }

    /// Plans a run again that the ledger knows, under the settings recorded then.
    func plan(_ run: RunRecord) async throws -> PlannedJob {
        let session = try await silenced(
            sessionFacts().with(settings: run.settings),
            if: run.identity.detail.disablesTriggers == true)
        if let recorded = run.timeline, session.timeline < recorded {
            throw SluiceError(
                .refused,
                "run \(run.id) was last carried on under timeline \(recorded), this server is on "
                    + "\(session.timeline): it is an old primary from before a failover; connect "
                    + "to the current one")
        }
        let reader = TableReader(connection: connection)
        let table = try await reader.table(oid: run.identity.tableOID, name: run.tableName)
        let quoted = run.identity.key.map { Identifier($0).shown }
        let key = try await self.key(quoted, of: table)
        let target = try await target(of: run, table: table)
        for assignment in run.identity.assignments
        where target == nil && table.column(assignment.column) == nil {
            throw SluiceError(
                .refused,
                "column \(Identifier(assignment.column).shown) of \(run.tableName) is gone since "
                    + "run \(run.id) began: `sluice cancel \(run.id)`, or create it again")
        }
        let recorded = try await PartReader(connection: connection).parts(of: run)
        let isFixed = !recorded.present.isEmpty || !recorded.gone.isEmpty
        var job = PlannedJob(
            name: run.name, table: table, identity: run.identity, key: key, session: session,
            parts: isFixed
                ? recorded.present : try await parts(of: table, identity: run.identity),
            target: target)
        job.goneParts = recorded.gone
        job.partTriggers = try await partTriggers(of: table, job.parts)
        job.notes = try await ChangeNotes(connection: connection).notes(job)
        let planned = job
        try await connection.withSettings(session.settings) {
            try await ExpressionCheck(connection: connection).check(planned)
        }
        return try await PartExaminer(connection: connection).examined(planned)
    }

    // MARK: The tables below

    /// The key: a partitioned table's own, or where it has none, one that all partitions have.
    private func key(_ requested: [String]?, of table: TableFacts) async throws -> [KeyColumn] {
        let reader = TableReader(connection: connection)
        guard table.isPartitioned else { return try await reader.key(requested, of: table) }
        do {
            return try await reader.key(requested, of: table)
        } catch let refusal as SluiceError {
            let leaves = try await PartReader(connection: connection).leaves(of: table)
            guard let first = leaves.first else { throw refusal }
            let leaf = try await reader.table(oid: first.oid, name: first.name.shown)
            return try await reader.key(requested, of: leaf)
        }
    }

    /// The tables that hold the rows; each needs the key's index, which a partitioned table's own
    /// index guarantees.
    private func parts(
        of table: TableFacts, identity: JobIdentity
    ) async throws -> [PlannedPart] {
        let parts = try await PartReader(connection: connection).parts(
            of: table, identity: identity)
        let reader = TableReader(connection: connection)
        let key = identity.key.map { Identifier($0).shown }
        if table.isPartitioned, try await reader.hasKey(key, of: table) { return parts }
        for part in parts where part.oid != table.oid {
            let child = try await reader.table(oid: part.oid, name: part.name.shown)
            _ = try await reader.key(key, of: child)
        }
        return parts
    }

    /// A user's own statement names its table itself: over several, each batch of one would reach
    /// into the others.
    private func refuseSeveralTables(_ job: PlannedJob) throws(SluiceError) {
        guard job.identity.kind == .statement else { return }
        if job.table.isPartitioned || job.parts.count > 1 {
            throw SluiceError(
                .refused,
                "\(job.table.name.shown) is made of several tables, and a --statement would reach "
                    + "into all of them with the keys of each: give each partition a job of its "
                    + "own (--table PARTITION, and the statement on it)")
        }
    }

    private func partTriggers(
        of table: TableFacts, _ parts: [PlannedPart]
    ) async throws -> String? {
        guard table.isPartitioned || parts.count > 1 else { return nil }
        return try await connection.query(PartSQL.triggers, [.text("\(table.oid)")]).scalar
    }

    // MARK: The session

    func sessionFacts() async throws -> SessionFacts {
        let sql = CatalogSQL.session(settings: BatchSettingsSQL.recorded)
        let row = try await connection.query(sql).rows[0]
        let commit = row[3] ?? "on"
        let facts = SessionFacts(
            isInRecovery: row[0] == "t", timeline: Int(row[2] ?? "") ?? 0,
            durableCommit: commit == "off" ? "local" : commit,
            isPooled: row[1] != "\(connection.backendPID)", user: row[4] ?? "",
            database: row[5] ?? "",
            settings: BatchSettingsSQL.exact(SettingsText.parse(row[6] ?? "")),
            serverVersion: connection.serverVersion)
        if facts.isInRecovery {
            throw SluiceError(
                .refused,
                "this server is a standby and cannot be written to: connect to the primary, or "
                    + "name both with target_session_attrs=read-write")
        }
        if facts.serverVersion < 140_000 {
            throw SluiceError(
                .refused,
                "this server is PostgreSQL \(facts.serverVersion / 10_000); Sluice needs 14 or "
                    + "newer")
        }
        return facts
    }

    // MARK: Assignments

    func resolve(
        _ requested: [Assignment], in table: TableFacts
    ) throws(SluiceError) -> [Assignment] {
        if requested.isEmpty {
            throw SluiceError(
                .refused, "nothing to set: give at least one --set 'column = expression'")
        }
        var resolved: [Assignment] = []
        for assignment in requested {
            let column = try self.column(spelled: assignment.column, in: table)
            let shown = Identifier(column.name).shown
            if resolved.contains(where: { $0.column == column.name }) {
                throw SluiceError(.refused, "column \(shown) is assigned twice: keep one --set")
            }
            if column.isGenerated {
                throw SluiceError(
                    .refused,
                    "column \(shown) is generated from other columns and cannot be assigned: "
                        + "assign to a plain column, or change its expression")
            }
            if column.isIdentityAlways {
                throw SluiceError(
                    .refused,
                    "column \(shown) is GENERATED ALWAYS AS IDENTITY and cannot be assigned: "
                        + "ALTER COLUMN \(shown) SET GENERATED BY DEFAULT first")
            }
            resolved.append(Assignment(column: column.name, expression: assignment.expression))
        }
        return resolved
    }

    private func column(
        spelled: String, in table: TableFacts
    ) throws(SluiceError) -> ColumnFacts {
        let parts = SQLName.parts(spelled) ?? []
        if parts.count == 1, let column = table.column(parts[0]) { return column }
        // A name from a job file may be spelled exactly as in the catalog without quotes.
        if let column = table.column(spelled) { return column }
        throw SluiceError(
            .refused,
            "table \(table.name.shown) has no column \(spelled): "
                + "it has \(Self.list(table.columns.map { Identifier($0.name).shown }))")
    }

    static func list(_ names: [String]) -> String {
        let shown = names.prefix(12).joined(separator: ", ")
        return names.count > 12 ? shown + ", …" : shown
    }

    /// The name of a job that was given none: what it does to what.
    static func name(table: TableFacts, assignments: [Assignment]) -> String {
        let columns = assignments.map(\.column).joined(separator: "+")
        return "\(table.name.name).\(columns)"
    }
}
