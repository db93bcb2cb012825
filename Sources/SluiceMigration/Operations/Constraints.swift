import SluicePostgres

/// A column that may no longer be NULL.
struct SetNotNull: Operation {
    static let keyword = "set_not_null"
    static let fields = ["table": true, "column": true, "up": false]

    private let table: String
    private let column: String
    private let up: String?

    init(_ fields: Fields) throws(MigrationError) {
        table = fields["table"]
        column = fields["column"]
        up = fields.texts["up"]
    }

    func steps(_ catalog: Catalog, label: String) async throws -> [Step] {
        let table = try await catalog.table(table)
        let column = try catalog.column(column, of: table)
        guard !column.isNotNull else {
            throw MigrationError(.refused, "\(column.name) of \(table.name) is NOT NULL already")
        }
        guard let up else {
            return NotNullSteps.steps(table.name, column.name, label: label, phase: .validate)
        }
        let dual = DualWrite(
            table: table, old: nil, new: column.name, newType: column.type, up: up, down: nil,
            label: label, onlyFills: true, newHasEquality: column.hasEquality)
        try dual.requireKnown()
        return [
            DualWriteSteps.trial(dual),
            try await DualWriteSteps.install(dual, catalog, undoes: true),
            DualWriteSteps.backfill(dual), NotNullSteps.check(table.name, column.name),
        ] + NotNullSteps.steps(table.name, column.name, label: label)
            + [DualWriteSteps.remove(dual)]
    }
}

/// A condition that every row has to meet.
struct AddCheck: Operation {
    static let keyword = "add_check"
    static let fields = ["table": true, "name": true, "check": true]

    private let table: String
    private let name: String
    private let check: String

    init(_ fields: Fields) throws(MigrationError) {
        table = fields["table"]
        name = fields["name"]
        check = fields["check"]
    }

    func steps(_ catalog: Catalog, label: String) async throws -> [Step] {
        let table = try await catalog.table(table)
        return try ConstraintSteps.notValid(
            table.name, name, "CHECK (\(check))", lock: Lock.exclusive(table.name))
    }
}

/// A reference to another table's rows.
struct AddForeignKey: Operation {
    static let keyword = "add_foreign_key"
    static let fields = [
        "table": true, "name": false, "columns": true, "references": true, "on_delete": false,
    ]

    private let table: String
    private let name: String?
    private let columns: [String]
    private let references: String
    private let onDelete: String?

    /// What PostgreSQL can do when the other row goes.
    private static let actions = ["no action", "restrict", "cascade", "set null", "set default"]

    init(_ fields: Fields) throws(MigrationError) {
        table = fields["table"]
        name = fields.texts["name"]
        columns = fields.list("columns")
        references = fields["references"]
        onDelete = fields.texts["on_delete"]
        if let onDelete, !Self.actions.contains(onDelete.lowercased()) {
            throw fields.refusal(
                "on_delete is one of \(Self.actions.joined(separator: ", ")), not \(onDelete)")
        }
    }

    func steps(_ catalog: Catalog, label: String) async throws -> [Step] {
        let table = try await catalog.table(table)
        var spelled: [String] = []
        for column in columns { spelled.append(try catalog.column(column, of: table).name) }
        let action = onDelete.map { " ON DELETE \($0.uppercased())" } ?? ""
        let plain = columns.compactMap { SpelledName.plain($0) }.joined(separator: "_")
        return try ConstraintSteps.notValid(
            table.name, name ?? "\(table.plain)_\(plain)_fkey",
            "FOREIGN KEY (\(spelled.joined(separator: ", "))) REFERENCES \(references)\(action)",
            lock: Lock.shareRowExclusive(table.name, references))
    }
}

/// Columns that are the same in no two rows.
struct AddUnique: Operation {
    static let keyword = "add_unique"
    static let fields = ["table": true, "name": false, "columns": true]

    private let table: String
    private let name: String?
    private let columns: [String]

    init(_ fields: Fields) throws(MigrationError) {
        table = fields["table"]
        name = fields.texts["name"]
        columns = fields.list("columns")
    }

    func steps(_ catalog: Catalog, label: String) async throws -> [Step] {
        let table = try await catalog.table(table)
        var spelled: [String] = []
        for column in columns { spelled.append(try catalog.column(column, of: table).name) }
        let plain = columns.compactMap { SpelledName.plain($0) }.joined(separator: "_")
        try catalog.requireWhole(table, for: "build a unique index")
        let chosen = try Catalog.spelled(name ?? "\"\(table.plain)_\(plain)_key\"")
        let index = table.sibling(SpelledName.plain(chosen) ?? chosen)
        guard try await catalog.value("SELECT to_regclass($1)", [.text(index)]) == nil else {
            throw MigrationError(.refused, "there is a table or index \(chosen) already")
        }
        let build = ConcurrentIndex(
            table: table.name, index: index, name: chosen,
            columns: spelled.joined(separator: ", "), isUnique: true
        ).step
        let drop = "ALTER TABLE \(table.name) DROP CONSTRAINT IF EXISTS \(chosen)"
        return [
            build,
            Step(
                .validate, "make it the constraint \(chosen)",
                .transaction([
                    "ALTER TABLE \(table.name) ADD CONSTRAINT \(chosen) "
                        + "UNIQUE USING INDEX \(chosen)"
                ]), on: table.name, lock: Lock.exclusive(table.name),
                // The index goes with it.
                undo: [drop]),
        ]
    }
}

/// Constraints that are checked after they were made.
enum ConstraintSteps {
    static func notValid(
        _ table: String, _ name: String, _ definition: String, lock: Lock
    ) throws -> [Step] {
        let name = try Catalog.spelled(name)
        let drop = "ALTER TABLE \(table) DROP CONSTRAINT IF EXISTS \(name)"
        return [
            Step(
                .expand, "let no new row break \(name)",
                .transaction([
                    "ALTER TABLE \(table) ADD CONSTRAINT \(name) \(definition) NOT VALID"
                ]), on: table, lock: lock, undo: [drop]),
            Step(
                .validate, "see that every row keeps \(name)",
                .transaction(["ALTER TABLE \(table) VALIDATE CONSTRAINT \(name)"]),
                on: table, lock: Lock.shareUpdateExclusive(table)),
        ]
    }
}
