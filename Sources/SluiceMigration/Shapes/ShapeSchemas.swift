import SluicePostgres
import Yams

/// Two schemas with views of the tables that change, one for each shape: an application says by its
/// `search_path` which one it knows.
struct ShapeSchemas: Sendable {
    /// The schema of the old shape, by the catalog's name: that of the migration before, or a new
    /// one.
    let old: String?
    /// The schema of the new shape, which is made.
    let new: String

    /// Reads them.
    static func read(_ node: Node, _ place: String) throws(MigrationError) -> ShapeSchemas {
        let refusal = MigrationError(
            .refused,
            "\(place): schemas: takes new, the schema of the new shape, and old where clients of "
                + "the old one have one")
        guard case .mapping(let mapping) = node else { throw refusal }
        var names: [String: String] = [:]
        for (key, value) in mapping {
            guard let word = key.string, ["old", "new"].contains(word),
                let plain = SpelledName.plain(value.string ?? "")
            else { throw refusal }
            names[word] = plain
        }
        guard let new = names["new"], new != names["old"] else { throw refusal }
        return ShapeSchemas(old: names["old"], new: new)
    }

    /// Why views cannot show what operations do; `nil` where they can.
    static func obstacle(to operations: [any Operation]) -> String? {
        for operation in operations {
            if case .hidden(let reason) = operation.shape { return reason }
        }
        return nil
    }

    // MARK: - The steps

    /// Steps that come before all others of their phases, and after them.
    ///
    /// - Throws: `MigrationError` where a schema or a name in it is somebody else's.
    func steps(
        _ operations: [any Operation], _ catalog: Catalog
    ) async throws -> (before: [Step], after: [Step]) {
        let changes = try await changes(operations, catalog)
        guard try await catalog.value(ShapeSQL.schemaExists, [.text(new)]) != "t" else {
            throw MigrationError(
                .refused, "there is a schema \(new) already: give the new shape one of its own")
        }
        let there = try await there(catalog)
        try await requireSimple(changes, catalog)
        let isOldThere =
            try await catalog.value(ShapeSQL.schemaExists, [.text(old ?? "")]) == "t"
        let own = Set(changes.map(\.table.plain))
        var older: [ShapeView] = []
        if let old {
            for change in changes where !there.contains(where: { $0.name == change.table.plain }) {
                older.append(
                    ShapeView(change.table, change.table.columns.map(\.name), in: old))
            }
        }
        let newer =
            changes.map { ShapeView($0.table, $0.newColumns, in: new) }
            // What clients of the old shape find there those of the new one find as well.
            + there.filter { !own.contains($0.name) }.map { $0.moved(to: new) }
        let isInvoker = catalog.connection.serverVersion >= ShapeSQL.invokerVersion
        var before: [Step] = []
        if let old, !older.isEmpty {
            before.append(
                Step(
                    .expand, "show the old shape in the schema \(SpelledName.spelled(old))",
                    .transaction(ShapeSQL.make(old, older, isInvoker: isInvoker)),
                    undo: ShapeSQL.drop(old, older, withSchema: !isOldThere)))
        }
        var after = [
            Step(
                .validate, "show the new shape in the schema \(SpelledName.spelled(new))",
                .transaction(ShapeSQL.make(new, newer, isInvoker: isInvoker)),
                undo: ShapeSQL.drop(new, newer, withSchema: true))
        ]
        if let old {
            after.append(
                Step(
                    .contract, "no longer show the old shape in \(SpelledName.spelled(old))",
                    .transaction(ShapeSQL.drop(old, older + there, withSchema: true)),
                    lock: Lock.exclusive("the views of \(SpelledName.spelled(old))"),
                    undo: ShapeSQL.make(old, older + there, isInvoker: isInvoker)))
        }
        return (before, after)
    }

    /// A table and the columns that clients of the new shape see.
    private struct Change {
        let table: Catalog.Table
        let newColumns: [String]
        /// The columns that go, by the catalog's names.
        let dropped: [String]
    }

    /// Views of the old schema that could not go in the end, or not be shown in the new one.
    private func requireSimple(_ changes: [Change], _ catalog: Catalog) async throws {
        guard let old else { return }
        var found = try await catalog.connection.query(ShapeSQL.nested, [.text(old)]).rows
        for change in changes {
            for column in change.dropped {
                found += try await catalog.connection.query(
                    ShapeSQL.strays,
                    [
                        .text(old), .text(change.table.plain), .text(change.table.name),
                        .text(column),
                    ]
                ).rows
            }
        }
        guard let view = found.first?[0] else { return }
        throw MigrationError(
            .refused,
            "the view \(view) of the schema \(old) is made of another view there, or of a column "
                + "that goes: drop it, or move it to another schema")
    }

    private func changes(
        _ operations: [any Operation], _ catalog: Catalog
    ) async throws -> [Change] {
        var tables: [Catalog.Table] = []
        var columns: [String: [String]] = [:]
        var gone: [String: [String]] = [:]
        for operation in operations {
            guard case .columns(let name, let added, let dropped) = operation.shape else {
                continue
            }
            let table = try await catalog.table(name)
            if columns[table.name] == nil {
                tables.append(table)
                columns[table.name] = table.columns.map(\.name)
                try await requireShowable(table, catalog)
            }
            for column in dropped {
                let column = try catalog.column(column, of: table)
                columns[table.name]?.removeAll { $0 == column.name }
                gone[table.name, default: []].append(column.plain)
            }
            for column in added { columns[table.name]?.append(try Catalog.spelled(column)) }
        }
        guard !tables.isEmpty else {
            throw MigrationError(
                .refused, "schemas: shows columns that come or go, and this migration has none")
        }
        let names = tables.map(\.plain)
        guard Set(names).count == names.count else {
            throw MigrationError(
                .refused,
                "schemas: shows tables by their names alone, and two of different schemas have "
                    + "the same")
        }
        return tables.map {
            Change(
                table: $0, newColumns: columns[$0.name] ?? [], dropped: gone[$0.name] ?? [])
        }
    }

    /// Before version 15 a view reads as its owner does, past the table's row-level security.
    private func requireShowable(_ table: Catalog.Table, _ catalog: Catalog) async throws {
        let state = try await catalog.connection.query(
            ShapeSQL.security, [.text(table.name)]
        ).rows.first
        guard
            state?[0] != "t" || catalog.connection.serverVersion >= ShapeSQL.invokerVersion
        else {
            throw MigrationError(
                .refused,
                "\(table.name) has row-level security, past which a view reads before PostgreSQL "
                    + "15: leave schemas: out")
        }
        guard state?[1] != "t" else {
            throw MigrationError(
                .refused,
                "roles have privileges on single columns of \(table.name), which its views would "
                    + "not have: grant them on the table instead")
        }
    }

    /// The views that the old schema holds.
    private func there(_ catalog: Catalog) async throws -> [ShapeView] {
        guard let old else { return [] }
        let rows = try await catalog.connection.query(ShapeSQL.relations, [.text(old)]).rows
        if let other = rows.first(where: { $0[1] != "v" || $0[3] != "t" }) {
            throw MigrationError(
                .refused,
                "the schema \(old) holds \(other[0] ?? ""), which is no view of this role: it "
                    + "would have to go with the old shape")
        }
        var views: [ShapeView] = []
        for row in rows {
            var view = ShapeView(name: row[0] ?? "", schema: old, query: row[2] ?? "")
            view.grants = try await catalog.connection.query(
                ShapeSQL.grants, [.text(view.spelled), .text(Identifier(old).quoted)]
            ).rows.compactMap { $0[0] }
            views.append(view)
        }
        return views
    }
}

/// One view of a table.
struct ShapeView: Sendable {
    /// The catalog's name, the same as the table's.
    let name: String
    let schema: String
    let query: String
    /// The table or view whose privileges it gets when it is made.
    var table: String
    /// Statements that give it the privileges it has, where it is there.
    var grants: [String] = []

    /// A view that is there.
    init(name: String, schema: String, query: String) {
        self.name = name
        self.schema = schema
        // As the catalog prints it, with a semicolon.
        self.query = String(query.reversed().drop { $0 == ";" || $0.isWhitespace }.reversed())
        table = QualifiedName(schema: schema, name: name).quoted
    }

    /// A view of a table's columns.
    init(_ table: Catalog.Table, _ columns: [String], in schema: String) {
        name = table.plain
        self.schema = schema
        query = "SELECT \(columns.joined(separator: ", ")) FROM \(table.name)"
        self.table = table.name
    }

    /// The same in another schema.
    func moved(to schema: String) -> ShapeView {
        var view = ShapeView(name: name, schema: schema, query: query)
        view.table = spelled
        return view
    }

    /// The name with its schema.
    var spelled: String { QualifiedName(schema: schema, name: name).quoted }
}
