import SluiceCore
import SluicePostgres

/// What a person does about keys that were set aside.
struct QuarantineControl: Sendable {
    let connection: PostgresConnection

    private var ledger: Ledger { Ledger(connection: connection) }

    func list(_ run: String) async throws -> [QuarantinedKey] {
        try await keys(of: try await ledger.existing(run))
    }

    /// Accepts that the rows of these keys stay as they are, and says how many were left open.
    func skip(_ run: String, _ numbers: [Int64]?) async throws -> Int {
        try await ledger.upgrade()
        let record = try await ledger.existing(run)
        let chosen = try await choose(numbers, of: record).map { "\($0.number)" }
        _ = try await connection.transact(
            QuarantineSQL.skip, [.text("\(record.id)"), .text(TextArray.literal(chosen))])
        try await ledger.record(
            record.id, owner: nil, "skipped", chosen.joined(separator: ", "))
        return try await settle(record)
    }

    /// Tries keys again, each in a transaction of its own that changes its row and takes it out of
    /// the quarantine.
    func retry(_ run: String, _ numbers: [Int64]?) async throws -> QuarantineRetry {
        try await ledger.upgrade()
        let record = try await ledger.existing(run)
        let chosen = try await choose(numbers, of: record)
        guard !chosen.isEmpty else {
            return QuarantineRetry(settled: 0, rowsChanged: 0, failed: [], remaining: 0)
        }
        let job = try await JobPlanner(connection: connection).plan(record)
        try refuseBounds(job)
        var settled = 0
        var rows = 0
        var failed: [QuarantinedKey] = []
        for key in chosen {
            do {
                rows += try await retry(key, record, job)
                settled += 1
            } catch let failure as Failure {
                try await note(failure, of: key.key, record)
                failed.append(key.key.failed(failure))
            }
        }
        let remaining = try await settle(record)
        return QuarantineRetry(
            settled: settled, rowsChanged: rows, failed: failed, remaining: remaining)
    }

    // MARK: Steps

    /// A key and the run's number of its table.
    private struct Chosen {
        let key: QuarantinedKey
        let part: Int
        var number: Int64 { key.number }
    }

    private func keys(of record: RunRecord) async throws -> [QuarantinedKey] {
        try await read(record).map(\.key)
    }

    private func read(_ record: RunRecord) async throws -> [Chosen] {
        try await connection.query(QuarantineSQL.list, [.text("\(record.id)")]).rows.map { row in
            Chosen(
                key: QuarantinedKey(
                    number: Int64(row[0] ?? "") ?? 0, table: row[7],
                    key: TextArray.parse(row[2] ?? ""), sqlState: row[3] ?? "",
                    message: row[4] ?? "", at: row[5] ?? "", isSkipped: row[6] == "t"),
                part: Int(row[1] ?? "") ?? 1)
        }
    }

    /// The keys that are meant: those numbered, or all that nobody has accepted.
    private func choose(_ numbers: [Int64]?, of record: RunRecord) async throws -> [Chosen] {
        let all = try await read(record)
        guard let numbers else { return all.filter { !$0.key.isSkipped } }
        for number in numbers where !all.contains(where: { $0.number == number }) {
            throw SluiceError(
                .refused,
                "number \(number) is not in the quarantine of run \(record.id): "
                    + "`sluice quarantine \(record.id) list` shows the numbers")
        }
        return all.filter { numbers.contains($0.number) }
    }

    /// A statement that takes a batch's bounds cannot be told to take one row.
    private func refuseBounds(_ job: PlannedJob) throws(SluiceError) {
        guard let sql = job.identity.detail.statement, let template = try? StatementTemplate(sql),
            template.pieces.contains(.lower) || template.pieces.contains(.upper)
        else { return }
        throw SluiceError(
            .refused,
            "the job's statement takes :lower and :upper, which cannot mean a single row: mend "
                + "the rows by hand, then `sluice quarantine RUN skip`")
    }

    /// - Throws: `Failure` when the row cannot be changed this time either.
    private func retry(
        _ key: Chosen, _ record: RunRecord, _ job: PlannedJob
    ) async throws -> Int {
        let part = try part(of: key, record, job)
        let answer = try await connection.sendAndReceive(
            [
                Statement(BatchSettingsSQL.begin),
                BatchSettingsSQL.timeout(record.limits.statementTimeoutMilliseconds),
                BatchSettingsSQL.settings(
                    job.writingSettings, limits: record.limits.durable,
                    serverVersion: connection.serverVersion),
                Statement(
                    job.batch(part).retry, [.text("\(record.id)"), .text("\(key.number)")]),
                Statement(BatchSettingsSQL.commit),
            ], timeout: PostgresConnection.ledgerTimeout)
        if let error = answer.error {
            try await connection.recover(timeout: PostgresConnection.ledgerTimeout)
            let failure = Failure(error)
            switch FailureClass.of(failure, statementTimeoutMilliseconds: .max) {
            case .poison, .retry: throw failure
            default: throw SluiceError(error, while: "trying key \(key.number) again")
            }
        }
        return answer.results[3].scalar.flatMap { Int($0) } ?? 0
    }

    private func part(
        of key: Chosen, _ record: RunRecord, _ job: PlannedJob
    ) throws(SluiceError) -> PlannedPart {
        if let part = job.part(key.part) { return part }
        throw SluiceError(
            .refused,
            "the table of key \(key.number) was dropped: `sluice quarantine \(record.id) skip "
                + "\(key.number)`")
    }

    private func note(
        _ failure: Failure, of key: QuarantinedKey, _ record: RunRecord
    ) async throws {
        _ = try await connection.transact(
            QuarantineSQL.failedAgain,
            [
                .text("\(record.id)"), .text("\(key.number)"), .text(failure.sqlState ?? ""),
                .text(failure.message),
            ])
    }

    private func settle(_ record: RunRecord) async throws -> Int {
        _ = try await connection.transact(QuarantineSQL.settle, [.text("\(record.id)")])
        return try await keys(of: record).filter { !$0.isSkipped }.count
    }
}

extension QuarantinedKey {
    /// The same key with what it failed with now.
    fileprivate func failed(_ failure: Failure) -> QuarantinedKey {
        QuarantinedKey(
            number: number, table: table, key: key, sqlState: failure.sqlState ?? "",
            message: failure.message, at: at, isSkipped: false)
    }
}
