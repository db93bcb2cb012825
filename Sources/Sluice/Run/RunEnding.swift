import SluiceCore
import SluicePostgres

/// Writes how a process's part in a run ended, and says so.
struct RunEnding: Sendable {
    let record: RunRecord
    let context: RunContext
    let outcome: RunOutcome
    let seconds: Double
    let lagSecondsMax: Double?
    let tailSeconds: Double?
    let walBefore: UInt64
    let vacuumed: Vacuumer.Totals

    /// How long the last word is tried to be written, in seconds: a restart or a failover ends
    /// within a minute, but who asked for an end is waiting for it.
    private var patienceSeconds: Double {
        if case .drained = outcome { 5 } else { 60 }
    }

    /// The ledger's last word and the report, over a fresh connection: an idle one may have been
    /// closed by the server or the network during the days that a run can take.
    ///
    /// Everything in it can be said twice, so a server that goes away meanwhile is waited for.
    func conclude() async throws -> RunReport {
        if case .unreachable(let failure) = outcome { throw unreachable(failure.message) }
        let deadline = ContinuousClock.now + .seconds(patienceSeconds)
        var attempts = 0
        while true {
            do {
                return try await concludeOnce()
            } catch let error as PostgresError {
                let kind = FailureClass.of(Failure(error), statementTimeoutMilliseconds: .max)
                guard kind == .reconnect || kind == .resources, ContinuousClock.now < deadline
                else { throw error.kind == .connectFailed ? unreachable(error.description) : error }
                attempts += 1
                let pause = Backoff.seconds(.reconnect, attempt: attempts, jitter: 1)
                try await Task.sleep(for: .seconds(pause))
            }
        }
    }

    private func unreachable(_ message: String) -> SluiceError {
        SluiceError(.unreachable, "\(message); progress is kept: sluice resume \(record.id)")
    }

    private func concludeOnce() async throws -> RunReport {
        // Not whatever server answers first: it may be one from before a failover.
        let connection = try await context.connect()
        do {
            let report = try await conclude(on: connection)
            await connection.close()
            return report
        } catch {
            await connection.close()
            // A ledger that is gone must not hide why the run failed.
            let state = (error as? PostgresError)?.sqlState?.rawValue
            if ["3F000", "42P01"].contains(state) {
                throw SluiceError(
                    .failed,
                    "the schema sluice was dropped during the run, and with it the record of what "
                        + "is done: rows changed so far stay changed, and running the job again "
                        + "would begin with the first row")
            }
            if case .failed(let failure) = outcome {
                throw SluiceError(.failed, "run \(record.id) failed: \(failure.message)")
            }
            throw error
        }
    }

    private func conclude(on connection: PostgresConnection) async throws -> RunReport {
        let run: Parameter = .text("\(record.id)")
        let watch = PartWatch(run: record.id, job: context.job) { _ in }
        try await watch.noteChanges(connection)
        let owner: Parameter = .text(context.owner)
        let results = try await connection.transact(
            lastStatements + [
                Statement(RangeSQL.releaseAll, [run, owner]),
                Ledger.entry(record.id, owner: context.owner, event),
                Statement(RangeSQL.unregister, [owner]),
            ])
        let hasCompletedRun = outcome == .completed && !results[0].rows.isEmpty
        let status = try await StatusReader(connection: connection).read(id: record.id)
        var observer = ReplicaObserver()
        _ = try? await observer.observe(connection, nowSeconds: 0)
        let walAfter = observer.walPosition
        let walBytes = walAfter >= walBefore ? Int(walAfter - walBefore) : nil
        // Somebody else may have had the last word.
        let isOverruled = outcome == .completed && status.state != .completed
        let overruled = "run \(record.id) (\(record.name)) is \(status.state.rawValue)"
        let lastWords = try await PartWatch.lastWords(record.id, connection)
        let forecast =
            hasCompletedRun ? await forecastOutcome(connection, walBytes: walBytes) : nil
        return RunReport(
            status: status,
            exitCode: isOverruled ? (status.state == .failed ? 1 : 3) : exitCode(status),
            message: (isOverruled ? overruled : message(status)) + lastWords, seconds: seconds,
            replicaLagSecondsMax: lagSecondsMax,
            walBytes: walBytes, didWork: true, tailSeconds: tailSeconds,
            vacuums: vacuumed.count, vacuumSeconds: vacuumed.seconds, forecast: forecast,
            hasCompletedRun: hasCompletedRun)
    }

    /// What is said of the run itself, if anything.
    private var lastStatements: [Statement] {
        let run: Parameter = .text("\(record.id)")
        switch outcome {
        case .completed: return [Statement(LedgerSQL.completeRun, [run])]
        case .failed(let failure):
            return [Statement(LedgerSQL.stopRun, [run, "failed", "1", .text(failure.message)])]
        case .pausedByAdministrator(let failure):
            return [Statement(LedgerSQL.stopRun, [run, "paused", "3", .text(failure.message)])]
        case .drained, .paused, .cancelled, .unreachable: return []
        }
    }

    private func exitCode(_ status: RunStatus) -> Int32 {
        switch outcome {
        case .completed: status.rowsQuarantined > 0 ? 4 : 0
        case .failed: 1
        case .drained, .paused, .cancelled, .pausedByAdministrator: 3
        case .unreachable: 69
        }
    }

    private var event: String {
        switch outcome {
        case .completed: "completed"
        case .failed: "failed"
        case .drained: "drained"
        case .paused, .pausedByAdministrator: "left paused"
        case .cancelled: "left cancelled"
        case .unreachable: "lost"
        }
    }

    private func message(_ status: RunStatus) -> String {
        let name = "run \(record.id) (\(record.name))"
        let resume = "sluice resume \(record.id)"
        switch outcome {
        case .completed where status.rowsQuarantined > 0:
            let rows = status.rowsQuarantined == 1 ? "row" : "rows"
            return "\(name) is completed but for \(status.rowsQuarantined) \(rows) that could "
                + "not be changed: sluice quarantine \(record.id) list"
        case .completed: return "\(name) is completed"
        case .drained: return "\(name) is drained, nothing is lost: \(resume)"
        case .paused: return "\(name) was paused: \(resume)"
        case .cancelled: return "\(name) was cancelled: rows changed so far stay changed"
        case .pausedByAdministrator(let failure):
            return "\(name) is paused, since its statements were cancelled again and again, "
                + "probably by an administrator (\(failure.message)): \(resume)"
        case .failed(let failure):
            return "\(name) failed: \(failure.message); progress is kept, mend the cause, then "
                + resume
        case .unreachable(let failure): return "\(failure.message): \(resume)"
        }
    }
}
