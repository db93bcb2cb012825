import SluiceCore
import SluicePostgres

/// Waits, before the run's upper bound is fixed, for the transactions that are already writing to
/// the table: a row inserted by one of them would be below the bound and yet never visited.
struct WriterWait: Sendable {
    let connection: PostgresConnection
    let report: @Sendable (RunEvent) -> Void

    /// How often it is looked whether they are gone, in milliseconds.
    private static let pollMilliseconds = 100

    /// One transaction that holds a lock for writing.
    struct Writer: Sendable, Equatable {
        let transaction: String
        let words: String
    }

    /// Returns `true` when none of those present at the call are left, `false` when the run is
    /// to drain, or was paused, cancelled or opened by somebody else meanwhile.
    ///
    /// - Throws: `SluiceError` naming who is still writing after `seconds`.
    func wait(
        for job: PlannedJob, run: Int64, seconds: Double, drain: DrainSwitch
    ) async throws -> Bool {
        let began = ContinuousClock.now
        let present = Set(try await writers(job).map(\.transaction))
        if present.isEmpty { return true }
        var reported: Double?
        while true {
            let left = try await writers(job).filter { present.contains($0.transaction) }
            if left.isEmpty { return true }
            if drain.isDraining { return false }
            let state = try await connection.query(ObserverSQL.run, [.text("\(run)")]).scalar
            if state != RunState.planned.rawValue { return false }
            let elapsed = began.duration(to: .now) / .seconds(1)
            let words = left.map(\.words)
            if elapsed >= seconds {
                throw SluiceError(
                    .failed,
                    "still writing to \(job.table.name.shown) after \(Int(seconds)) s: "
                        + words.joined(separator: "; ")
                        + "; end it (SELECT pg_terminate_backend(pid)), or wait longer with "
                        + "--start-wait; nothing was changed")
            }
            if reported.map({ elapsed - $0 >= 1 }) ?? true {
                reported = elapsed
                report(.waitingForWriters(words, secondsLeft: seconds - elapsed))
            }
            try await Task.sleep(for: .milliseconds(Self.pollMilliseconds))
        }
    }

    private func writers(_ job: PlannedJob) async throws(PostgresError) -> [Writer] {
        let tables = TextArray.literal(([job.table.oid] + job.parts.map(\.oid)).map { "\($0)" })
        return try await connection.query(ObserverSQL.writers, [.text(tables)]).rows.map { row in
            Writer(transaction: row[0] ?? "", words: Self.words(row))
        }
    }

    private static func words(_ row: [String?]) -> String {
        guard let pid = row[1] else {
            return "the prepared transaction \(row[6] ?? row[0] ?? "")"
        }
        let application = row[3].flatMap { $0.isEmpty ? nil : $0 } ?? "unknown program"
        let state = row[4] ?? "active"
        let age = row[5].map { ", open for \($0) s" } ?? ""
        return "pid \(pid) (\(application), user \(row[2] ?? "?"), \(state)\(age))"
    }
}
