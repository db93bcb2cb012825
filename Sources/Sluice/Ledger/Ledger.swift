import SluiceCore
import SluicePostgres

/// Sluice's own tables in the target database, seen through one connection.
struct Ledger: Sendable {
    let connection: PostgresConnection

    // MARK: Opening

    /// Whether this database has a ledger that this program understands.
    ///
    /// - Throws: `SluiceError` when the ledger is newer than this program.
    func isPresent() async throws -> Bool {
        guard try await connection.query(LedgerSQL.exists).scalar == "t" else { return false }
        guard try await checkedVersion() == LedgerMigrations.version else {
            throw SluiceError(
                .refused,
                "the ledger in schema sluice is of an older version of Sluice: `sluice run`, "
                    + "`resume`, `pause`, `cancel` and `tune` upgrade it")
        }
        return true
    }

    /// Brings a ledger of an older version up to date; does nothing where there is none.
    func upgrade() async throws {
        guard try await connection.query(LedgerSQL.exists).scalar == "t",
            try await checkedVersion() < LedgerMigrations.version
        else { return }
        try await open()
    }

    /// Creates or upgrades the ledger.
    ///
    /// Does nothing, and needs no permission, when it is current.
    func open() async throws {
        if try await connection.query(LedgerSQL.exists).scalar == "t",
            try await checkedVersion() == LedgerMigrations.version
        {
            return
        }
        let rights = try await connection.query(LedgerSQL.mayCreate).rows[0]
        let mayCreateSchema = rights[0] == "t"
        let schemaExists = rights[1] == "t"
        let database = rights[3] ?? ""
        let role = rights[4] ?? ""
        if !schemaExists, !mayCreateSchema {
            throw SluiceError(
                .refused,
                "the role \(role) may not create the schema sluice, where progress is kept: "
                    + "GRANT CREATE ON DATABASE \(database) TO \(role)")
        }
        if schemaExists, rights[2] != "t" {
            throw SluiceError(
                .refused,
                "the role \(role) may not create tables in the schema sluice: "
                    + "GRANT CREATE, USAGE ON SCHEMA sluice TO \(role)")
        }
        try await migrate(createSchema: !schemaExists)
    }

    private func migrate(createSchema: Bool) async throws {
        try await connection.beginOnLedger()
        _ = try await connection.query(
            LedgerSQL.lock, [.text("\(LedgerMigrations.advisoryLockKey)")])
        // Another process may have done it while this one waited for the lock.
        var version = 0
        if try await connection.query(LedgerSQL.exists).scalar == "t" {
            version = try await checkedVersion()
            if version < LedgerMigrations.version { try await refuseBesideOlderOnes() }
        } else if createSchema {
            _ = try await connection.query("CREATE SCHEMA IF NOT EXISTS sluice")
        }
        // In one exchange: a new database needs all of them.
        let scripts = LedgerMigrations.all.dropFirst(version)
        if !scripts.isEmpty {
            _ = try await connection.execute(script: scripts.joined(separator: ";\n"))
        }
        _ = try await connection.query("COMMIT")
    }

    /// A process of an older version reads the ledger as that version does, to its own end: what a
    /// newer one writes meanwhile it would take for something else.
    private func refuseBesideOlderOnes() async throws {
        guard let names = try await connection.query(LedgerSQL.processesAtWork).scalar else {
            return
        }
        _ = try await connection.query("ROLLBACK")
        throw SluiceError(
            .refused,
            "an older version of Sluice is at work on this database (\(names)): end it or let it "
                + "finish, then try again; what it did is kept")
    }

    private func checkedVersion() async throws -> Int {
        let text: String?
        do {
            text = try await connection.query(LedgerSQL.version).scalar
        } catch {
            guard error.sqlState == .insufficientPrivilege else { throw error }
            throw SluiceError(
                .refused,
                "this role may not use the ledger in schema sluice: GRANT USAGE ON SCHEMA sluice, "
                    + "and GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA sluice")
        }
        guard let version = text.flatMap({ Int($0) }) else {
            throw SluiceError(
                .refused,
                "sluice.ledger holds no version: the schema sluice was not made by Sluice, or was "
                    + "changed by hand; rename it, or DROP SCHEMA sluice CASCADE to begin anew")
        }
        guard version <= LedgerMigrations.version else {
            throw SluiceError(
                .refused,
                "the ledger in schema sluice has version \(version), this program knows "
                    + "\(LedgerMigrations.version): use the newer Sluice that upgraded it")
        }
        return version
    }

    // MARK: Runs

    /// The run that a person means by its number or by its job's name (the newest of that name).
    func find(_ run: String) async throws -> RunRecord? {
        if let id = Int64(run), let record = try await find(id: id) { return record }
        return try await find(name: run)
    }

    /// The newest run of a name.
    func find(name: String) async throws -> RunRecord? {
        let rows = try await connection.query(LedgerSQL.runByName, [.text(name)]).rows
        return try rows.first.map { row in try RunRecord(row: row) }
    }

    func find(id: Int64) async throws -> RunRecord? {
        let rows = try await connection.query(LedgerSQL.runByID, [.text("\(id)")]).rows
        return try rows.first.map { row in try RunRecord(row: row) }
    }

    /// The same, with a clear error when there is none.
    func existing(_ run: String) async throws -> RunRecord {
        guard try await isPresent() else {
            throw SluiceError(
                .refused,
                "no run \(run): this database has no ledger yet; `sluice run` makes the first run")
        }
        guard let record = try await find(run) else {
            throw SluiceError(
                .refused, "no run \(run) in this database: `sluice status` lists the runs")
        }
        return record
    }

    /// Creates a run; a session that holds half a transaction of the old one's is ended if need be.
    func create(
        name: String, job: PlannedJob, limits: Limits, replacing old: RunRecord?
    ) async throws -> RunRecord {
        do {
            return try await create(name: name, job: job, limits: limits, fresh: old != nil)
        } catch let error as PostgresError where error.sqlState == .lockNotAvailable {
            guard let old else { throw error }
            _ = try await connection.query("ROLLBACK")
            _ = try await connection.query(RangeSQL.endSessions, [.text("\(old.id)")])
            return try await create(name: name, job: job, limits: limits, fresh: true)
        }
    }

    /// Creates a run in state `planned`; with `fresh`, cancels an unfinished one of that name and
    /// takes its ranges in the same transaction.
    private func create(
        name: String, job: PlannedJob, limits: Limits, fresh: Bool
    ) async throws -> RunRecord {
        let identity = job.identity
        var parameters: [Parameter] = [
            .text(name), .text(identity.kind.rawValue), .text("\(identity.tableOID)"),
            .text(job.table.name.shown),
            .text(TextArray.literal(identity.assignments.map(\.column))),
            .text(TextArray.literal(identity.assignments.map(\.expression))),
            identity.predicate.map { .text($0) } ?? .null,
            .text(TextArray.literal(identity.key)), .text(SettingsText.json(job.session.settings)),
        ]
        parameters += RunRecord.parameters(limits)
        parameters.append(.text("\(job.session.timeline)"))
        parameters.append(.text(JobDetailText.json(identity.detail)))
        try await connection.beginOnLedger()
        if fresh {
            _ = try await connection.query(BatchSettingsSQL.cancelLockTimeout)
            let old = try await connection.query(LedgerSQL.cancelByName, [.text(name)])
            for run in old.rows.compactMap({ $0[0] }) {
                _ = try await connection.query(LedgerSQL.takeRanges, [.text(run)])
            }
        }
        let row = try await connection.query(LedgerSQL.createRun, parameters).rows[0]
        let record = try RunRecord(row: row)
        try await note(record.id, owner: nil, "created", nil)
        _ = try await connection.query("COMMIT")
        return record
    }

    /// Adds an audit entry within the transaction that is open.
    func note(_ run: Int64, owner: String?, _ kind: String, _ detail: String?) async throws {
        _ = try await connection.query(Self.entry(run, owner: owner, kind, detail))
    }

    /// Adds an audit entry in a transaction of its own.
    func record(_ run: Int64, owner: String?, _ kind: String, _ detail: String?) async throws {
        _ = try await connection.transact(
            [Self.entry(run, owner: owner, kind, detail)], durable: false)
    }

    /// An audit entry, for a transaction that does other things as well.
    static func entry(
        _ run: Int64, owner: String?, _ kind: String, _ detail: String? = nil
    ) -> Statement {
        Statement(LedgerSQL.event, parameters(run, owner: owner, kind, detail))
    }

    private static func parameters(
        _ run: Int64, owner: String?, _ kind: String, _ detail: String?
    ) -> [Parameter] {
        [
            .text("\(run)"), owner.map { .text($0) } ?? .null, .text(kind),
            detail.map { .text($0) } ?? .null,
        ]
    }
}
