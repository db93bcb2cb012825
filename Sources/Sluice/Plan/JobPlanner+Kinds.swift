import SluiceCore
import SluicePostgres

/// What the kinds of job beside update ask for.
extension JobPlanner {
    /// The columns that are written and what from, and where to.
    func change(
        _ request: JobRequest, of table: TableFacts
    ) async throws -> (assignments: [Assignment], target: CopyTarget?) {
        switch request.kind {
        case .update:
            let assignments = try resolve(request.assignments, in: table)
            if request.skipsUnchanged { try await refuseLoose(assignments, in: table) }
            return (assignments, nil)
        case .delete, .statement: return ([], nil)
        case .copy, .move:
            let facts = try await TargetReader(connection: connection)
                .target(named: request.target ?? "", from: table)
            let columns = CopyColumns(source: table, target: facts)
            let assignments = try columns.resolve(request.assignments)
            return (
                assignments, try columns.target(assignments, onConflict: request.onConflict)
            )
        }
    }

    /// Refuses to skip rows by a comparison that does not tell what would become of them.
    private func refuseLoose(_ assignments: [Assignment], in table: TableFacts) async throws {
        let cure = "leave --skip-unchanged out, or say in --where which rows need the change"
        for assignment in assignments {
            let column = Identifier(assignment.column)
            do throws(PostgresError) {
                _ = try await connection.query(
                    EqualitySQL.comparison(table.name.quoted, column.quoted))
            } catch {
                // "operator does not exist": the type has no equality.
                guard error.sqlState?.rawValue == "42883" else { throw error }
                throw SluiceError(
                    .refused, "values of the column \(column.shown) cannot be compared: \(cure)")
            }
        }
        let loose = try await connection.query(
            EqualitySQL.loose,
            [.text("\(table.oid)"), .text(TextArray.literal(assignments.map(\.column)))])
        guard let row = loose.rows.first else { return }
        throw SluiceError(
            .refused,
            "values of the column \(Identifier(row[0] ?? "").shown) (\(row[1] ?? "")) may be equal "
                + "and differ, so that --skip-unchanged would leave rows as they are: \(cure)")
    }

    /// The target of a run that the ledger knows; `nil` unless it has one.
    func target(of run: RunRecord, table: TableFacts) async throws -> CopyTarget? {
        guard let oid = run.identity.detail.targetOID else { return nil }
        let facts = try await TargetReader(connection: connection)
            .target(oid: oid, name: run.identity.detail.target ?? "", from: table)
        return try CopyColumns(source: table, target: facts)
            .target(run.identity.assignments, onConflict: run.identity.detail.onConflict)
    }

    static func detail(_ request: JobRequest, target: CopyTarget?) -> JobDetail {
        var detail = JobDetail()
        if let target {
            detail.target = target.name.quoted
            detail.targetOID = target.oid
            detail.onConflict = request.onConflict ?? .error
        }
        detail.statement = request.statement?.trimmingSpaces()
        if request.includesChildren { detail.includesChildren = true }
        if request.disablesTriggers { detail.disablesTriggers = true }
        if request.skipsUnchanged { detail.skipsUnchanged = true }
        return detail
    }

    static func name(
        _ kind: JobKind, table: TableFacts, assignments: [Assignment], target: CopyTarget?
    ) -> String {
        guard kind != .update else { return name(table: table, assignments: assignments) }
        return ([table.name.name, kind.rawValue] + (target.map { [$0.name.name] } ?? []))
            .joined(separator: ".")
    }

    // MARK: Triggers

    /// The session with triggers silenced, if the role may do that.
    ///
    /// The setting goes with those that are recorded, so that every batch has it, whoever resumes
    /// the run.
    func silenced(
        _ session: SessionFacts, if silent: Bool
    ) async throws -> SessionFacts {
        guard silent else { return session }
        let name = "session_replication_role"
        let isAllowed =
            session.serverVersion >= 150_000
            ? "pg_catalog.has_parameter_privilege('\(name)', 'SET')"
            : "(SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)"
        guard try await connection.query("SELECT \(isAllowed)").scalar == "t" else {
            let cure =
                session.serverVersion >= 150_000
                ? "GRANT SET ON PARAMETER \(name) TO \(Identifier(session.user).quoted)"
                : "use a superuser"
            throw SluiceError(
                .refused, "the role \(session.user) may not silence triggers: \(cure)")
        }
        return session.with(
            settings: session.settings.filter { $0.name != name } + [Setting(name, "replica")])
    }
}

extension SessionFacts {
    /// The same session under other settings.
    func with(settings: [Setting]) -> SessionFacts {
        SessionFacts(
            isInRecovery: isInRecovery, timeline: timeline, durableCommit: durableCommit,
            isPooled: isPooled, user: user, database: database, settings: settings,
            serverVersion: serverVersion)
    }
}
