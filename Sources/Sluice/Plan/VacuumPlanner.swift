import SluiceCore
import SluicePostgres

/// Says whether a run vacuums its tables.
struct VacuumPlanner: Sendable {
    let connection: PostgresConnection

    /// As a sentence, with what stands in the way.
    func sentence(_ job: PlannedJob, limits: Limits) async throws(PostgresError) -> String {
        if limits.vacuum == .off { return "no: --vacuum off" }
        if job.identity.kind == .copy { return "no: a copy leaves nothing behind" }
        if job.session.isPooled {
            return "no: behind a connection pooler nobody can be told what to do for longer than a "
                + "transaction"
        }
        guard let part = job.largestParts.first else { return "no: there is no table" }
        let row = try await connection.query(
            VacuumSQL.permission(serverVersion: connection.serverVersion), [.text("\(part.oid)")]
        ).rows.first
        guard row?[0] == "t" else {
            return "no: " + Self.refusal(part.name.shown, job)
        }
        let worth = limits.vacuum.deadRowsWorth(
            rows: row?[1].flatMap(Double.init) ?? 0, pages: row?[2].flatMap(Double.init) ?? 0,
            lanes: Self.lanes(part, limits.lanes), isGentle: limits.foregroundBudget != nil)
        guard let worth else { return "no: --vacuum off" }
        return "whenever the run has left \(Int(worth)) rows dead outside of the pages that hold "
            + "their new versions (--vacuum \(limits.vacuum.text))"
    }

    /// The lanes that a table will be filled in.
    private static func lanes(
        _ part: PlannedPart, _ setting: LaneSetting
    ) -> VacuumSetting.Lanes? {
        guard let facts = part.laneFacts, case .lanes = LaneChoice.decide(facts, setting)
        else { return nil }
        return part.lanesIfAny
    }

    /// Why a table is not vacuumed, and the cure.
    static func refusal(_ table: String, _ job: PlannedJob) -> String {
        let cure =
            job.session.serverVersion >= 170_000
            ? "GRANT MAINTAIN ON \(table) to it" : "run as its owner"
        return "this role may not vacuum \(table), which is left to autovacuum: \(cure), or use "
            + "--vacuum off"
    }
}
