import SluicePostgres

/// What new rows get where nothing is said.
struct SetDefault: Operation {
    static let keyword = "set_default"
    static let fields = ["table": true, "column": true, "default": true]

    private let table: String
    private let column: String
    private let defaultText: String

    init(_ fields: Fields) throws(MigrationError) {
        table = fields["table"]
        column = fields["column"]
        defaultText = fields["default"]
    }

    func steps(_ catalog: Catalog, label: String) async throws -> [Step] {
        let table = try await catalog.table(table)
        let column = try catalog.column(column, of: table)
        let alter = "ALTER TABLE \(table.name) ALTER COLUMN \(column.name)"
        return [
            Step(
                .expand, "give new rows \(defaultText) for \(column.name)",
                .transaction(["\(alter) SET DEFAULT \(defaultText)"]),
                on: table.name, lock: Lock.exclusive(table.name),
                undo: [
                    column.defaultText.map { "\(alter) SET DEFAULT \($0)" }
                        ?? "\(alter) DROP DEFAULT"
                ])
        ]
    }
}

/// A table under another name: a view has the old one until the end.
struct RenameTable: Operation {
    static let keyword = "rename_table"
    static let fields = ["table": true, "to": true]

    private let table: String
    private let to: String

    init(_ fields: Fields) throws(MigrationError) {
        table = fields["table"]
        to = fields["to"]
    }

    var shape: ShapeChange { .hidden("rename_table makes a view of the old name itself") }

    func steps(_ catalog: Catalog, label: String) async throws -> [Step] {
        let table = try await catalog.table(table)
        let new = try Catalog.spelled(to)
        let renamed = table.sibling(SpelledName.plain(new) ?? new)
        guard try await catalog.value("SELECT to_regclass($1)", [.text(renamed)]) == nil else {
            throw MigrationError(.refused, "there is a table \(to) already")
        }
        let old = SpelledName.spelled(table.plain)
        let hasRules = try await catalog.value(
            "SELECT relrowsecurity FROM pg_class WHERE oid = $1::regclass", [.text(table.name)])
        guard hasRules != "t" else {
            throw MigrationError(
                .refused,
                "\(table.name) has row-level security, which a view of its old name would not have")
        }
        let grants = try await catalog.connection.query(
            CatalogSQL.grants, [.text(table.name), .text(table.name)]
        ).rows.compactMap { $0[0] }
        return [
            Step(
                .expand, "call \(table.name) \(new), with a view of the old name",
                .transaction(
                    [
                        "ALTER TABLE \(table.name) RENAME TO \(new)",
                        // A view of one table can be written to as well.
                        "CREATE VIEW \(table.name) AS SELECT * FROM \(renamed)",
                    ] + grants), on: table.name, lock: Lock.exclusive(table.name),
                undo: [
                    "DROP VIEW IF EXISTS \(table.name)",
                    "ALTER TABLE IF EXISTS \(renamed) RENAME TO \(old)",
                ]),
            Step(
                .contract, "drop the view of the old name",
                .transaction(["DROP VIEW IF EXISTS \(table.name)"]),
                on: table.name, lock: Lock.exclusive(table.name), isFinal: true),
        ]
    }
}

/// A table that nobody needs any more.
struct DropTable: Operation {
    static let keyword = "drop_table"
    static let fields = ["table": true]

    private let table: String

    init(_ fields: Fields) throws(MigrationError) { table = fields["table"] }

    var shape: ShapeChange { .hidden("a table that goes has no new shape") }

    func steps(_ catalog: Catalog, label: String) async throws -> [Step] {
        let table = try await catalog.table(table)
        let referrers = try await catalog.connection.query(
            CatalogSQL.referrers, [.text(table.name)]
        ).rows.compactMap { $0[0] }
        guard referrers.isEmpty else {
            throw MigrationError(
                .refused,
                "\(table.name) is used by \(referrers.joined(separator: ", ")): drop that first")
        }
        return [
            Step(
                .contract, "drop the table \(table.name)",
                // Not CASCADE: what still refers to it is somebody's.
                .transaction(["DROP TABLE IF EXISTS \(table.name)"]),
                on: table.name, lock: Lock.exclusive(table.name), isFinal: true)
        ]
    }
}
