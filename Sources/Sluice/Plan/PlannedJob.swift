import SluiceCore
import SluicePostgres

/// The job's table as the catalogs describe it.
struct TableFacts: Sendable {
    let oid: UInt32
    let name: QualifiedName
    /// Names of triggers that fire for each updated row; `nil` when there are none.
    let updateTriggers: String?
    let hasChildren: Bool
    /// Whether its rows lie in partitions.
    let isPartitioned: Bool
    let columns: [ColumnFacts]

    func column(_ name: String) -> ColumnFacts? { columns.first { $0.name == name } }
}

/// One column of it.
struct ColumnFacts: Sendable {
    let name: String
    let isGenerated: Bool
    let isIdentityAlways: Bool
    let key: KeyColumn
    /// Its number in the catalog, which a column of the same name made later does not have.
    let number: Int
}

/// The session in which a job was planned.
struct SessionFacts: Sendable {
    let isInRecovery: Bool
    let timeline: Int
    /// The commit setting that makes a transaction durable, as far as the session's own goes.
    let durableCommit: String
    /// Whether a connection pooler stands between: then sessions are not processes.
    let isPooled: Bool
    let user: String
    let database: String
    let settings: [Setting]
    let serverVersion: Int
}

/// A job that the server has been asked about: every name is resolved, every expression parsed.
struct PlannedJob: Sendable {
    let name: String
    let table: TableFacts
    let identity: JobIdentity
    let key: [KeyColumn]
    let session: SessionFacts
    /// The tables that hold the rows: the table itself, or what lies below it.
    var parts: [PlannedPart]
    /// Numbers of tables that were dropped since the run began.
    var goneParts: [Int] = []
    /// Triggers of single partitions that fire for each updated row.
    var partTriggers: String?
    /// Where a copy or a move goes.
    var target: CopyTarget?
    /// Things to know about what the change sets off.
    var notes: [String] = []

    /// Things to know before starting.
    var warnings: [String] {
        var warnings = notes
        let isPlainUpdate =
            identity.kind == .update && identity.detail.disablesTriggers != true
        if isPlainUpdate, let triggers = table.updateTriggers {
            warnings.append("triggers fire for every row: \(triggers)")
        }
        if isPlainUpdate, let partTriggers {
            warnings.append("triggers of partitions fire for every row: \(partTriggers)")
        }
        if table.hasChildren, !table.isPartitioned, identity.detail.includesChildren != true {
            warnings.append(
                "tables that inherit from it are left alone: --with-children changes them as well")
        }
        if session.isPooled {
            warnings.append(
                "a connection pooler stands before the server: a killed process's ranges are "
                    + "free only when their lease ends")
        }
        return warnings
    }

    /// What holds for whoever changes rows: triggers that keep two columns the same have to know
    /// that a column is filled, and which.
    var writingSettings: [Setting] {
        let columns = identity.assignments.map { SQLName.parts($0.column)?.first ?? $0.column }
        return session.settings + [
            Setting(
                "sluice.backfill", "\(identity.tableOID) \(columns.joined(separator: ","))")
        ]
    }

    /// The statements of a batch on one of the tables.
    func batch(_ part: PlannedPart) -> BatchSQL {
        BatchSQL(
            table: part.name, tableOID: part.oid, alias: alias(part), key: key,
            identity: identity, target: target, wideColumns: part.wideColumns,
            isDriven: part.driver != nil, part: part.number)
    }

    /// How its keys are told into lanes: neighbouring integers are told apart by their values.
    var laneMethod: LaneMethod {
        key.last?.arithmetic == .integer ? .integer : .hash
    }

    /// The statements that fill regions of one of the tables in lanes.
    func lane(_ part: PlannedPart) -> LaneSQL {
        LaneSQL(batch: batch(part), method: laneMethod)
    }

    /// The statements that change one of the tables in the order of its pages.
    func physical(_ part: PlannedPart) -> PhysicalSQL {
        PhysicalSQL(batch: batch(part), columns: table.columns.map(\.name))
    }

    /// The statements of the look behind the pages of one of the tables.
    func sweep(_ part: PlannedPart) -> SweepSQL { SweepSQL(batch: batch(part)) }

    /// The same, its rows as a forecast's probe found them: what they grow by, and what room the
    /// pages of the largest table have, which is the one that is tried.
    func probed(_ forecast: Forecast?) -> PlannedJob {
        let tried = largestParts.first?.number
        var job = self
        for index in job.parts.indices {
            if let bytes = forecast?.rowGrowthBytes {
                job.parts[index].laneFacts?.growthBytes = bytes
            }
            // Partitions of another age may be as full as this one is empty.
            if let bytes = forecast?.pageFreeBytes, job.parts[index].number == tried {
                job.parts[index].laneFacts?.freePageBytes = bytes
            }
        }
        return job
    }

    /// What decides whether each table is filled in lanes.
    var laneFacts: [Int: LaneFacts] {
        var facts: [Int: LaneFacts] = [:]
        for part in parts { facts[part.number] = part.laneFacts }
        return facts
    }

    /// The statements that cut a range of one of the tables.
    func cut(_ part: PlannedPart) -> CutSQL {
        CutSQL(
            table: part.name, alias: alias(part), key: key,
            filter: part.driver == nil ? nil : identity.predicate)
    }

    /// The name under which a batch knows one of several tables: the user's expressions may name
    /// the table that was asked for.
    func alias(_ part: PlannedPart) -> String? {
        part.name.name == table.name.name ? nil : table.name.name
    }

    /// The largest tables, whose plans stand for all: they are where a bad one would hurt, and
    /// thousands of partitions cannot be explained one by one.
    var largestParts: [PlannedPart] {
        Array(parts.sorted { $0.pages > $1.pages }.prefix(4))
    }

    /// The same job with the tables that the ledger holds.
    func with(parts: [PlannedPart], gone: [Int]) -> PlannedJob {
        var job = self
        job.parts = parts
        job.goneParts = gone
        return job
    }

    /// The same with what was found of its tables a moment ago, where that still holds.
    func keeping(laneFactsOf other: PlannedJob) -> PlannedJob {
        var job = self
        for index in job.parts.indices {
            let part = job.parts[index]
            job.parts[index].laneFacts =
                other.parts.first {
                    $0.oid == part.oid && $0.isPhysical == part.isPhysical
                        && $0.driver == part.driver && $0.isWide == part.isWide
                }?.laneFacts
        }
        return job
    }

    /// The part that a range belongs to.
    func part(_ number: Int) -> PlannedPart? { parts.first { $0.number == number } }
}
