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
        guard let part = context.job.part(range.part) else { return .fenceMissed }
        let batch = context.job.batch(part)
        let parameters =
            fence(range) + [
                "1", .text("\(context.leaseSeconds)"), .text(context.job.session.durableCommit),
            ] + (part.isWide ? [.text("\(limits.batchBytes)")] : [])
        return try await tried(
            [
                Statement(batch.peek(firstOfRange: firstOfRange), fence(range)),
                Statement(batch.change(firstOfRange: firstOfRange), parameters),
            ], limits: limits
        ) { answer in
            guard answer.results.count > Self.settingsCount else { return nil }
            return answer.results[Self.settingsCount].scalar.map(TextArray.parse)
        }
    }

    /// Tries a batch of one key; the last statement is its change, and `key` says which key that
    /// was, if the answer tells.
    mutating func tried(
        _ statements: [Statement], limits: Limits, key: (PipelineResult) -> [String]?
    ) async throws(PostgresError) -> WorkerEvent {
        let answer = try await alone(statements, limits: limits)
        guard let error = answer.error else { return Self.outcome(of: answer) }
        let elapsed = lastAnswer.duration(to: .now) / .milliseconds(1)
        try await open().recover(timeout: PostgresConnection.ledgerTimeout)
        let failure = failure(error, elapsedMilliseconds: Int(elapsed))
        let isPoison =
            FailureClass.of(
                failure, statementTimeoutMilliseconds: limits.statementTimeoutMilliseconds)
            == .poison
        guard isPoison, let columns = key(answer) else { return .failed(failure) }
        return .poisoned(PoisonKey(columns: columns, failure: failure))
    }

    /// Sets a key aside under the fence, durably: a person is told of it.
    mutating func quarantine(
        _ range: HeldRange, _ key: PoisonKey, firstOfRange: Bool, limits: Limits
    ) async throws(PostgresError) -> QuarantineOutcome {
        guard let part = context.job.part(range.part) else { return .fenceLost }
        return try await setAside(
            Statement(
                context.job.batch(part).quarantine(firstOfRange: firstOfRange),
                fence(range) + [
                    .text(TextArray.literal(key.columns)),
                    .text(key.failure.sqlState ?? ""), .text(key.failure.message),
                    .text("\(limits.maxQuarantine)"), .text("\(context.leaseSeconds)"),
                ]), limits: limits)
    }

    /// Carries out what sets a key aside, and says what came of it.
    mutating func setAside(
        _ statement: Statement, limits: Limits
    ) async throws(PostgresError) -> QuarantineOutcome {
        let answer = try await alone([statement], limits: limits.durable)
        if let error = answer.error {
            try await open().recover(timeout: PostgresConnection.ledgerTimeout)
            throw error
        }
        guard let row = answer.results[Self.settingsCount].rows.first, row[0] == "t" else {
            return .fenceLost
        }
        guard row[1] == "t" else { return .moved }
        return row[2].map { .setAside(finishedRange: $0 == "t") } ?? .full
    }

    /// Results before the first statement's own, in what ``alone(_:limits:)`` answers.
    private static let settingsCount = 3

    /// Sends statements in a transaction of their own and waits for it.
    ///
    /// Everything is said locally: what a session keeps is told for whole batches.
    mutating func alone(
        _ statements: [Statement], limits: Limits
    ) async throws(PostgresError) -> PipelineResult {
        let connection = try open()
        lastAnswer = .now
        let settings = [
            Statement(BatchSettingsSQL.begin),
            BatchSettingsSQL.timeout(limits.statementTimeoutMilliseconds),
            BatchSettingsSQL.settings(
                context.job.writingSettings, limits: limits,
                serverVersion: connection.serverVersion),
        ]
        return try await connection.sendAndReceive(
            settings + statements + [Statement(BatchSettingsSQL.commit)],
            timeout: Self.batchTimeout)
    }
}
