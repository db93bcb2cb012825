import Sluice
import SluiceCore
import SluicePostgres

/// Carries out steps, and takes them back.
struct StepRunner: Sendable {
    let name: String
    let begunMicroseconds: Int
    let ledger: MigrationLedger
    let parameters: ConnectionParameters
    let report: @Sendable (MigrationEvent) -> Void

    /// How long a batch should last, in seconds: an application's statement that meets a row of it
    /// waits for its end, and may take half a second in all, also where the batch takes thrice as
    /// long.
    private static let batchSecondsMax = 0.1
    static var backfillLimits: LimitChanges {
        var limits = LimitChanges()
        limits.batchSecondsMax = .some(batchSecondsMax)
        return limits
    }
    /// How long a statement waits for its lock, in milliseconds: whoever comes meanwhile waits
    /// behind it.
    private static let lockTimeoutMilliseconds = 200
    /// The rest after that, in seconds, and what it grows by and to: long transactions end.
    private static let restSecondsFirst = 0.2
    private static let restFactor = 1.5
    private static let restSecondsMax = 10.0
    /// Longest time that a statement may hold a lock which others wait for, in milliseconds, and
    /// how often it may prove to need longer: it reads or rewrites the table then.
    private static let briefMilliseconds = 400
    private static let longTriesMax = 5
    /// How often it is tried: with those rests a quarter of an hour.
    private static let triesMax = 100
    /// How often it is looked how far an index is, in seconds.
    private static let watchSeconds = 1.0
    /// How often the lease is renewed, in seconds: a third of it.
    private static let renewSeconds = 10.0

    /// Does the body while the migration stays in this process's hands.
    func keeping(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                do {
                    try await renew()
                } catch {
                    // Its work is over: the question that was under way is of no interest.
                    guard Task.isCancelled else { throw error }
                }
                return false
            }
            group.addTask {
                try await body()
                return true
            }
            while let isDone = try await group.next() {
                if isDone { group.cancelAll() }
            }
        }
    }

    /// Renews the lease until cancelled, on a connection of its own: the other one is busy with a
    /// step.
    private func renew() async throws {
        try await parameters.withSession { connection in
            let own = MigrationLedger(connection: connection, owner: ledger.owner)
            while !Task.isCancelled {
                guard try await own.renew(name) else {
                    throw MigrationError(
                        .failed, "\(name) was taken over by another process: this one stops")
                }
                try await Task.sleep(for: .seconds(Self.renewSeconds))
            }
        }
    }

    /// Carries out a step that is not done.
    func carryOut(_ step: Step, number: Int, of count: Int) async throws {
        report(.began("\(number)/\(count) \(step.title)"))
        switch step.action {
        case .transaction(let statements):
            try await withLock(step) {
                try await ledger.run(
                    statements, marking: MigrationSQL.mark, name, step: number,
                    lockTimeoutMilliseconds: Self.lockTimeoutMilliseconds,
                    statementTimeoutMilliseconds: step.isBrief ? Self.briefMilliseconds : 0)
            }
        case .outside(let statement, let isDone, let cleaning):
            if try await ledger.connection.query(isDone).scalar != "t" {
                try await outside(cleaning)
                try await watching { try await outside(statement) }
            }
            try await mark(number)
        case .backfill(let backfill):
            try await fill(backfill, number: number)
            try await mark(number)
        case .check(let query, let sentence):
            try await look(step, query, otherwise: sentence)
            try await mark(number)
        }
        report(.ended(step.title))
    }

    /// Makes sure of what a step says.
    ///
    /// - Throws: `MigrationError` where it is not so.
    func look(_ step: Step, _ query: String, otherwise sentence: String) async throws {
        do {
            guard try await ledger.connection.query(query).scalar == "t" else {
                throw MigrationError(.failed, "\(step.title): \(sentence)")
            }
        } catch let error as PostgresError {
            // Rows for which an expression has no value are set aside by the backfill.
            guard step.phase == .expand, error.sqlState?.rawValue.hasPrefix("22") == true else {
                throw MigrationError(.failed, "\(step.title): \(error)")
            }
            report(
                .note("for some rows there is no value: \(error.message); they will be set aside"))
        }
    }

    /// Takes back a step: what is done, and what may be half done.
    ///
    /// - Parameter mayBeHalfDone: Whether it is the first that is not done: behind that nothing was
    ///   begun, and what has its names there is somebody else's.
    func takeBack(
        _ step: Step, number: Int, isDone: Bool, mayBeHalfDone: Bool
    ) async throws {
        if case .backfill = step.action { try await forget(number) }
        if step.undoesOutside, isDone || mayBeHalfDone {
            report(.began("taking back: \(step.title)"))
            for statement in step.undo { try await outside(statement) }
        }
        guard isDone else { return }

        if !step.undoesOutside { report(.began("taking back: \(step.title)")) }
        try await withLock(step) {
            try await ledger.run(
                step.undoesOutside ? [] : step.undo, marking: MigrationSQL.unmark, name,
                step: number, lockTimeoutMilliseconds: Self.lockTimeoutMilliseconds,
                statementTimeoutMilliseconds: step.isBrief ? Self.briefMilliseconds : 0)
        }
        report(.ended(step.title))
    }

    private func mark(_ number: Int) async throws {
        try await ledger.run(
            [], marking: MigrationSQL.mark, name, step: number, lockTimeoutMilliseconds: 0,
            statementTimeoutMilliseconds: 0)
    }

    /// A statement of its own: it waits for transactions to end, and nobody waits for it.
    private func outside(_ statement: String) async throws {
        _ = try await ledger.connection.query("SET lock_timeout = 0")
        _ = try await ledger.connection.query("SET statement_timeout = 0")
        _ = try await ledger.connection.query(statement)
    }

    /// Says how far a statement that builds an index is, while it does.
    private func watching(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let pid = ledger.connection.backendPID
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask {
                // Nothing depends on it: who cannot be asked is not.
                try? await parameters.withSession { connection in
                    while !Task.isCancelled {
                        try await Task.sleep(for: .seconds(Self.watchSeconds))
                        let row = try await connection.query(
                            MigrationSQL.indexProgress, [.text("\(pid)")]
                        ).rows.first
                        if let what = row?[0] { report(.progress(what)) }
                    }
                }
                return false
            }
            while let isDone = try await group.next() {
                if isDone { group.cancelAll() }
            }
        }
    }

    /// Tries until the lock is had, and is not needed for long.
    private func withLock(_ step: Step, _ body: () async throws -> Void) async throws {
        var rest = Self.restSecondsFirst
        var long = 0
        for attempt in 1... {
            do {
                return try await body()
            } catch let error as PostgresError {
                let isLong = step.isBrief && error.sqlState == .queryCanceled
                if isLong { long += 1 }
                guard long < Self.longTriesMax else {
                    throw MigrationError(
                        .failed,
                        "\(step.title): it would hold its lock for longer than "
                            + "\(Self.briefMilliseconds) ms, since it reads or rewrites the table")
                }
                let again =
                    error.sqlState == .lockNotAvailable || error.sqlState == .deadlockDetected
                guard again || isLong, attempt < Self.triesMax else { throw error }
                report(.waits(await blockers(step), seconds: rest))
                try await Task.sleep(for: .seconds(rest))
                rest = min(Self.restSecondsMax, rest * Self.restFactor)
            }
        }
    }

    /// Who has locks on the table that a step is about.
    private func blockers(_ step: Step) async -> String {
        guard let table = step.table else { return "a lock" }
        let rows =
            (try? await ledger.connection.query(MigrationSQL.blockers, [.text(table)]).rows) ?? []
        guard !rows.isEmpty else { return "a lock on \(table)" }
        let sessions = rows.map { row in
            "\(row[0] ?? "") (\(row[1] ?? "") \(row[2] ?? ""), \(row[3] ?? "") s)"
        }
        return "a lock on \(table) that \(sessions.joined(separator: ", ")) has"
    }

    // MARK: - The backfill

    /// A run of its own each time the migration is begun: the columns are others.
    private func job(_ number: Int) -> String {
        "migration \(name) step \(number) begun \(begunMicroseconds)"
    }

    private func request(_ backfill: Backfill, number: Int) -> JobRequest {
        guard let statement = backfill.statement else {
            return JobRequest(
                name: job(number), table: backfill.table,
                assignments: [
                    Assignment(column: backfill.column, expression: backfill.expression)
                ], predicate: "\(backfill.column) IS NULL")
        }
        return JobRequest(
            kind: .statement, name: job(number), table: backfill.table, statement: statement)
    }

    /// How a backfill is run: what is carried on has what it was given, and what somebody tuned
    /// since.
    static func options(carriesOn: Bool) -> RunOptions {
        var options = RunOptions()
        options.confirmed = true
        if !carriesOn { options.limits = backfillLimits }
        return options
    }

    private func fill(_ backfill: Backfill, number: Int) async throws {
        let request = request(backfill, number: number)
        let sluice = Sluice(parameters)
        let earlier = try await earlier(number)
        let report = self.report
        let result: RunReport
        switch earlier?.state {
        case .completed where earlier?.rowsQuarantined == 0: return
        case .completed: throw aside(number)
        case .failed, .paused:
            result = try await sluice.resume(job(number), options: Self.options(carriesOn: true)) {
                report(.backfill($0))
            }
        default:
            var options = Self.options(carriesOn: false)
            options.fresh = earlier?.state == .cancelled
            result = try await sluice.run(request, options: options) { report(.backfill($0)) }
        }
        switch result.exitCode {
        case 0: return
        case 4: throw aside(number)
        default: throw MigrationError(.failed, result.message)
        }
    }

    /// Rows that the expression cannot be evaluated for.
    private func aside(_ number: Int) -> MigrationError {
        MigrationError(
            .failed,
            "some rows could not be filled and are set aside: sluice quarantine '\(job(number))' "
                + "list shows them; mend them, then sluice quarantine '\(job(number))' retry, then "
                + "start again")
    }

    private func earlier(_ number: Int) async throws -> RunStatus? {
        try await Sluice(parameters).status().first { $0.job == job(number) }
    }

    /// A run that is carried on belongs to the columns it was begun for.
    private func forget(_ number: Int) async throws {
        guard let run = try await earlier(number), run.state != .completed,
            run.state != .cancelled
        else { return }
        _ = try await Sluice(parameters).cancel(job(number))
    }
}
