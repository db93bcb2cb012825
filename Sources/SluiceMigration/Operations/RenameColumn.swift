/// A column under another name: both names work until the end, or at once where nobody is there.
struct RenameColumn: Operation {
    static let keyword = "rename_column"
    static let fields = [
        "table": true, "column": true, "to": true, "instant": false, "drops": false,
    ]

    private let table: String
    private let column: String
    private let to: String
    private let isInstant: Bool
    private let drops: [String]

    init(_ fields: Fields) throws(MigrationError) {
        table = fields["table"]
        column = fields["column"]
        to = fields["to"]
        isInstant = try fields.flag("instant")
        drops = fields.list("drops")
    }

    var shape: ShapeChange {
        isInstant
            ? .hidden("an instant rename leaves no old shape: without instant both names work")
            : .columns(table: table, added: [to], dropped: [column])
    }

    /// At once it is what such a statement is to clients.
    var ownStatements: [String] {
        isInstant ? ["ALTER TABLE \(table) RENAME COLUMN \(column) TO \(to)"] : []
    }

    func steps(_ catalog: Catalog, label: String) async throws -> [Step] {
        let table = try await catalog.table(table)
        let old = try catalog.column(column, of: table)
        let new = try catalog.newColumn(to, of: table)
        guard isInstant else {
            return try await ReplacedColumn(
                table: table.name, column: old.name, to: new, type: old.type, up: old.name,
                down: new, isRequired: old.isNotNull, defaultText: old.defaultText, drops: drops
            ).steps(catalog, label: label)
        }
        return [
            Step(
                .expand, "call \(old.name) of \(table.name) \(new) from now on",
                .transaction(["ALTER TABLE \(table.name) RENAME COLUMN \(old.name) TO \(new)"]),
                on: table.name, lock: Lock.exclusive(table.name),
                undo: ["ALTER TABLE \(table.name) RENAME COLUMN \(new) TO \(old.name)"])
        ]
    }
}
