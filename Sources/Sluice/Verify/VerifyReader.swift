import SluiceCore
import SluicePostgres

/// Reads pieces of the run's tables through one connection and says which rows are wrong.
struct VerifyReader: Sendable {
    let connection: PostgresConnection
    let record: RunRecord
    let settings: [Setting]
    let limits: Limits

    /// What a piece holds.
    func count(
        _ sql: CompareSQL, _ slice: HeapSlice
    ) async throws(PostgresError) -> VerifyQueue.Counts {
        let row = try await ask(sql.count, places(slice) + start).first ?? []
        func number(_ index: Int) -> Int { row[index].flatMap { Int($0) } ?? 0 }
        guard row.count == 3 else { return VerifyQueue.Counts() }
        return VerifyQueue.Counts(
            compared: number(0), missed: number(1), writtenSince: number(2))
    }

    /// Its first so many wrong rows.
    func wrong(
        _ sql: CompareSQL, _ slice: HeapSlice, most: Int
    ) async throws(PostgresError) -> [WrongRow] {
        try await ask(sql.keys, places(slice) + start + [.text("\(most)")]).map { row in
            WrongRow(
                table: sql.batch.table.shown, key: TextArray.parse(row[0] ?? "{}"),
                why: row[1] == "t" ? .missed : .writtenSince)
        }
    }

    /// The row at a single place, for which the job's expression fails.
    func failing(
        _ sql: CompareSQL, _ slice: HeapSlice, because message: String
    ) async throws(PostgresError) -> [WrongRow] {
        try await ask(sql.key, places(slice)).map { row in
            WrongRow(
                table: sql.batch.table.shown, key: TextArray.parse(row[0] ?? "{}"),
                why: .failed, message: message)
        }
    }

    private func places(_ slice: HeapSlice) -> [Parameter] {
        [.text(slice.lower.text), .text(slice.upper.text)]
    }

    private var start: [Parameter] {
        guard let start = record.start else { return [.null, .null] }
        return [.text("\(start.next)"), .text(TextArray.literal(start.runningShown))]
    }

    /// A transaction of its own that changes nothing, under the run's settings.
    private func ask(
        _ sql: String, _ parameters: [Parameter]
    ) async throws(PostgresError) -> [[String?]] {
        let answer = try await connection.sendAndReceive(
            [
                Statement("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"),
                BatchSettingsSQL.timeout(limits.statementTimeoutMilliseconds),
                BatchSettingsSQL.settings(
                    settings, limits: limits, serverVersion: connection.serverVersion),
                Statement(sql, parameters), Statement(BatchSettingsSQL.commit),
            ], timeout: WorkerHands.batchTimeout)
        if let error = answer.error {
            try await connection.recover(timeout: PostgresConnection.ledgerTimeout)
            throw error
        }
        return answer.results[3].rows
    }
}
