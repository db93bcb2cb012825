/// What only some kinds of job have: part of a job's identity.
public struct JobDetail: Sendable, Equatable, Codable {
    /// The target of a `copy` or a `move`, schema-qualified and quoted as SQL spells it.
    public var target: String?
    /// Its OID: a dropped and recreated target is another table.
    public var targetOID: UInt32?
    /// What becomes of rows that are already in the target.
    public var onConflict: ConflictPolicy?
    /// The user's own statement.
    public var statement: String?
    /// Whether tables that inherit from the table are changed as well.
    public var includesChildren: Bool?
    /// Whether the table's triggers stay silent while batches change it.
    public var disablesTriggers: Bool?
    /// Whether rows that the change would leave as they are, are left alone.
    public var skipsUnchanged: Bool?

    /// What an update has: nothing.
    public init() {}

    /// The words for what differs, as in the job file.
    func differences(from other: JobDetail) -> [String] {
        var words: [String] = []
        if target != other.target || targetOID != other.targetOID { words.append("into") }
        if onConflict != other.onConflict { words.append("on_conflict") }
        if statement != other.statement { words.append("statement") }
        if includesChildren != other.includesChildren { words.append("children") }
        if disablesTriggers != other.disablesTriggers { words.append("disable_triggers") }
        if skipsUnchanged != other.skipsUnchanged { words.append("skip_unchanged") }
        return words
    }
}
