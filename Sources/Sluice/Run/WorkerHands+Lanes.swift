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
        let canNameRuns = Parameter.text(
            part.laneFacts?.canNameRuns == true ? "true" : "false")
        var statements = regionOpening(range, request) {
            Statement(
                sql.begin(firstOfRange: !range.hasCursor),
                fence(range) + [
                    Parameter(request.regionKeys),
                    .text(TextArray.literal(request.shape.ends.map(String.init))),
                    Parameter(Self.regionKeysMin), .text("\(context.leaseSeconds)"),
                    Parameter(request.regionKeysMin), canNameRuns,
                ])
        }
        statements += [
            Statement(LaneSQL.state, fence(range) + [canNameRuns]),
            Statement(sql.keys(hasCursor: range.hasCursor), fence(range) + [canNameRuns]),
        ]
        let answer = try await alone(statements, limits: limits)
        if let error = answer.error {
            try await open().recover(timeout: PostgresConnection.ledgerTimeout)
            throw error
        }
        let results = Array(answer.results.suffix(3))
        guard results.count == 3, let state = results[0].rows.first else { return nil }
        let own = request.of(lanes: state[5].flatMap { Int($0) })
        laneRuns = Self.region(of: state).map { LaneRuns($0, request: own) }
        if laneRuns == nil {
            let row = results[1].rows.first?.map { $0 ?? "{}" } ?? []
            laneKeys = LaneKeys(
                arrays: Array(row.dropLast()), lanes: row.last ?? "{}", request: own,
                isMerged: state[2] == "t", lane: Int(state[0] ?? "") ?? 0,
                cursor: state[1].map(TextArray.parse))
        }
        let slices = laneRuns?.slices ?? laneKeys.slices.map(\.slice)
        if slices.isEmpty, state[0] != nil { try await close(range) }
        return LaneSurvey(
            slices: slices,
            transaction: UInt64(state[3] ?? "") ?? 0, horizon: UInt64(state[4] ?? "") ?? 0,
            isMerged: state[2] == "t")
    }

    /// The region that a row describes, where its batches name runs.
    static func region(of state: [String?]) -> LaneRuns.Region? {
        func number(_ text: String?) -> Int64? { text.flatMap { Int64($0) } }
        guard let keys = number(state[7]), let cursor = number(state[8]),
            let upper = number(state[9]), cursor < upper
        else { return nil }
        let ends = TextArray.parse(state[6] ?? "{}").compactMap { Int($0) }
        return LaneRuns.Region(
            bounds: (cursor + 1)...upper, keys: Int(keys), shape: LaneShape(ends: ends),
            lane: Int(state[0] ?? "") ?? 0,
            cursor: number(state[1].flatMap { TextArray.parse($0).first }),
            isMerged: state[2] == "t", mergedFrom: number(state[10]))
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
        let place = lanePlace(range, batch) + [.text(context.job.session.durableCommit)]
        guard let laneRuns else { return place + laneKeys.arrays(batch).map { .text($0) } }
        let runs = laneRuns.runs(batch)
        return place + [runs.low, runs.high].map { .text(Self.array($0)) }
    }

    private static func array(_ numbers: [Int64]) -> String {
        "{" + numbers.map(String.init).joined(separator: ",") + "}"
    }

    /// The parameters that a batch and a quarantine have in common.
    private mutating func lanePlace(_ range: HeldRange, _ batch: LaneBatch) -> [Parameter] {
        let lane: Int
        let before: (lane: Int, cursor: String?)
        if let laneRuns {
            let place = laneRuns.place(before: batch)
            (before, lane) = (
                (place.lane, place.cursor.map { "{\($0)}" }), laneRuns.lane(of: batch.slice)
            )
        } else {
            let place = laneKeys.place(before: batch)
            (before, lane) = (
                (place.lane, place.cursor.map(TextArray.literal)),
                laneKeys.slices[batch.slice].slice.lane
            )
        }
        return fence(range) + [
            Parameter(before.lane), Parameter(before.cursor), Parameter(lane),
            Parameter(laneRuns?.keys(batch) ?? batch.keys),
            .text(batch.endsRegion ? "true" : "false"),
            .text("\(context.leaseSeconds)"),
        ]
    }

    /// Tries one key of a lane alone.
    mutating func probe(
        _ range: HeldRange, _ batch: LaneBatch, limits: Limits
    ) async throws(PostgresError) -> WorkerEvent {
        guard let part = context.job.part(range.part) else { return .fenceMissed }
        let parameters = laneParameters(range, batch)
        let sql = context.job.lane(part)
        let key = firstKey(batch)
        return try await tried(
            [Statement(laneRuns == nil ? sql.change : sql.changeOfRuns, parameters)],
            limits: limits
        ) { _ in key }
    }

    /// A batch's first key.
    private func firstKey(_ batch: LaneBatch) -> [String] {
        laneRuns.map { ["\($0.number(batch.slice, at: batch.first))"] }
            ?? laneKeys.key(batch.slice, at: batch.first)
    }

    /// Sets a key of a lane aside, if it is the batch's first one.
    ///
    /// It is not where it was set aside before, by a commit whose answer was lost with its session:
    /// the lane was surveyed anew since, and begins behind it.
    mutating func quarantine(
        _ range: HeldRange, _ key: PoisonKey, _ batch: LaneBatch, limits: Limits
    ) async throws(PostgresError) -> QuarantineOutcome {
        guard let part = context.job.part(range.part) else { return .fenceLost }
        guard firstKey(batch) == key.columns else { return .moved }
        let parameters =
            lanePlace(range, batch) + [
                .text(key.failure.sqlState ?? ""), .text(key.failure.message),
                .text("\(limits.maxQuarantine)"), .text(TextArray.literal(key.columns)),
            ]
        return try await setAside(
            Statement(context.job.lane(part).quarantine, parameters), limits: limits)
    }
}
