import SluicePostgres

/// An index, built while the table is used.
struct CreateIndex: Operation {
    static let keyword = "create_index"
    static let fields = [
        "table": true, "name": true, "columns": true, "unique": false, "where": false,
        "method": false,
    ]

    private let table: String
    private let name: String
    private let columns: [String]
    private let isUnique: Bool
    private let predicate: String?
    private let method: String?

    init(_ fields: Fields) throws(MigrationError) {
        table = fields["table"]
        name = fields["name"]
        columns = fields.list("columns")
        isUnique = try fields.flag("unique")
        predicate = fields.texts["where"]
        method = fields.texts["method"]
    }

    func steps(_ catalog: Catalog, label: String) async throws -> [Step] {
        let table = try await catalog.table(table)
        try catalog.requireWhole(table, for: "build an index")
        let index = table.sibling(SpelledName.plain(name) ?? name)
        guard try await catalog.value("SELECT to_regclass($1)", [.text(index)]) == nil else {
            throw MigrationError(.refused, "there is a table or index \(name) already")
        }
        return [
            ConcurrentIndex(
                table: table.name, index: index,
                name: SpelledName.spelled(
                    SpelledName.plain(name) ?? name),
                columns: columns.joined(separator: ", "), isUnique: isUnique,
                predicate: predicate, method: method
            ).step
        ]
    }
}

/// `CREATE INDEX CONCURRENTLY`, whose rest is removed where it failed half-way.
struct ConcurrentIndex: Sendable {
    let table: String
    /// The index with its schema, and its name alone.
    let index: String
    let name: String
    let columns: String
    var isUnique = false
    var predicate: String?
    var method: String?

    var step: Step {
        let unique = isUnique ? "UNIQUE " : ""
        let using = method.map { " USING \($0)" } ?? ""
        let condition = predicate.map { " WHERE \($0)" } ?? ""
        let drop = "DROP INDEX CONCURRENTLY IF EXISTS \(index)"
        // After the rows are filled: an index on a column that is filled makes each update dearer.
        return Step(
            .validate, "build the index \(name) on \(table)",
            .outside(
                "CREATE \(unique)INDEX CONCURRENTLY \(name) ON \(table)\(using) "
                    + "(\(columns))\(condition)",
                isDone: CatalogSQL.isIndexValid(index), cleaning: drop),
            on: table, lock: Lock.shareUpdateExclusive(table), undo: [drop],
            undoesOutside: true)
    }
}

/// An index that nobody needs any more.
struct DropIndex: Operation {
    static let keyword = "drop_index"
    static let fields = ["name": true]

    private let name: String

    init(_ fields: Fields) throws(MigrationError) { name = fields["name"] }

    func steps(_ catalog: Catalog, label: String) async throws -> [Step] {
        let row = try await catalog.connection.query(Self.index, [.text(name)]).rows.first
        guard let row, let index = row[0], let table = row[1] else {
            throw MigrationError(.refused, "there is no index \(name) in this database")
        }
        guard row[2] == "t" else {
            throw MigrationError(
                .refused,
                "the index \(name) is of a table with partitions, of a constraint, or of another "
                    + "role: it cannot be dropped while its table is used")
        }
        let drop = "DROP INDEX CONCURRENTLY IF EXISTS \(index)"
        return [
            Step(
                .contract, "drop the index \(index)",
                .outside(
                    drop, isDone: "SELECT to_regclass(\(Literal.quoted(index))) IS NULL",
                    cleaning: drop),
                on: table, lock: Lock.shareUpdateExclusive(table), isFinal: true)
        ]
    }

    /// An index: its full name, its table's, and whether it can be dropped by itself.
    private static let index = """
        SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname),
        quote_ident(tn.nspname) || '.' || quote_ident(t.relname),
        c.relkind = 'i' AND NOT c.relispartition AND pg_has_role(c.relowner, 'USAGE')
        AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_class t ON t.oid = i.indrelid
        JOIN pg_namespace tn ON tn.oid = t.relnamespace WHERE c.oid = to_regclass($1)
        """
}
