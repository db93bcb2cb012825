/// What a run does, immutable while it is unfinished; the limits are not part of it.
public struct JobIdentity: Sendable, Equatable {
    /// The kind of change.
    public let kind: JobKind
    /// The table's OID: a dropped and recreated table of the same name is another table.
    public let tableOID: UInt32
    /// The assignments in the order given.
    public let assignments: [Assignment]
    /// The predicate that says which rows remain to be done, without `WHERE`.
    public let predicate: String?
    /// Names of the key columns, in key order.
    public let key: [String]
    /// What only some kinds of job have.
    public let detail: JobDetail

    /// Describes what a run does.
    public init(
        kind: JobKind, tableOID: UInt32, assignments: [Assignment], predicate: String?,
        key: [String], detail: JobDetail = JobDetail()
    ) {
        self.kind = kind
        self.tableOID = tableOID
        self.assignments = assignments
        self.predicate = predicate
        self.key = key
        self.detail = detail
    }

    /// The words for what differs between two identities, in the order of the job file; empty
    /// when they are the same.
    public func differences(from other: JobIdentity) -> [String] {
        var words: [String] = []
        if kind != other.kind { words.append("kind") }
        if tableOID != other.tableOID { words.append("table") }
        if assignments != other.assignments { words.append("set") }
        if predicate != other.predicate { words.append("where") }
        if key != other.key { words.append("key") }
        return words + detail.differences(from: other.detail)
    }
}

/// One assignment `column = expression` of an update.
public struct Assignment: Sendable, Equatable {
    /// The column's name as the catalog spells it, unquoted.
    public let column: String
    /// The user's SQL expression, verbatim.
    public let expression: String

    /// Describes one assignment.
    public init(column: String, expression: String) {
        self.column = column
        self.expression = expression
    }
}
