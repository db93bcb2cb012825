/// How far a finished job can be told from the rows themselves.
public enum Comparison: Sendable, Equatable {
    /// Every row is computed again: one whose values differ is wrong.
    case values
    /// A row is wrong if the predicate still holds for it and, for an update, its values differ.
    case remaining
    /// The same, but only a row that nobody has written since the run began: what was changed once
    /// may match again.
    case untouched
    /// Every row of the source has its row in the target, by the target's unique key.
    case arrival
    /// Not at all: the ledger alone proves it.
    case ledgerOnly(LedgerOnlyReason)

    /// Why rows of one kind or another cannot be compared.
    public enum LedgerOnlyReason: Sendable, Equatable, CaseIterable {
        /// Computing a value again would start from the changed one, as with `n = n + 1`.
        case readsAssigned
        /// The same row may give another value the next time, as with `now()`.
        case notImmutable
        /// The server did not say whether it does, for want of a permission.
        case unknown
        /// Only the user knows what the statement does to a row.
        case statement
        /// Nothing in the target says which row came from which.
        case noTargetKey

        /// The words after "since".
        public var words: String {
            switch self {
            case .readsAssigned: "the job reads a column that it assigns"
            case .notImmutable: "the job's expression need not give the same value twice"
            case .unknown:
                "whether the job's expression gives the same value twice can only be asked by a "
                    + "role that may create temporary tables (GRANT TEMPORARY ON DATABASE)"
            case .statement: "only you know what the job's statement does to a row"
            case .noTargetKey: "the target has no unique key among the columns that are copied"
            }
        }
    }

    /// What decides it.
    public struct Facts: Sendable, Equatable {
        /// The kind of change.
        public var kind: JobKind
        /// Whether there is a predicate.
        public var hasPredicate: Bool
        /// Whether the predicate reads a column that is assigned.
        public var predicateReadsAssigned: Bool
        /// Whether an expression reads a column that is assigned.
        public var readsAssigned: Bool
        /// Whether the expressions give the same value for the same row always; `nil` where that
        /// could not be asked.
        public var isImmutable: Bool?
        /// Whether a copy's rows can be found in the target by a unique key.
        public var hasTargetKey: Bool
        /// Whether it is known since which transaction rows count as written by others.
        public var knowsStart: Bool

        /// Gathers what decides it.
        public init(
            kind: JobKind, hasPredicate: Bool = false, predicateReadsAssigned: Bool = false,
            readsAssigned: Bool = false, isImmutable: Bool? = true, hasTargetKey: Bool = false,
            knowsStart: Bool = true
        ) {
            self.kind = kind
            self.hasPredicate = hasPredicate
            self.predicateReadsAssigned = predicateReadsAssigned
            self.readsAssigned = readsAssigned
            self.isImmutable = isImmutable
            self.hasTargetKey = hasTargetKey
            self.knowsStart = knowsStart
        }
    }

    /// What can be compared of a job.
    ///
    /// With a predicate it is the predicate that says which rows were meant: a row for which it
    /// does not hold was changed, or never meant, and which of the two nobody can tell.
    public static func of(_ facts: Facts) -> Comparison {
        switch facts.kind {
        case .statement: return .ledgerOnly(.statement)
        case .delete, .move: return .remaining
        case .copy:
            if !facts.hasTargetKey { return .ledgerOnly(.noTargetKey) }
            return immutable(facts, else: nil, .arrival)
        case .update: break
        }
        if facts.readsAssigned {
            return facts.hasPredicate && facts.knowsStart ? .untouched : .ledgerOnly(.readsAssigned)
        }
        if facts.hasPredicate, facts.predicateReadsAssigned { return .remaining }
        let untouched: Comparison? = facts.hasPredicate && facts.knowsStart ? .untouched : nil
        return immutable(facts, else: untouched, facts.hasPredicate ? .remaining : .values)
    }

    private static func immutable(
        _ facts: Facts, else other: Comparison?, _ comparison: Comparison
    ) -> Comparison {
        switch facts.isImmutable {
        case true?: comparison
        case false?: other ?? .ledgerOnly(.notImmutable)
        case nil: other ?? .ledgerOnly(.unknown)
        }
    }
}
