import SluiceCore
import SluicePostgres

/// How a worker fills a region in lanes.
extension WorkerHands {
    /// Fewest keys that make a region: with less, plain batches end the range.
    private static let regionKeysMin = 2_000

    /// Begins a region or takes up the one that is under way, and reads its keys; `nil` when the
    /// fence is lost.
    mutating func survey(
        _ range: HeldRange, _ request: LaneRequest, limits: Limits
    ) async throws(PostgresError) -> LaneSurvey? {
        let connection = try open()
        guard let part = context.job.part(range.part) else { return nil }
        let sql = context.job.lane(part)
        var statements = [
            Statement(BatchSettingsSQL.begin),
            BatchSettingsSQL.timeout(limits.statementTimeoutMilliseconds),
            BatchSettingsSQL.settings(
                context.job.session.settings, limits: limits,
                serverVersion: connection.serverVersion),
        ]
        if request.mergesRest {
            statements.append(Statement(LaneSQL.merge, fence(range)))
        } else if !range.hasRegion {
            statements.append(
                Statement(
                    sql.begin(firstOfRange: !range.hasCursor),
                    fence(range) + [
                        Parameter(request.regionKeys), Parameter(request.lanes),
                        Parameter(Self.regionKeysMin), .text("\(context.leaseSeconds)"),
                        Parameter(request.regionKeysMin),
                    ]))
        }
        statements.append(Statement(LaneSQL.state, fence(range)))
        statements += [
            Statement(sql.keys(hasCursor: range.hasCursor), fence(range)),
            Statement(BatchSettingsSQL.commit),
        ]
        lastAnswer = .now
        let answer = try await connection.sendAndReceive(
            statements, timeout: Self.batchTimeout)
        if let error = answer.error {
            try await connection.recover(timeout: PostgresConnection.ledgerTimeout)
            throw error
        }
        let results = Array(answer.results.suffix(3))
        guard results.count == 3, let state = results[0].rows.first else { return nil }
        let row = results[1].rows.first?.map { $0 ?? "{}" } ?? []
        laneKeys = LaneKeys(
            arrays: Array(row.dropLast()), lanes: row.last ?? "{}", request: request,
            isMerged: state[2] == "t", lane: Int(state[0] ?? "") ?? 0,
            cursor: state[1].map(TextArray.parse))
        if laneKeys.slices.isEmpty, state[0] != nil { try await close(range) }
        return LaneSurvey(
            slices: laneKeys.slices.map(\.slice),
            transaction: UInt64(state[4] ?? "") ?? 0, horizon: UInt64(state[5] ?? "") ?? 0,
            isMerged: state[2] == "t")
    }

    /// Ends a region whose last keys are gone.
    private func close(_ range: HeldRange) async throws(PostgresError) {
        _ = try await open().transact(LaneSQL.close, fence(range))
    }

    /// What may be pruned by now.
    func horizon() async throws(PostgresError) -> UInt64 {
        let xid = try await open().queryKept(HorizonSQL.look).rows.first?[0]
        return xid.flatMap { UInt64($0) } ?? 0
    }

    /// The parameters of a lane's batch.
    mutating func laneParameters(_ range: HeldRange, _ batch: LaneBatch) -> [Parameter] {
        lanePlace(range, batch) + laneKeys.arrays(batch).map { .text($0) }
    }

    /// The parameters that a batch and a quarantine have in common.
    private mutating func lanePlace(_ range: HeldRange, _ batch: LaneBatch) -> [Parameter] {
        let before = laneKeys.place(before: batch)
        return fence(range) + [
            Parameter(before.lane), Parameter(before.cursor.map(TextArray.literal)),
            Parameter(laneKeys.slices[batch.slice].slice.lane),
            Parameter(batch.keys), .text(batch.endsRegion ? "true" : "false"),
            .text("\(context.leaseSeconds)"),
            .text(context.job.session.durableCommit),
        ]
    }

    /// Tries one key of a lane alone.
    mutating func probe(
        _ range: HeldRange, _ batch: LaneBatch, limits: Limits
    ) async throws(PostgresError) -> WorkerEvent {
        let connection = try open()
        guard let part = context.job.part(range.part) else { return .fenceMissed }
        let parameters = laneParameters(range, batch)
        lastAnswer = .now
        let answer = try await connection.sendAndReceive(
            [
                Statement(BatchSettingsSQL.begin),
                BatchSettingsSQL.timeout(limits.statementTimeoutMilliseconds),
                BatchSettingsSQL.settings(
                    context.job.session.settings, limits: limits,
                    serverVersion: connection.serverVersion),
                Statement(context.job.lane(part).change, parameters),
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
        guard isPoison else { return .failed(failure) }
        let key = laneKeys.key(batch.slice, at: batch.first)
        return .poisoned(PoisonKey(columns: key, failure: failure))
    }

    /// Sets a key of a lane aside under the fence, durably.
    mutating func quarantine(
        _ range: HeldRange, _ key: PoisonKey, _ batch: LaneBatch, limits: Limits
    ) async throws(PostgresError) -> QuarantineOutcome {
        let connection = try open()
        guard let part = context.job.part(range.part) else { return .fenceLost }
        let parameters =
            lanePlace(range, batch) + [
                .text(key.failure.sqlState ?? ""), .text(key.failure.message),
                .text("\(limits.maxQuarantine)"), .text(TextArray.literal(key.columns)),
            ]
        let answer = try await connection.sendAndReceive(
            [
                Statement(BatchSettingsSQL.begin),
                BatchSettingsSQL.timeout(limits.statementTimeoutMilliseconds),
                BatchSettingsSQL.settings(
                    context.job.session.settings, limits: limits.durable,
                    serverVersion: connection.serverVersion),
                Statement(context.job.lane(part).quarantine, parameters),
                Statement(BatchSettingsSQL.commit),
            ], timeout: Self.batchTimeout)
        if let error = answer.error {
            try await connection.recover(timeout: PostgresConnection.ledgerTimeout)
            throw error
        }
        guard let row = answer.results[3].rows.first, row[0] == "t" else { return .fenceLost }
        return row[2].map { .setAside(finishedRange: $0 == "t") } ?? .full
    }
}
