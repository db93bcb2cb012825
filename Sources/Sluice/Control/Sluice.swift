public import SluiceCore
public import SluicePostgres

/// The library's front door: everything the command line does with a backfill.
///
/// One value serves one database. Every call opens its own connections and closes them.
public struct Sluice: Sendable {
    /// How to reach the database.
    public let parameters: ConnectionParameters

    /// A front door to one database.
    public init(_ parameters: ConnectionParameters) {
        self.parameters = parameters
    }

    /// Carries out a job: begins a run, or carries on with the unfinished one of the same name.
    ///
    /// Returns when the run ended or `drain` was requested. Cancelling the task stops at once;
    /// the run stays resumable.
    /// - Throws: `SluiceError`.
    public func run(
        _ job: JobRequest, options: RunOptions = RunOptions(), drain: DrainSwitch = DrainSwitch(),
        report: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) async throws -> RunReport {
        try await RunStarter(parameters: parameters, options: options, report: report)
            .run(job, drain: drain)
    }

    /// Carries on with a run, by its number or its job's name.
    /// - Throws: `SluiceError`.
    public func resume(
        _ run: String, options: RunOptions = RunOptions(), drain: DrainSwitch = DrainSwitch(),
        report: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) async throws -> RunReport {
        try await RunStarter(parameters: parameters, options: options, report: report)
            .resume(run, drain: drain)
    }

    /// What a run of the job would do.
    ///
    /// Changes nothing. - Throws: `SluiceError`, refusals of a malformed job included.
    public func plan(
        _ job: JobRequest, options: RunOptions = RunOptions()
    ) async throws -> PlanReport {
        try await withConnection { connection in
            try await PlanReporter(connection: connection).report(job, options: options)
        }
    }

    /// Makes the ledger on a connection, or brings it up to date.
    /// - Throws: `SluiceError`.
    public static func prepareLedger(_ connection: PostgresConnection) async throws {
        try await Ledger(connection: connection).open()
    }

    /// How all runs stand, the newest first, or the one named.
    /// - Throws: `SluiceError`.
    public func status(_ run: String? = nil) async throws -> [RunStatus] {
        try await withConnection { connection in
            try await StatusReader(connection: connection).read(run)
        }
    }

    /// Pauses a run wherever it is being carried out; its processes exit.
    /// - Throws: `SluiceError`.
    public func pause(_ run: String) async throws -> RunStatus {
        try await withConnection { connection in
            try await RunControl(connection: connection).pause(run)
        }
    }

    /// Cancels a run: nothing of it commits any more once this returns.
    /// - Throws: `SluiceError`.
    public func cancel(_ run: String) async throws -> RunStatus {
        try await withConnection { connection in
            try await RunControl(connection: connection).cancel(run)
        }
    }

    /// Changes a run's limits; processes that carry it out follow within a second.
    /// - Throws: `SluiceError`.
    public func tune(_ run: String, _ changes: LimitChanges) async throws -> Limits {
        try await withConnection { connection in
            try await RunControl(connection: connection).tune(run, changes)
        }
    }

    /// The keys of a run that were set aside, the oldest first.
    /// - Throws: `SluiceError`.
    public func quarantine(_ run: String) async throws -> [QuarantinedKey] {
        try await withConnection { connection in
            try await QuarantineControl(connection: connection).list(run)
        }
    }

    /// Tries quarantined keys again: those numbered, or all that were not skipped.
    /// - Throws: `SluiceError`.
    public func retryQuarantined(
        _ run: String, numbers: [Int64]? = nil
    ) async throws -> QuarantineRetry {
        try await withConnection { connection in
            try await QuarantineControl(connection: connection).retry(run, numbers)
        }
    }

    /// Accepts that rows stay as they are: those numbered, or all; returns how many are left.
    /// - Throws: `SluiceError`.
    public func skipQuarantined(
        _ run: String, numbers: [Int64]? = nil
    ) async throws -> Int {
        try await withConnection { connection in
            try await QuarantineControl(connection: connection).skip(run, numbers)
        }
    }

    /// Compares a completed run with its table, and puts wrong rows right where `options` say so.
    ///
    /// Returns early, incomplete, when `drain` was requested. - Throws: `SluiceError`.
    public func verify(
        _ run: String, options: VerifyOptions = VerifyOptions(),
        drain: DrainSwitch = DrainSwitch(),
        report: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) async throws -> VerifyReport {
        let verifier = Verifier(
            parameters: parameters, options: options, drain: drain, report: report)
        return try await withConnection { connection in
            try await verifier.verify(run, on: connection)
        }
    }

    /// What works and what does not between here and this database, for `sluice doctor`.
    /// - Throws: `SluiceError` of kind `unreachable` when there is no session.
    public func doctor() async throws -> [DoctorFinding] {
        try await withConnection { connection in
            try await Doctor(connection: connection).examine()
        }
    }

    /// The statements that give a role what it needs and no more, one statement or comment a line.
    ///
    /// Changes nothing: an administrator runs them. `table` is spelled as in SQL, `role` exactly as
    /// it is named; without it the connected role is meant. - Throws: `SluiceError`.
    public func grants(table: String? = nil, role: String? = nil) async throws -> [String] {
        try await withConnection { connection in
            try await GrantReader(connection: connection).script(table: table, role: role).lines
        }
    }

    private func withConnection<Value: Sendable>(
        _ body: @Sendable (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await Connector.open(parameters, applicationName: "sluice")
        do {
            let value = try await body(connection)
            await connection.close()
            return value
        } catch let error as PostgresError {
            await connection.close()
            throw SluiceError(error, while: "asking the server")
        } catch {
            await connection.close()
            throw error
        }
    }
}
