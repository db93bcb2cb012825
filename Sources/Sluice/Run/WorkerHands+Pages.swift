import SluiceCore
import SluicePostgres

/// How a worker goes by a table's pages.
extension WorkerHands {
    /// Pages that hold about so many rows.
    func pages(_ range: HeldRange, keys: Int) -> Int {
        max(1, Int(Double(keys) / rowsPerPage(range)))
    }

    private func rowsPerPage(_ range: HeldRange) -> Double {
        context.job.part(range.part)?.rowsPerPage ?? LaneChoice.rowsPerPageUnknown
    }

    /// Begins a region of pages or takes up the one that is under way; `nil` when the fence is
    /// lost.
    mutating func surveyPages(
        _ range: HeldRange, _ request: LaneRequest, limits: Limits
    ) async throws(PostgresError) -> LaneSurvey? {
        var statements = regionOpening(range, request) {
            Statement(
                PhysicalSQL.begin,
                fence(range) + [
                    Parameter(pages(range, keys: request.regionKeys)), Parameter(request.lanes),
                    Parameter(pages(range, keys: Self.regionKeysMin)),
                    .text("\(context.leaseSeconds)"),
                    .text(TextArray.literal(request.shape.ends.map(String.init))),
                ])
        }
        statements.append(Statement(PhysicalSQL.state, fence(range)))
        let answer = try await alone(statements, limits: limits)
        if let error = answer.error {
            try await open().recover(timeout: PostgresConnection.ledgerTimeout)
            throw error
        }
        guard answer.results.count >= 2,
            let state = answer.results[answer.results.count - 2].rows.first
        else { return nil }
        let (transaction, horizon) = (UInt64(state[3] ?? "") ?? 0, UInt64(state[4] ?? "") ?? 0)
        let isMerged = state[2] == "t"
        guard let first = Int(state[5] ?? ""), let end = Int(state[6] ?? "") else {
            lanePages = LanePages()
            return LaneSurvey(slices: [], transaction: transaction, horizon: horizon)
        }
        let slots = state[8].map { TextArray.parse($0).compactMap { Int($0) } } ?? []
        let shape =
            slots.isEmpty
            ? LaneShape(uniform: Int(state[7] ?? "") ?? 1) : LaneShape(ends: slots)
        lanePages = LanePages(
            first: first, end: end,
            shape: shape, visits: visits(range, shape), steps: request.steps,
            rowsPerPage: rowsPerPage(range), isMerged: isMerged, lane: Int(state[0] ?? "") ?? 0,
            page: state[1].flatMap { TextArray.parse($0).first }.flatMap { Int($0) })
        return LaneSurvey(
            slices: lanePages.slices.map(\.slice), transaction: transaction, horizon: horizon,
            isMerged: isMerged)
    }

    /// Which rows of its pages a batch in a lane changes.
    func pageRows(_ batch: LaneBatch) -> PhysicalSQL.Rows {
        guard let visit = lanePages.visit(batch) else { return .all }
        return visit.leavingShare > 0 ? .leaving : .room
    }

    /// The parameters of a batch in a lane of pages.
    func pageParameters(
        _ range: HeldRange, _ batch: LaneBatch, _ rows: PhysicalSQL.Rows
    ) -> [Parameter] {
        let before = lanePages.place(before: batch)
        let slice = lanePages.slices[batch.slice].slice
        // The lanes have counted all keys.
        let keys = slice.isLastVisit ? 0 : batch.keys
        let pages = lanePages.pages(batch)
        let place =
            fence(range) + [
                Parameter(before.lane), Parameter(before.page.map { "{\($0)}" }),
                Parameter(slice.lane), Parameter(keys),
                .text(batch.endsRegion ? "true" : "false"), .text("\(context.leaseSeconds)"),
                .text(context.job.session.durableCommit), Parameter(pages.end),
            ]
        if rows == .none { return place }
        guard rows != .all, let visit = lanePages.visit(batch) else {
            return place + [Parameter(pages.first)]
        }
        return place + [
            Parameter(pages.first)
        ] + visit.numbers.map { .text("\($0)") }
    }

    private func visits(_ range: HeldRange, _ shape: LaneShape) -> [PageVisit] {
        PageVisit.visits(shape, context.job.part(range.part)?.laneFacts ?? LaneFacts())
    }
}
