public import SluicePostgres

/// A table of one's own, and what is to be done to it.
public struct OwnTable: Sendable {
    /// How to reach its database.
    public var parameters: ConnectionParameters
    /// The table, as SQL spells it.
    public var table: String
    /// The column that is filled, as SQL spells it.
    public var column: String
    /// What it is filled with.
    public var expression: String
    /// Which rows are to be filled; all of them without it.
    public var predicate: String?
    /// The columns to walk along; the primary key without them.
    public var key: [String]?
    /// Whether the copy has the table's triggers.
    public var keepsTriggers = true

    /// A table, walked along its primary key.
    public init(
        parameters: ConnectionParameters, table: String, column: String, expression: String
    ) {
        self.parameters = parameters
        self.table = table
        self.column = column
        self.expression = expression
    }
}
