import SluiceCore
import SluicePostgres

/// How a worker fills a region in lanes.
extension WorkerHands {
    /// Fewest keys that make a region: with less, plain batches end the range.
    static let regionKeysMin = 2_000

    /// Makes the lanes that are left one, or begins a region, as the survey asks for; neither where
    /// one is under way.
    func regionOpening(
        _ range: HeldRange, _ request: LaneRequest, begin: () -> Statement
    ) -> [Statement] {
        if request.mergesRest { return [Statement(LaneSQL.merge, fence(range))] }
        return range.hasRegion ? [] : [begin()]
    }

    /// Begins a region or takes up the one that is under way, and reads its keys; `nil` when the
    /// fence is lost.
    mutating func survey(
        _ range: HeldRange, _ request: LaneRequest, limits: Limits
    ) async throws(PostgresError) -> LaneSurvey? {
        guard let part = context.job.part(range.part) else { return nil }
        let sql = context.job.lane(part)
        var statements = regionOpening(range, request) {
            Statement(
                sql.begin(firstOfRange: !range.hasCursor),
                fence(range) + [
                    Parameter(request.regionKeys), Parameter(request.lanes),
                    Parameter(Self.regionKeysMin), .text("\(context.leaseSeconds)"),
                    Parameter(request.regionKeysMin),
                ])
        }
        statements += [
            Statement(LaneSQL.state, fence(range)),
            Statement(sql.keys(hasCursor: range.hasCursor), fence(range)),
        ]
        let answer = try await alone(statements, limits: limits)
        if let error = answer.error {
            try await open().recover(timeout: PostgresConnection.ledgerTimeout)
            throw error
        }
        let results = Array(answer.results.suffix(3))
        guard results.count == 3, let state = results[0].rows.first else { return nil }
        let row = results[1].rows.first?.map { $0 ?? "{}" } ?? []
        laneKeys = LaneKeys(
            arrays: Array(row.dropLast()), lanes: row.last ?? "{}",
            request: request.of(lanes: state[5].flatMap { Int($0) }),
            isMerged: state[2] == "t", lane: Int(state[0] ?? "") ?? 0,
            cursor: state[1].map(TextArray.parse))
        if laneKeys.slices.isEmpty, state[0] != nil { try await close(range) }
        return LaneSurvey(
            slices: laneKeys.slices.map(\.slice),
            transaction: UInt64(state[3] ?? "") ?? 0, horizon: UInt64(state[4] ?? "") ?? 0,
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
        lanePlace(range, batch) + [.text(context.job.session.durableCommit)]
            + laneKeys.arrays(batch).map { .text($0) }
    }

    /// The parameters that a batch and a quarantine have in common.
    private mutating func lanePlace(_ range: HeldRange, _ batch: LaneBatch) -> [Parameter] {
        let before = laneKeys.place(before: batch)
        return fence(range) + [
            Parameter(before.lane), Parameter(before.cursor.map(TextArray.literal)),
            Parameter(laneKeys.slices[batch.slice].slice.lane),
            Parameter(batch.keys), .text(batch.endsRegion ? "true" : "false"),
            .text("\(context.leaseSeconds)"),
        ]
    }

    /// Tries one key of a lane alone.
    mutating func probe(
        _ range: HeldRange, _ batch: LaneBatch, limits: Limits
    ) async throws(PostgresError) -> WorkerEvent {
        guard let part = context.job.part(range.part) else { return .fenceMissed }
        let parameters = laneParameters(range, batch)
        let key = laneKeys.key(batch.slice, at: batch.first)
        return try await tried(
            [Statement(context.job.lane(part).change, parameters)], limits: limits
        ) { _ in key }
    }

    /// Sets a key of a lane aside.
    mutating func quarantine(
        _ range: HeldRange, _ key: PoisonKey, _ batch: LaneBatch, limits: Limits
    ) async throws(PostgresError) -> QuarantineOutcome {
        guard let part = context.job.part(range.part) else { return .fenceLost }
        let parameters =
            lanePlace(range, batch) + [
                .text(key.failure.sqlState ?? ""), .text(key.failure.message),
                .text("\(limits.maxQuarantine)"), .text(TextArray.literal(key.columns)),
            ]
        return try await setAside(
            Statement(context.job.lane(part).quarantine, parameters), limits: limits)
    }
}
