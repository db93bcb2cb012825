import SluiceCore
import SluicePostgres

/// How a worker finds a key that cannot be changed and sets it aside.
extension WorkerHands {
    /// Tries the next key alone; the transaction says first which one that is.
    ///
    /// Between the two the application may delete that row: then another key fails than the one
    /// that is named, and is not the next one when it is to be set aside.
    mutating func probe(
        _ range: HeldRange, firstOfRange: Bool, limits: Limits
    ) async throws(PostgresError) -> WorkerEvent {
        let connection = try open()
        guard let part = context.job.part(range.part) else { return .fenceMissed }
        let batch = context.job.batch(part)
        let parameters =
            fence(range) + [
                "1", .text("\(context.leaseSeconds)"), .text(context.job.session.durableCommit),
            ] + (part.isWide ? [.text("\(limits.batchBytes)")] : [])
        lastAnswer = .now
        let answer = try await connection.sendAndReceive(
            [
                Statement(BatchSettingsSQL.begin),
                BatchSettingsSQL.timeout(limits.statementTimeoutMilliseconds),
                local(limits, connection),
                Statement(batch.peek(firstOfRange: firstOfRange), fence(range)),
                Statement(batch.change(firstOfRange: firstOfRange), parameters),
                Statement(BatchSettingsSQL.commit),
            ], timeout: Self.batchTimeout)
        guard let error = answer.error else { return Self.outcome(of: answer) }
        let elapsed = lastAnswer.duration(to: .now) / .milliseconds(1)
        try await connection.recover(timeout: PostgresConnection.ledgerTimeout)
        let failure = failure(error, elapsedMilliseconds: Int(elapsed))
        let isPoison =
            FailureClass.of(
                failure, statementTimeoutMilliseconds: limits.statementTimeoutMilliseconds)
            == .poison
        guard isPoison, answer.results.count > 3, let key = answer.results[3].scalar else {
            return .failed(failure)
        }
        return .poisoned(PoisonKey(columns: TextArray.parse(key), failure: failure))
    }

    /// Sets a key aside under the fence, durably: a person is told of it.
    func quarantine(
        _ range: HeldRange, _ key: PoisonKey, firstOfRange: Bool, limits: Limits
    ) async throws(PostgresError) -> QuarantineOutcome {
        let connection = try open()
        guard let part = context.job.part(range.part) else { return .fenceLost }
        let answer = try await connection.sendAndReceive(
            [
                Statement(BatchSettingsSQL.begin),
                BatchSettingsSQL.timeout(limits.statementTimeoutMilliseconds),
                local(limits.durable, connection),
                Statement(
                    context.job.batch(part).quarantine(firstOfRange: firstOfRange),
                    fence(range) + [
                        .text(TextArray.literal(key.columns)),
                        .text(key.failure.sqlState ?? ""), .text(key.failure.message),
                        .text("\(limits.maxQuarantine)"), .text("\(context.leaseSeconds)"),
                    ]),
                Statement(BatchSettingsSQL.commit),
            ], timeout: Self.batchTimeout)
        if let error = answer.error {
            try await connection.recover(timeout: PostgresConnection.ledgerTimeout)
            throw error
        }
        guard let row = answer.results[3].rows.first, row[0] == "t" else { return .fenceLost }
        guard row[1] == "t" else { return .moved }
        return row[2].map { .setAside(finishedRange: $0 == "t") } ?? .full
    }

    /// Everything said locally: what a session keeps is told for whole batches.
    private func local(_ limits: Limits, _ connection: PostgresConnection) -> Statement {
        BatchSettingsSQL.settings(
            context.job.session.settings, limits: limits,
            serverVersion: connection.serverVersion)
    }
}
