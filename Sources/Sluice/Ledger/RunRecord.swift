import SluiceCore
import SluicePostgres

/// The states of a run.
public enum RunState: String, Sendable, Codable {
    /// Created; its ranges are not fixed yet.
    case planned
    /// Open to workers.
    case running
    /// Stopped by a person or by a cancel from outside; can be resumed.
    case paused
    /// Ended by a person.
    case cancelled
    /// Every range is done.
    case completed
    /// Stopped by an error; progress is kept.
    case failed

    /// Whether a run of this state is carried on by running the job again.
    public var isUnfinished: Bool { self == .planned || self == .running || self == .paused }
}

/// A run as the ledger holds it.
struct RunRecord: Sendable {
    let id: Int64
    let name: String
    let identity: JobIdentity
    let tableName: String
    let settings: [Setting]
    var state: RunState
    let exitCode: Int?
    let error: String?
    var limits: Limits
    let keysTotalEstimate: Int
    let timeline: Int?
    /// What was committed when the ranges were fixed; `nil` for a run of before the ledger knew it.
    let start: StartSnapshot?

    /// Reads a row of ``LedgerSQL/runColumns``.
    init(row: [String?]) throws(SluiceError) {
        func text(_ index: Int) -> String { row[index] ?? "" }
        guard row.count == 28, let id = Int64(text(0)), let kind = JobKind(rawValue: text(2)),
            let oid = UInt32(text(3)), let state = RunState(rawValue: text(10)),
            let detail = JobDetailText.parse(text(26)),
            let limits = RunRecord.limits(row[13...23].map { $0 })
        else {
            throw SluiceError(
                .failed,
                "the ledger's row of run \(text(0)) cannot be read: it was changed by hand, or by "
                    + "another version of Sluice")
        }
        self.id = id
        name = text(1)
        let columns = TextArray.parse(text(5))
        let expressions = TextArray.parse(text(6))
        identity = JobIdentity(
            kind: kind, tableOID: oid,
            assignments: zip(columns, expressions).map {
                Assignment(column: $0, expression: $1)
            },
            predicate: row[7], key: TextArray.parse(text(8)), detail: detail)
        tableName = text(4)
        settings = SettingsText.parse(text(9))
        self.state = state
        exitCode = row[11].flatMap { Int($0) }
        error = row[12]
        self.limits = limits
        keysTotalEstimate = Int(text(24)) ?? 0
        timeline = row[25].flatMap { Int($0) }
        start = row[27].flatMap { StartSnapshot(text: $0) }
    }

    /// Reads the eleven columns of limits, in the ledger's order.
    static func limits(_ columns: [String?]) -> Limits? {
        guard columns.count == 11,
            let low = Int(columns[0] ?? ""), let high = Int(columns[1] ?? ""),
            low <= high, let batch = Int(columns[2] ?? ""), let lock = Int(columns[4] ?? ""),
            let statement = Int(columns[5] ?? ""), let bytes = Int(columns[7] ?? ""),
            let quarantine = Int(columns[8] ?? ""),
            let throttle = StoredLimits.parse(columns[10] ?? "")
        else { return nil }
        var limits = Limits(
            workers: low...high, batchKeys: batch, batchBytes: bytes,
            maxLagSeconds: columns[3].flatMap(Double.init), lockTimeoutMilliseconds: lock,
            statementTimeoutMilliseconds: statement,
            synchronousCommit: columns[6] == "t", maxQuarantine: quarantine)
        limits.sizesBatches = columns[9] == "t"
        return throttle.applied(to: limits)
    }

    /// The limits as parameters, in the ledger's order.
    static func parameters(_ limits: Limits) -> [Parameter] {
        [
            .text("\(limits.workers.lowerBound)"), .text("\(limits.workers.upperBound)"),
            .text("\(limits.batchKeys)"), limits.maxLagSeconds.map { .text("\($0)") } ?? .null,
            .text("\(limits.lockTimeoutMilliseconds)"),
            .text("\(limits.statementTimeoutMilliseconds)"),
            .text(limits.synchronousCommit ? "true" : "false"), .text("\(limits.batchBytes)"),
            .text("\(limits.maxQuarantine)"), .text(limits.sizesBatches ? "true" : "false"),
            .text(StoredLimits(limits).json),
        ]
    }
}
