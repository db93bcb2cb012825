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
                    Parameter(request.shape.isOfKeys ? Self.slots(request.shape) : nil),
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
        let ends = slots.isEmpty ? nil : slots
        lanePages = LanePages(
            first: first, end: end,
            shape: ends.map { LaneShape(ends: $0) }
                ?? LaneShape(uniform: Int(state[7] ?? "") ?? 1),
            isOfKeys: ends != nil, steps: request.steps,
            rowsPerPage: rowsPerPage(range), isMerged: isMerged, lane: Int(state[0] ?? "") ?? 0,
            page: state[1].flatMap { TextArray.parse($0).first }.flatMap { Int($0) })
        return LaneSurvey(
            slices: lanePages.slices.map(\.slice), transaction: transaction, horizon: horizon,
            isMerged: isMerged)
    }

    /// The parameters of a batch in a lane of pages.
    func pageParameters(
        _ range: HeldRange, _ batch: LaneBatch, skips: Bool
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
        if skips { return place }
        let told = lanePages.told(batch, by: keyBounds(range))
        return place + [
            Parameter(pages.first), Parameter(told.lanes), Parameter(told.from),
            Parameter(told.below),
        ]
    }

    private func keyBounds(_ range: HeldRange) -> [String] {
        context.job.part(range.part)?.laneFacts?.keyBounds ?? []
    }

    private static func slots(_ shape: LaneShape) -> String {
        TextArray.literal(shape.ends.map(String.init))
    }
}
