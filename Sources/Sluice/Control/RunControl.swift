import SluiceCore
import SluicePostgres

/// What a person does to a run from any host: the ledger carries it to the processes.
struct RunControl: Sendable {
    let connection: PostgresConnection

    private var ledger: Ledger { Ledger(connection: connection) }

    func pause(_ run: String) async throws -> RunStatus {
        try await ledger.upgrade()
        let record = try await ledger.existing(run)
        guard record.state.isUnfinished else {
            throw SluiceError(
                .refused, "run \(record.id) (\(record.name)) is \(record.state.rawValue) already")
        }
        try await stop(record, state: "paused")
        return try await StatusReader(connection: connection).read(id: record.id)
    }

    func cancel(_ run: String) async throws -> RunStatus {
        try await ledger.upgrade()
        let record = try await ledger.existing(run)
        switch record.state {
        case .planned, .running, .paused:
            do {
                try await stop(record, state: "cancelled")
            } catch let error as PostgresError where error.sqlState == .lockNotAvailable {
                // Half a transaction of a dead client holds a range for ever: end its session.
                _ = try await connection.query("ROLLBACK")
                _ = try await connection.query(RangeSQL.endSessions, [.text("\(record.id)")])
                try await stop(record, state: "cancelled")
            }
        case .cancelled: break
        case .completed, .failed:
            throw SluiceError(
                .refused, "run \(record.id) (\(record.name)) is \(record.state.rawValue) already")
        }
        return try await StatusReader(connection: connection).read(id: record.id)
    }

    /// Writes the new state; a cancel also takes every range from its owner, in the same
    /// transaction, and so waits for the batches that are just committing.
    private func stop(_ record: RunRecord, state: String) async throws {
        try await connection.beginOnLedger()
        _ = try await connection.query(BatchSettingsSQL.cancelLockTimeout)
        _ = try await connection.query(
            LedgerSQL.stopRun, [.text("\(record.id)"), .text(state), "3", .null])
        if state == "cancelled" {
            _ = try await connection.query(LedgerSQL.takeRanges, [.text("\(record.id)")])
        }
        try await ledger.note(record.id, owner: nil, state, nil)
        _ = try await connection.query("COMMIT")
    }

    func tune(_ run: String, _ changes: LimitChanges) async throws -> Limits {
        try await ledger.upgrade()
        let record = try await ledger.existing(run)
        guard record.state.isUnfinished else {
            throw SluiceError(
                .refused,
                "run \(record.id) (\(record.name)) is \(record.state.rawValue): there is nothing "
                    + "left to tune")
        }
        let limits = changes.applied(to: record.limits)
        if let problem = limits.problem { throw SluiceError(.refused, problem) }
        // Only what is new: a query that no longer works must not keep a person from the rest.
        try await ThrottleCheck(connection: connection).check(changes.applied(to: Limits()))
        try await set(limits, of: record.id)
        try await ledger.record(record.id, owner: nil, "retuned", Self.words(limits))
        return limits
    }

    func set(_ limits: Limits, of run: Int64) async throws {
        _ = try await connection.transact(
            LedgerSQL.setLimits, [.text("\(run)")] + RunRecord.parameters(limits))
    }

    private static func words(_ limits: Limits) -> String {
        "workers \(limits.workers.lowerBound)..\(limits.workers.upperBound), "
            + "batch \(limits.sizesBatches ? "auto" : "\(limits.batchKeys)"), "
            + "batch-bytes \(limits.batchBytes), max-lag "
            + (limits.maxLagSeconds.map { "\($0) s" } ?? "off")
            + ", max-quarantine \(limits.maxQuarantine), others \(StoredLimits(limits).json)"
    }
}
