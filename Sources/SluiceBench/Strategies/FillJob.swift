/// What every strategy does to the table: one column of the rows that still lack it.
public struct FillJob: Sendable, Equatable {
    /// One column of the key, in its order.
    public struct KeyColumn: Sendable, Equatable {
        /// The name, as SQL spells it.
        public let name: String
        /// The type, as SQL spells it.
        public let type: String

        /// A column of the key.
        public init(name: String, type: String) {
            self.name = name
            self.type = type
        }
    }

    /// The table, as SQL spells it.
    public let table: String
    /// The key's columns.
    public let key: [KeyColumn]
    /// The column that is filled.
    public let column: String
    /// What it is filled with.
    public let expression: String
    /// Which rows are to be filled at all; all of them without it.
    public let predicate: String?
    /// What is true of a row that is not filled yet.
    public let unfilled: String
    /// Whether the rows lie in partitions of the table.
    public let isPartitioned: Bool

    /// A job; a row is filled once its column is not NULL, unless something else is said.
    public init(
        table: String, key: [KeyColumn], column: String, expression: String,
        predicate: String? = nil, unfilled: String? = nil, isPartitioned: Bool = false
    ) {
        self.unfilled = unfilled ?? "\(column) IS NULL"
        self.isPartitioned = isPartitioned
        self.table = table
        self.key = key
        self.column = column
        self.expression = expression
        self.predicate = predicate
    }

    /// The assignment.
    var assignment: String { "\(column) = \(expression)" }

    /// Which rows are left.
    var remaining: String {
        predicate.map { "(\($0)) AND \(unfilled)" } ?? unfilled
    }

    /// The key's columns, as a list.
    var keyList: String { key.map(\.name).joined(separator: ", ") }

    /// The key's columns of a table that is called so, as a list.
    func keyList(of alias: String) -> String {
        key.map { "\(alias).\($0.name)" }.joined(separator: ", ")
    }

    /// The key's columns as text, under names of their own: under the column's name `ORDER BY`
    /// would mean the text.
    var keyTexts: String {
        key.enumerated().map { "\($1.name)::text AS bench_text_\($0)" }.joined(separator: ", ")
    }

    /// Parameters for one key, from `$first` on.
    func parameters(from first: Int = 1) -> String {
        key.enumerated().map { "$\(first + $0)::\($1.type)" }.joined(separator: ", ")
    }

    /// The key greatest first.
    var descending: String { key.map { "\($0.name) DESC" }.joined(separator: ", ") }
}
