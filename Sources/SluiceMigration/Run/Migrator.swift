import Foundation
public import Sluice
import SluiceCore
public import SluicePostgres

/// Carries migrations through their life.
///
/// Each step commits together with its mark, or can be told from the catalogs; so a process that is
/// killed loses and repeats nothing, and the same command carries on.
public struct Migrator: Sendable {
    private let parameters: ConnectionParameters
    private let report: @Sendable (MigrationEvent) -> Void

    /// A migrator of one database; `report` is told how it goes.
    public init(
        _ parameters: ConnectionParameters,
        report: @escaping @Sendable (MigrationEvent) -> Void = { _ in }
    ) {
        self.parameters = parameters.setting("application_name", to: "sluice migrate")
        self.report = report
    }

    /// What each command would do, statement by statement, and what the backfills are reckoned to
    /// cost; nothing is changed.
    ///
    /// - Throws: `MigrationError` where the file does not fit the database.
    public func plan(_ migration: Migration) async throws -> [Step] {
        try await withLedger(onlyReads: true) { ledger in
            if let record = try await ledger.find(migration.name), record.state != "rolled back" {
                return record.steps
            }
            return try await BackfillForecaster(
                connection: ledger.connection, parameters: parameters
            ).forecast(try await Self.steps(migration, ledger.connection))
        }
    }

    /// Everything up to and with the filled and checked new shape; carries on where it was stopped.
    ///
    /// - Throws: `MigrationError`; `SluiceError` of the backfill.
    public func start(_ migration: Migration) async throws {
        try await withLedger { ledger in
            try await ledger.prepare()
            let checksum = MigrationLedger.checksum(migration.text)
            if let record = try await ledger.find(migration.name), record.state != "rolled back" {
                guard record.checksum == checksum else {
                    throw MigrationError(
                        .refused,
                        "\(migration.name) has changed since it was begun: put the file back as it "
                            + "was, or roll back and give the new one another name")
                }
                if record.state == "started" { return }
                _ = try await ledger.claim(
                    migration.name, state: "starting", from: ["starting"])
            } else {
                let steps = try await Self.steps(migration, ledger.connection)
                try await ledger.create(migration, checksum: checksum, steps: steps)
            }
            try await carryOut(migration.name, ledger, ending: "started") {
                $0.phase != .contract
            }
        }
    }

    /// Sees that both shapes say the same, and remembers that readers have moved.
    ///
    /// - Throws: `MigrationError` where they do not.
    public func switchReads(_ name: String) async throws {
        try await withLedger { ledger in
            let before = try await existing(name, ledger)
            let record = try await ledger.claim(
                name, state: before.state, from: ["started", "switched"])
            try await releasing(record, ledger) { runner in
                try await runner.keeping {
                    try await check(record, runner)
                    try await ledger.switched(
                        name, calls: try await Usage.calls(ledger.connection))
                }
            }
            try await ledger.release(name, state: "switched")
        }
    }

    /// The end: the old shape goes.
    ///
    /// - Parameter isForced: Whether to go on though something still uses the old shape.
    /// - Throws: `MigrationError`.
    public func complete(_ name: String, isForced: Bool = false) async throws {
        try await withLedger { ledger in
            let before = try await existing(name, ledger)
            if before.state == "completed" { return }
            let record = try await ledger.claim(
                name, state: before.state, from: ["switched", "completing"])
            if record.state == "switched" {
                try await releasing(record, ledger) { runner in
                    try await runner.keeping {
                        try await check(record, runner)
                        if !isForced {
                            try await Usage.requireNone(record.steps, name, ledger.connection)
                        }
                    }
                }
                _ = try await ledger.claim(name, state: "completing", from: ["switched"])
            }
            try await carryOut(name, ledger, ending: "completed") { _ in true }
        }
    }

    /// The way back, from anywhere before the first step behind which there is none.
    ///
    /// - Throws: `MigrationError`.
    public func rollback(_ name: String) async throws {
        try await withLedger { ledger in
            let before = try await existing(name, ledger)
            // The command that brought it there may have been killed behind its last word.
            if before.state == "rolled back" { return }
            let record = try await ledger.claim(
                name, state: "rolling back",
                from: ["starting", "started", "switched", "completing", "rolling back"])
            // Looked at once nobody else can go on with it.
            if let number = try await ledger.done(name).first(where: {
                record.steps[$0 - 1].isFinal
            }) {
                try await ledger.release(name, state: "completing")
                throw MigrationError(
                    .refused,
                    "\(name) is past its end: \"\(record.steps[number - 1].title)\" is done; "
                        + "complete carries on")
            }
            try await releasing(record, ledger) { runner in
                try await runner.keeping {
                    let done = try await ledger.done(name)
                    let firstLeft = record.steps.indices.first { !done.contains($0 + 1) }
                    for (index, step) in record.steps.enumerated().reversed() {
                        try await runner.takeBack(
                            step, number: index + 1, isDone: done.contains(index + 1),
                            mayBeHalfDone: index == firstLeft)
                    }
                }
            }
            try await ledger.release(name, state: "rolled back")
        }
    }

    /// How all migrations stand, the newest first.
    public func status() async throws -> [MigrationStatus] {
        try await withLedger(onlyReads: true) { ledger in
            guard try await ledger.exists() else { return [] }
            return try await ledger.connection.query(MigrationSQL.list).rows.map {
                MigrationStatus(
                    name: $0[0] ?? "", state: $0[1] ?? "", begun: $0[2] ?? "",
                    stepsDone: Int($0[3] ?? "") ?? 0, steps: Int($0[4] ?? "") ?? 0,
                    checksum: $0[5] ?? "")
            }
        }
    }

    // MARK: - Parts

    /// The steps of a migration in the order of their phases.
    private static func steps(
        _ migration: Migration, _ connection: PostgresConnection
    ) async throws -> [Step] {
        let catalog = Catalog(connection: connection, oldSchema: migration.shapes?.old)
        let shown = try await migration.shapes?.steps(migration.operations, catalog)
        var steps = shown?.before ?? []
        for (index, operation) in migration.operations.enumerated() {
            steps += try await operation.steps(
                catalog, label: "\(migration.name)_\(index + 1)")
        }
        steps += shown?.after ?? []
        // Within the last phase first what can be taken back.
        return Phase.allCases.flatMap { phase in
            let own = steps.filter { $0.phase == phase }
            let isEnd: (Step) -> Bool = { $0.isFinal || ($0.phase == .contract && $0.isCheck) }
            return own.filter { !isEnd($0) } + own.filter(isEnd)
        }
    }

    private func carryOut(
        _ name: String, _ ledger: MigrationLedger, ending: String,
        _ isMeant: @escaping @Sendable (Step) -> Bool
    ) async throws {
        guard let record = try await ledger.find(name) else {
            throw MigrationError(.failed, "\(name) is gone from the ledger")
        }
        try await releasing(record, ledger) { runner in
            try await runner.keeping {
                let done = try await ledger.done(name)
                for (index, step) in record.steps.enumerated()
                where isMeant(step) && !done.contains(index + 1) {
                    try await runner.carryOut(step, number: index + 1, of: record.steps.count)
                }
            }
        }
        try await ledger.release(name, state: ending)
    }

    /// Lets go of the migration where the body fails, so that nobody has to wait for the lease.
    private func releasing(
        _ record: MigrationLedger.Record, _ ledger: MigrationLedger,
        _ body: (StepRunner) async throws -> Void
    ) async throws {
        do {
            try await body(
                StepRunner(
                    name: record.name, begunMicroseconds: record.begunMicroseconds, ledger: ledger,
                    parameters: parameters, report: report))
        } catch {
            if ledger.connection.isUsable {
                try? await ledger.release(record.name, state: record.state)
            }
            throw error
        }
    }

    private func existing(
        _ name: String, _ ledger: MigrationLedger
    ) async throws -> MigrationLedger.Record {
        guard let record = try await ledger.find(name) else {
            throw MigrationError(
                .refused, "there is no migration called \(name): see sluice migrate status")
        }
        return record
    }

    /// All checks of a migration again, on what is there now.
    private func check(_ record: MigrationLedger.Record, _ runner: StepRunner) async throws {
        for step in record.steps where step.phase == .validate {
            guard case .check(let query, let sentence) = step.action else { continue }
            report(.began(step.title))
            try await runner.look(step, query, otherwise: sentence)
        }
    }

    /// A migration is in the hands of a session, which a pooler gives to whoever comes next.
    private static func requireOwnSession(_ connection: PostgresConnection) async throws {
        let row = try await connection.query(MigrationSQL.server).rows.first
        guard row?[0] == "\(connection.backendPID)" else {
            throw MigrationError(
                .refused,
                "this is a connection pooler, and a migration needs sessions of its own: name the "
                    + "server itself with --dsn")
        }
        guard row?[1] == "f" else {
            throw MigrationError(
                .refused, "this server is a replica: name the primary with --dsn")
        }
    }

    private func withLedger<Value: Sendable>(
        onlyReads: Bool = false,
        _ body: (MigrationLedger) async throws -> Value
    ) async throws -> Value {
        try await parameters.withSession { connection in
            // Behind a pooler a setting would be left to whoever comes next.
            if !onlyReads {
                try await Self.requireOwnSession(connection)
                for statement in MigrationSQL.patience(connection.serverVersion) {
                    _ = try await connection.query(statement)
                }
            }
            return try await body(
                MigrationLedger(connection: connection, owner: UUID().uuidString))
        }
    }
}

/// How a migration stands.
public struct MigrationStatus: Sendable, Codable, Equatable {
    /// Its name.
    public let name: String
    /// Where in its life it is.
    public let state: String
    /// When it was begun.
    public let begun: String
    /// Steps that are done.
    public let stepsDone: Int
    /// Steps in all.
    public let steps: Int
    /// What its file's text comes to: another text comes to another.
    public let checksum: String
}

/// What a migration tells while it goes on.
public enum MigrationEvent: Sendable {
    /// A step begins, or a check.
    case began(String)
    /// A step has ended.
    case ended(String)
    /// Something a person should know.
    case note(String)
    /// How far a step is.
    case progress(String)
    /// A lock was not to be had; who has it, and for how long it is rested.
    case waits(String, seconds: Double)
    /// What the backfill tells.
    case backfill(RunEvent)
}
