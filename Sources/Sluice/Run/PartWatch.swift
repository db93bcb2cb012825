import SluiceCore
import SluicePostgres

/// Notices what becomes of the tables of a run that has several: partitions come and go.
///
/// Nothing is missed silently: what was attached is not visited, what was detached is still
/// changed (its rows were there when the run began), and what was dropped is done with. Each is
/// noted once in the ledger, by whoever sees it first, and is part of the run's last word.
struct PartWatch: Sendable {
    let run: Int64
    let job: PlannedJob
    let report: @Sendable (RunEvent) -> Void

    /// Whether the run's tables can come and go at all.
    var isNeeded: Bool {
        job.table.isPartitioned || job.identity.detail.includesChildren == true
    }

    /// Ends the ranges of tables that were dropped, the given parts among them.
    ///
    /// - Parameter parts: Those that were seen to be gone, by now or before.
    func abandon(
        _ parts: [Int], _ connection: PostgresConnection
    ) async throws(PostgresError) {
        for part in parts {
            let name = try await connection.transact(
                PartSQL.abandon, [.text("\(run)"), Parameter(part)]
            ).scalar
            if let name { report(.note(Self.words("dropped", name))) }
        }
        _ = try await connection.transact(PartSQL.endAbandoned, [.text("\(run)")])
    }

    /// Notes tables that came or went since the run began.
    func noteChanges(_ connection: PostgresConnection) async throws(PostgresError) {
        guard isNeeded else { return }
        let rows = try await connection.query(
            PartSQL.changes, [.text("\(job.table.oid)"), .text("\(run)")],
            timeout: PostgresConnection.ledgerTimeout
        ).rows
        for row in rows {
            guard let kind = row[0], let name = row[1] else { continue }
            let news = try await connection.transact(
                PartSQL.note, [.text("\(run)"), .text(kind), .text(name)], durable: false
            ).rows
            if !news.isEmpty { report(.note(Self.words(kind, name))) }
        }
    }

    /// What was noted over the whole run, as the end of a sentence; empty when nothing was.
    static func lastWords(
        _ run: Int64, _ connection: PostgresConnection
    ) async throws(PostgresError) -> String {
        let rows = try await connection.query(PartSQL.noted, [.text("\(run)")]).rows
        return rows.map { row in "; " + words(row[0] ?? "", row[1] ?? "") }.joined()
    }

    private static func words(_ kind: String, _ names: String) -> String {
        switch kind {
        case "attached":
            "attached during the run and not visited: \(names) (give it a job of its own if its "
                + "rows need the change)"
        case "detached": "detached during the run, and changed all the same: \(names)"
        default: "dropped during the run: \(names)"
        }
    }
}
