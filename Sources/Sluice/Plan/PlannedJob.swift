import SluiceCore
import SluicePostgres

/// The job's table as the catalogs describe it.
struct TableFacts: Sendable {
    let oid: UInt32
    let name: QualifiedName
    /// Names of triggers that fire for each updated row; `nil` when there are none.
    let updateTriggers: String?
    let hasChildren: Bool
    let columns: [ColumnFacts]

    func column(_ name: String) -> ColumnFacts? { columns.first { $0.name == name } }
}

/// One column of it.
struct ColumnFacts: Sendable {
    let name: String
    let isGenerated: Bool
    let isIdentityAlways: Bool
    let isNotNull: Bool
    let key: KeyColumn
    let hasNondeterministicCollation: Bool
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

    /// Things to know before starting.
    var warnings: [String] {
        var warnings: [String] = []
        if let triggers = table.updateTriggers {
            warnings.append("triggers fire for every row: \(triggers)")
        }
        if table.hasChildren {
            warnings.append("tables that inherit from it are left alone: give each a job")
        }
        if session.isPooled {
            warnings.append(
                "a connection pooler stands before the server: a killed process's ranges are "
                    + "free only when their lease ends")
        }
        return warnings
    }

    var batch: BatchSQL {
        BatchSQL(
            table: table.name, key: key, assignments: identity.assignments,
            predicate: identity.predicate)
    }
}
