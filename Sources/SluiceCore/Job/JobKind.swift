/// The kinds of change the engine can make.
public enum JobKind: String, Sendable, CaseIterable {
    /// `UPDATE … SET`.
    case update
    /// `DELETE`, of the rows that match the predicate.
    case delete
    /// `INSERT … SELECT` into another table of the same database.
    case copy
    /// `copy` and `delete` of the same rows in one transaction.
    case move
    /// The user's own statement over the keys of each batch.
    case statement

    /// What has become of a row, as in `7 rows deleted`.
    public var done: String {
        switch self {
        case .update, .statement: "changed"
        case .delete: "deleted"
        case .copy: "copied"
        case .move: "moved"
        }
    }

    /// Whether running a completed job of this kind again is a new run: what it does depends on
    /// the rows that are there, not on rows that were there once.
    public var beginsAnew: Bool { self == .delete || self == .copy || self == .move }
}

/// What becomes of a row that is already in the target of a `copy` or a `move`.
public enum ConflictPolicy: String, Sendable, Codable, CaseIterable {
    /// The run stops with the server's error.
    case error
    /// The target's row stays.
    case nothing
    /// The target's row takes the source's values.
    case update
}
