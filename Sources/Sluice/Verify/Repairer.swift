import SluiceCore
import SluicePostgres

/// Puts wrong rows right by the job's own change, under a batch's settings and timeouts.
struct Repairer: Sendable {
    let connection: PostgresConnection
    let record: RunRecord
    let settings: [Setting]

    /// Times that a repair is tried again which meets a lock or a deadlock.
    private static let attemptsMax = 6

    /// What came of it.
    struct Outcome: Sendable {
        var changed = 0
        var failed: [WrongRow] = []
    }

    /// Changes the rows of these keys; those that cannot be changed are found by halving.
    func repair(_ rows: [WrongRow], _ sql: CompareSQL) async throws -> Outcome {
        var outcome = Outcome()
        var left = [rows[...]]
        while let some = left.popLast() {
            guard !some.isEmpty else { continue }
            do {
                outcome.changed += try await change(some, sql)
            } catch let failure as Failure {
                let middle = some.startIndex + some.count / 2
                if some.count > 1 {
                    left += [some[middle...], some[..<middle]]
                } else if let row = some.first {
                    outcome.failed.append(
                        WrongRow(
                            table: row.table, key: row.key, why: .failed,
                            message: failure.message))
                }
            }
        }
        return outcome
    }

    /// - Throws: `Failure` when one of the rows cannot be changed.
    private func change(_ rows: ArraySlice<WrongRow>, _ sql: CompareSQL) async throws -> Int {
        let arrays = sql.batch.key.indices.map { index in
            Parameter.text(TextArray.literal(rows.map { $0.key[index] }))
        }
        for attempt in 1... {
            let answer = try await connection.sendAndReceive(
                [
                    Statement(BatchSettingsSQL.begin),
                    BatchSettingsSQL.timeout(record.limits.statementTimeoutMilliseconds),
                    BatchSettingsSQL.settings(
                        settings, limits: record.limits.durable,
                        serverVersion: connection.serverVersion),
                    // The keys are few and known: anything but the key's index reads the table.
                    BatchSettingsSQL.local([
                        Setting("enable_hashjoin", "off"), Setting("enable_mergejoin", "off"),
                    ]),
                    Statement(sql.repair, [.text("\(record.id)")] + arrays),
                    Statement(BatchSettingsSQL.commit),
                ], timeout: WorkerHands.batchTimeout)
            guard let error = answer.error else {
                guard let changed = answer.results[4].scalar.flatMap({ Int($0) }) else {
                    throw SluiceError(
                        .refused,
                        "\(sql.batch.table.shown) is another table now, or run \(record.id) is no "
                            + "longer completed: nothing more was repaired")
                }
                return changed
            }
            try await connection.recover(timeout: PostgresConnection.ledgerTimeout)
            let failure = Failure(error)
            let kind = FailureClass.of(failure, statementTimeoutMilliseconds: .max)
            if kind == .poison { throw failure }
            guard kind == .retry || kind == .administrator, attempt < Self.attemptsMax else {
                throw SluiceError(error, while: "repairing rows of \(sql.batch.table.shown)")
            }
            try await Task.sleep(
                for: .seconds(Backoff.seconds(kind, attempt: attempt, jitter: .random(in: 0..<1))))
        }
        return 0
    }
}
