import SluiceCore
import SluicePostgres

/// Takes over the later half of what another worker, in whatever process, still has ahead.
struct RangeSplitter: Sendable {
    let context: RunContext
    let connection: PostgresConnection

    /// How many ranges are looked at before it is accepted that none is worth a cut: estimates
    /// may be wrong, but not all of the longest ones.
    private static let candidates = 8
    /// Longest walk over one range's index, in milliseconds: on cold storage half a range is not
    /// worth more reading than that.
    private static let walkMilliseconds = 2_000
    /// Longest wait for the range's row, in milliseconds: its batch may be as long as one
    /// statement, but claims must not queue up behind a cut.
    private static let lockMilliseconds = 2_000

    /// Where a range is to be cut.
    private struct Cut {
        let range: String
        let sql: CutSQL
        let key: String
        let kept: Int
        let rest: Int?
    }

    /// How often ranges are looked at anew after a cut came too late.
    ///
    /// The owner had passed the key, or somebody else cut first: what is left is soon too little.
    private static let attempts = 3

    /// The new range's row, or `nil` when there is nothing that pays.
    func split(batchKeys most: Int, limits: Limits) async throws(PostgresError) -> [String?]? {
        for _ in 0..<Self.attempts {
            var cameTooLate = false
            let rows = try await connection.transact(
                RangeSQL.busiest, [.text("\(context.run)"), Parameter(Self.candidates)],
                durable: false
            ).rows
            for row in rows {
                guard let part = context.job.part(Int(row[1] ?? "") ?? 1) else { continue }
                let keys = min(most, part.expectedBatchKeys(limits))
                let found: Cut? =
                    row[4] == "t"
                    ? pages(row, part, batchKeys: keys)
                    : try await find(row, part, batchKeys: keys, limits: limits)
                guard let cut = found else { continue }
                if let taken = try await take(cut) { return taken }
                cameTooLate = true
            }
            if !cameTooLate { return nil }
        }
        return nil
    }

    /// The middle of what is ahead of a range of pages, where that is worth a cut.
    private func pages(_ row: [String?], _ part: PlannedPart, batchKeys: Int) -> Cut? {
        guard let upper = row[3].map(TextArray.parse)?.first.flatMap({ Int($0) }),
            let cursor = row[2].map(TextArray.parse)?.first.flatMap({ Int($0) })
        else { return nil }
        let keys = Double(upper - cursor) * part.rowsPerPage
        guard keys >= Double(SplitRule(batchKeys: batchKeys).fewestKeys), upper - cursor > 1
        else { return nil }
        let middle = cursor + (upper - cursor + 1) / 2
        let rest = Int(Double(upper - middle) * part.rowsPerPage)
        return Cut(
            range: row[0] ?? "", sql: .pages(context.job.cut(part)), key: "{\(middle)}",
            kept: Int(Double(middle - cursor) * part.rowsPerPage), rest: rest)
    }

    private func find(
        _ row: [String?], _ part: PlannedPart, batchKeys: Int, limits: Limits
    ) async throws(PostgresError) -> Cut? {
        let rule = SplitRule(batchKeys: batchKeys)
        let sql = context.job.cut(part)
        var settings = BatchSettingsSQL.batch(
            context.job.session.settings, limits: limits,
            serverVersion: connection.serverVersion)
        settings.append(Setting("statement_timeout", "\(Self.walkMilliseconds)"))
        let answer = try await connection.sendAndReceive(
            [
                Statement(BatchSettingsSQL.begin), BatchSettingsSQL.timeout(Self.walkMilliseconds),
                BatchSettingsSQL.local(settings),
                Statement(
                    sql.midpoint(hasCursor: row[2] != nil, shared: Self.shared(row)),
                    [
                        Parameter(row[2]), Parameter(row[3]), Parameter(rule.walkedKeys),
                        Parameter(rule.stepKeys), Parameter(rule.fewestKeys),
                        Parameter(rule.executingSteps),
                    ]),
                Statement(BatchSettingsSQL.commit),
            ], timeout: PostgresConnection.ledgerTimeout)
        if let error = answer.error { return try await giveUp(error) }
        guard let found = answer.results[3].rows.first, let key = found[2],
            let keys = Int(found[0] ?? ""), let kept = Int(found[1] ?? "")
        else { return nil }
        return Cut(
            range: row[0] ?? "", sql: sql, key: key, kept: kept,
            rest: keys < rule.walkedKeys ? keys - kept : nil)
    }

    /// How many leading columns the cursor and the upper bound have in common, all but the last.
    private static func shared(_ row: [String?]) -> Int {
        guard let cursor = row[2].map(TextArray.parse), let upper = row[3].map(TextArray.parse)
        else { return 0 }
        return min(zip(cursor, upper).prefix { $0 == $1 }.count, upper.count - 1)
    }

    /// A table that is slow to walk or a row that stays locked is no reason to fail.
    private func giveUp<Value>(_ error: PostgresError) async throws(PostgresError) -> Value? {
        try await connection.recover(timeout: PostgresConnection.ledgerTimeout)
        guard ["57014", "55P03"].contains(error.sqlState?.rawValue) else { throw error }
        return nil
    }

    private func take(_ cut: Cut) async throws(PostgresError) -> [String?]? {
        let sql = cut.sql.cut
        let settings =
            context.job.session.settings + [
                Setting("lock_timeout", "\(Self.lockMilliseconds)"),
                Setting("statement_timeout", "\(BatchSettingsSQL.ledgerTimeoutMilliseconds)"),
                // A crash of the server that loses the cut loses what followed from it as well.
                Setting("synchronous_commit", "off"),
            ]
        let answer = try await connection.sendAndReceive(
            [
                Statement(BatchSettingsSQL.begin),
                BatchSettingsSQL.timeout(BatchSettingsSQL.ledgerTimeoutMilliseconds),
                BatchSettingsSQL.local(settings),
                Statement(
                    sql,
                    [
                        .text("\(context.run)"), .text(cut.range), .text(context.owner),
                        .text("\(context.leaseSeconds)"), .text(cut.key), Parameter(cut.kept),
                        Parameter(cut.rest.map { "\($0)" }),
                    ]),
                Statement(BatchSettingsSQL.commit),
            ], timeout: PostgresConnection.ledgerTimeout)
        if let error = answer.error { return try await giveUp(error) }
        return answer.results[3].rows.first
    }
}
