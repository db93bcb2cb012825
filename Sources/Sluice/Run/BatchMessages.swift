import SluiceCore
import SluicePostgres

/// The statements of each batch, as few and short as the session allows.
///
/// A session of our own is told its settings once and keeps the batch's statement parsed and
/// planned; behind a connection pooler each transaction may meet another session, so there every
/// batch says everything itself, and locally. Measured on a primary key and two more indexes with
/// 5,000 keys a batch: planning and 22 settings were 4 % of a batch's statement time.
struct BatchMessages: Sendable {
    let job: PlannedJob
    private var part = 0
    private var sql = (first: "", next: "", lane: "", runs: "")
    /// The same of a table that goes by its pages: of a batch and of a lane's, and by which of
    /// their rows they change.
    private var pageSQL: [String: String] = [:]
    /// Whether the statements take the bytes of a batch as well.
    private var isWide = false
    /// The limits that the session's settings come from; `nil` when it must be told.
    private var told: Limits?
    /// Statements that the session keeps.
    private var kept: Set<String> = []

    init(job: PlannedJob) {
        self.job = job
    }

    /// Nothing is known of the session: it is new, or a transaction that set something failed.
    mutating func forgetSession() {
        told = nil
        kept = []
    }

    /// One batch on the table `part`; the change's result is the last but one.
    mutating func batch(
        part: Int, firstOfRange: Bool, _ parameters: [Parameter], bytes: Int? = nil,
        limits: Limits, serverVersion: Int
    ) -> [Statement] {
        turn(to: part)
        let most = min(limits.batchBytes, bytes ?? .max)
        return messages(
            firstOfRange ? "sluice_first" : "sluice_next", firstOfRange ? sql.first : sql.next,
            parameters + (isWide ? [.text("\(most)")] : []), limits: limits,
            serverVersion: serverVersion)
    }

    /// One batch of a lane; the change's result is the last but one.
    mutating func lane(
        part: Int, namesRuns: Bool, _ parameters: [Parameter], limits: Limits,
        serverVersion: Int
    ) -> [Statement] {
        turn(to: part)
        return messages(
            namesRuns ? "sluice_runs" : "sluice_lane", namesRuns ? sql.runs : sql.lane,
            parameters, limits: limits, serverVersion: serverVersion)
    }

    /// One batch of pages, or of a lane of them; what skips leaves them alone.
    mutating func pages(
        part: Int, isLane: Bool, _ rows: PhysicalSQL.Rows, _ parameters: [Parameter],
        limits: Limits, serverVersion: Int
    ) -> [Statement] {
        turn(to: part)
        let name = Self.pagesName(isLane: isLane, rows)
        return messages(
            name, pageSQL[name] ?? "", parameters, limits: limits, serverVersion: serverVersion)
    }

    private static func pagesName(isLane: Bool, _ rows: PhysicalSQL.Rows) -> String {
        "sluice_pages_" + (isLane ? "lane_" : "") + rows.rawValue
    }

    /// The statements of a table.
    private mutating func turn(to part: Int) {
        // A range of a table that is gone, or that others know of, gets statements of another
        // one: their fence lets none of its ranges in.
        guard part != self.part, let planned = job.part(part) ?? job.parts.first else { return }
        let batch = job.batch(planned)
        let lane = job.lane(planned)
        sql = (
            batch.change(firstOfRange: true), batch.change(firstOfRange: false),
            planned.laneFacts == nil ? "" : lane.change,
            planned.laneFacts?.canNameRuns == true ? lane.changeOfRuns : ""
        )
        pageSQL = [:]
        if planned.isPhysical {
            let physical = job.physical(planned)
            for skips in [false, true] {
                pageSQL[Self.pagesName(isLane: false, skips ? .none : .all)] =
                    physical.change(skips: skips)
            }
            for rows in PhysicalSQL.Rows.allCases {
                pageSQL[Self.pagesName(isLane: true, rows)] = physical.laneChange(rows)
            }
        }
        isWide = planned.isWide
        self.part = part
        // Statements of another table are not needed again: they are let go below.
        told = nil
    }

    private mutating func messages(
        _ name: String, _ change: String, _ parameters: [Parameter], limits: Limits,
        serverVersion: Int
    ) -> [Statement] {
        let settings = BatchSettingsSQL.batch(
            job.writingSettings, limits: limits, serverVersion: serverVersion)
        let (begin, commit) = (
            Statement(BatchSettingsSQL.begin), Statement(BatchSettingsSQL.commit)
        )
        if job.session.isPooled {
            return [
                begin, BatchSettingsSQL.timeout(limits.statementTimeoutMilliseconds),
                BatchSettingsSQL.local(settings), Statement(change, parameters), commit,
            ]
        }
        var statements: [Statement] = []
        if told != limits {
            // In a transaction of its own: a batch that fails at its very COMMIT would undo the
            // settings, and the next one is in the pipe by then.
            statements += [
                begin, BatchSettingsSQL.session(settings), Statement(BatchSettingsSQL.letGo),
                commit,
            ]
            told = limits
            kept = []
        }
        statements.append(begin)
        if kept.insert(name).inserted { statements.append(.prepare(name, change)) }
        return statements + [.prepared(name, parameters), commit]
    }
}
