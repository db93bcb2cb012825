public import SluiceCore

extension JobRequest {
    /// The kind that is meant when none is named.
    public static func kind(target: String?, statement: String?) -> JobKind {
        if target != nil { return .copy }
        return statement != nil ? .statement : .update
    }

    /// One sentence about what does not go together in the request, whatever the tables are; `nil`
    /// when all does.
    public var problem: String? {
        let isCopying = kind == .copy || kind == .move
        if kind == .update, assignments.isEmpty {
            return "nothing to set: give at least one --set 'column = expression'"
        }
        if let target, !isCopying {
            return "--into \(target) belongs to the kinds copy and move, not to \(kind.rawValue): "
                + "leave it out, or give --kind copy"
        }
        if target == nil, isCopying {
            return "a \(kind.rawValue) needs the table that it goes to: give --into"
        }
        if onConflict != nil, !isCopying {
            return "--on-conflict belongs to the kinds copy and move, not to \(kind.rawValue): "
                + "leave it out"
        }
        if skipsUnchanged, kind != .update {
            return
                "--skip-unchanged belongs to updates, not to the kind \(kind.rawValue): leave it "
                + "out"
        }
        if statement != nil, kind != .statement {
            return "--statement belongs to the kind statement, not to \(kind.rawValue): leave it "
                + "out, or leave --kind and --into out"
        }
        if statement == nil, kind == .statement {
            return "the kind statement needs the statement: give --statement with "
                + "WHERE :range in it"
        }
        if !assignments.isEmpty, kind == .delete || kind == .statement {
            return "--set belongs to the kinds update, copy and move, not to \(kind.rawValue): "
                + "leave it out"
        }
        if predicate != nil, kind == .statement {
            return "--where does not reach into --statement: write the condition there, as in "
                + "WHERE :range AND (…)"
        }
        if kind == .move, onConflict == .nothing {
            return "--on-conflict nothing would make a move delete rows that it did not copy: use "
                + "error or update, or copy first and delete then"
        }
        return nil
    }

    /// Why a person has to confirm the job, or `nil`.
    var needsConfirmation: String? {
        guard kind == .delete || kind == .move, predicate == nil else { return nil }
        return "the \(kind.rawValue) has no --where and would empty the table \(table): say which "
            + "rows with --where, or add --yes if that is meant"
    }
}
