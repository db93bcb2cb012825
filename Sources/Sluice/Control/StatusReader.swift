import SluiceCore
import SluicePostgres

/// Reads how runs stand from the ledger alone.
struct StatusReader: Sendable {
    let connection: PostgresConnection

    /// All runs, or the one named.
    func read(_ run: String?) async throws -> [RunStatus] {
        let ledger = Ledger(connection: connection)
        if let run {
            let record = try await ledger.existing(run)
            return [try await read(id: record.id)]
        }
        guard try await ledger.isPresent() else { return [] }
        return try await connection.query(StatusSQL.all).rows.compactMap(Self.status)
    }

    /// One run.
    func read(id: Int64) async throws -> RunStatus {
        let rows = try await connection.query(StatusSQL.one, [.text("\(id)")]).rows
        guard let status = rows.first.flatMap(Self.status) else {
            throw SluiceError(.failed, "run \(id) is gone from the ledger")
        }
        return status
    }

    /// Reads a row of ``StatusSQL``.
    static func status(_ row: [String?]) -> RunStatus? {
        guard row.count == 30, let id = Int64(row[0] ?? ""),
            let state = RunState(rawValue: row[3] ?? "")
        else { return nil }
        func number(_ index: Int) -> Int { row[index].flatMap { Int($0) } ?? 0 }
        func real(_ index: Int) -> Double? { row[index].flatMap { Double($0) } }
        let progress = Progress(
            keysDone: number(5), keysScannedInOpenRanges: number(6), keysEstimateOpen: number(7),
            isComplete: state == .completed)
        let live = state == .running ? number(16) : 0
        let rate = live > 0 ? real(14) : nil
        var waiting = live > 0 ? row[15] : nil
        if state == .running, live == 0 {
            waiting = "a process to carry it on: sluice resume \(id)"
        }
        let kind = JobKind(rawValue: row[22] ?? "") ?? .update
        func share(_ index: Int) -> Double? {
            guard kind == .update, number(8) > 0 else { return nil }
            return real(index).map { min(1, max(0, $0 / Double(number(8)))) }
        }
        return RunStatus(
            run: id, job: row[1] ?? "", table: row[2] ?? "", state: state,
            keysTotalEstimate: progress.keysTotalEstimate, keysScanned: progress.keysScanned,
            rowsChanged: number(8), rowsQuarantined: number(10), percent: progress.percent,
            percentIsEstimate: progress.isEstimate, rowsPerSecond: rate,
            etaSeconds: state == .completed ? 0 : progress.etaSeconds(keysPerSecond: rate),
            workers: live > 0 ? number(11) : 0, processes: live,
            batchKeys: (live > 0 ? row[12].flatMap { Int($0) } : nil) ?? number(17),
            replicaLagSeconds: live > 0 ? real(13) : nil, waitingFor: waiting, error: row[4],
            startedAt: row[18], updatedAt: row[19], elapsedSeconds: real(21),
            kind: kind,
            processNames: live > 0 ? TextArray.parse(row[23] ?? "{}") : [],
            limitedBy: live > 0 ? row[26] : nil, keysByPages: number(29), rowsMissed: number(24),
            verifiedAt: row[25],
            hotShare: share(27), lanesShare: share(28))
    }
}
