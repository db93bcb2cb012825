public import SluiceCore

/// A part of a migration's life.
public enum Phase: String, Sendable, Codable, CaseIterable {
    /// New columns, indexes and constraints beside the old ones.
    case expand
    /// Triggers that keep old and new the same.
    case dualWrite = "dual-write"
    /// The rows that were there before.
    case backfill
    /// Constraints are checked, without locks that anybody waits for.
    case validate
    /// The old shape goes.
    case contract
}

/// One step of a migration, with what takes it back.
public struct Step: Sendable, Codable, Equatable {
    /// What a step does.
    public enum Action: Sendable, Codable, Equatable {
        /// Statements of one transaction, which marks the step as done.
        case transaction([String])
        /// A statement that cannot be in a transaction, and how to tell that it was done: a query
        /// for `true`; and what removes the rest of one that failed half-way.
        case outside(String, isDone: String, cleaning: String)
        /// Rows that are changed in batches, by the engine.
        case backfill(Backfill)
        /// A query for `true`, and what is wrong otherwise.
        case check(String, otherwise: String)
    }

    /// When it is done.
    public var phase: Phase
    /// What it does, in a few words.
    public var title: String
    /// How.
    public var action: Action
    /// The strongest lock that it takes, and on what; `nil` for none that anybody waits for.
    public var lock: Lock?
    /// What takes it back, in one transaction; none where nothing is to be taken back.
    public var undo: [String] = []
    /// Whether that cannot be in a transaction: then each of it may be done twice.
    public var undoesOutside = false

    /// The table that it is about, as SQL spells it: whose locks are named where it waits.
    public var table: String?
    /// Whether there is no way back behind it.
    public var isFinal = false
    /// Whether it only looks.
    var isCheck: Bool { if case .check = action { true } else { false } }
    /// Whether it holds a lock that others wait for only for a moment, and is ended otherwise.
    public var isBrief: Bool { lock?.isBrief ?? false }
    /// The column that goes with it, by the catalog's names: who still uses it is looked for.
    public var dropsColumn: DroppedColumn?

    /// A step.
    public init(
        _ phase: Phase, _ title: String, _ action: Action, on table: String? = nil,
        lock: Lock? = nil, undo: [String] = [], undoesOutside: Bool = false,
        isFinal: Bool = false, dropsColumn: DroppedColumn? = nil
    ) {
        self.table = table
        self.isFinal = isFinal
        self.dropsColumn = dropsColumn
        self.phase = phase
        self.title = title
        self.action = action
        self.lock = lock
        self.undo = undo
        self.undoesOutside = undoesOutside
    }
}

/// A column that goes, by the catalog's names.
public struct DroppedColumn: Sendable, Codable, Equatable {
    /// The table's name without its schema.
    public var table: String
    /// The column's name.
    public var column: String
}

/// Rows that a migration fills.
public struct Backfill: Sendable, Codable, Equatable {
    /// The table, as SQL spells it.
    public var table: String
    /// The column, as SQL spells it.
    public var column = ""
    /// What it is filled with.
    public var expression = ""
    /// A statement of one's own for each batch, in place of these.
    public var statement: String?
    /// What it is reckoned to cost; set in plans only, and `nil` where that is not known.
    public var forecast: Forecast?
    /// The column that was reckoned with in place of one that is not there yet; `nil` without.
    public var forecastColumn: String?
}
