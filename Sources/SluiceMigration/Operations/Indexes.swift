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
        let index = table.sibling(SpelledName.plain(name) ?? name)
        guard try await catalog.value("SELECT to_regclass($1)", [.text(index)]) == nil else {
            throw MigrationError(.refused, "there is a table or index \(name) already")
        }
        let build = ConcurrentIndex(
            table: table.name, index: index,
            name: SpelledName.spelled(SpelledName.plain(name) ?? name),
            columns: columns.joined(separator: ", "), isUnique: isUnique, predicate: predicate,
            method: method)
        guard table.isPartitioned else { return [build.step] }
        let parts = PartitionedIndex(
            whole: build, plain: SpelledName.plain(name) ?? name,
            partitions: try await catalog.partitions(of: table))
        for number in parts.partitions.indices {
            let one = parts.index(of: number)
            guard try await catalog.value("SELECT to_regclass($1)", [.text(one.index)]) == nil
            else {
                throw MigrationError(
                    .refused, "there is a table or index \(one.name) already")
            }
        }
        return parts.steps
    }
}

/// An index of a table with partitions: built for each by itself, then put together.
///
/// PostgreSQL builds such an index at once and under a lock only; one of the parent alone is there
/// in a moment, and valid as soon as each partition's own has been attached to it. A partition that
/// is made meanwhile gets its own with the parent's.
private struct PartitionedIndex {
    let whole: ConcurrentIndex
    /// The index's name as the catalog has it.
    let plain: String
    /// Parents before children, the table itself first.
    let partitions: [Catalog.Partition]

    /// Of PostgreSQL's 63 bytes those that leave room for a number, and of these, where the name is
    /// longer, those that leave room for what tells it from others that begin alike.
    private static let stemBytesMax = 55
    private static let commonBytesMax = 40

    /// What the names of the partitions' indexes begin with.
    private var stem: String {
        guard plain.utf8.count > Self.stemBytesMax else { return plain }
        var common = plain
        while common.utf8.count > Self.commonBytesMax { common.removeLast() }
        return common + "_" + MigrationLedger.checksum(plain).prefix(12)
    }

    /// The index of a partition, by its place in the list.
    func index(of number: Int) -> ConcurrentIndex {
        guard number > 0 else { return whole }
        var index = whole
        let name = "\(stem)_\(number)"
        index.table = partitions[number].name
        index.name = SpelledName.spelled(name)
        index.index = QualifiedName(schema: partitions[number].schema, name: name).quoted
        return index
    }

    var steps: [Step] {
        let built = partitions.indices.map { number in
            partitions[number].isParent ? index(of: number).frame : index(of: number).step
        }
        // Children before their parents: a parent's becomes valid with its last child's.
        let attached = partitions.indices.dropFirst().reversed().map { number in
            let parent = partitions.firstIndex { $0.oid == partitions[number].parent } ?? 0
            let own = index(of: number)
            return Step(
                .validate, "make \(own.name) a part of \(index(of: parent).name)",
                .transaction([
                    "ALTER INDEX \(index(of: parent).index) ATTACH PARTITION \(own.index)"
                ]), on: own.table, lock: Lock.exclusive("the index \(own.name)"),
                // It cannot be detached, and goes with what it was attached to.
                undo: [whole.index, index(of: parent).index].map { "DROP INDEX IF EXISTS \($0)" })
        }
        let check = Step(
            .validate, "see that \(whole.name) is of all partitions",
            .check(
                CatalogSQL.isIndexValid(whole.index),
                otherwise: "a partition has come meanwhile that has no such index, or is a foreign "
                    + "table: roll back, and start again"), on: whole.table)
        return built + attached + [check]
    }
}

/// `CREATE INDEX CONCURRENTLY`, whose rest is removed where it failed half-way.
struct ConcurrentIndex: Sendable {
    var table: String
    /// The index with its schema, and its name alone.
    var index: String
    var name: String
    let columns: String
    var isUnique = false
    var predicate: String?
    var method: String?

    /// The index of a parent alone, which is not valid yet.
    var frame: Step {
        Step(
            .validate, "make the index \(name) of \(table), without its partitions",
            .transaction([definition("\(name) ON ONLY \(table)")]), on: table,
            lock: Lock.share(table), undo: ["DROP INDEX IF EXISTS \(index)"])
    }

    var step: Step {
        let drop = "DROP INDEX CONCURRENTLY IF EXISTS \(index)"
        // After the rows are filled: an index on a column that is filled makes each update dearer.
        return Step(
            .validate, "build the index \(name) on \(table)",
            .outside(
                definition("CONCURRENTLY \(name) ON \(table)"),
                isDone: CatalogSQL.isIndexValid(index), cleaning: drop),
            on: table, lock: Lock.shareUpdateExclusive(table), undo: [drop],
            undoesOutside: true)
    }

    private func definition(_ place: String) -> String {
        let unique = isUnique ? "UNIQUE " : ""
        let using = method.map { " USING \($0)" } ?? ""
        let condition = predicate.map { " WHERE \($0)" } ?? ""
        return "CREATE \(unique)INDEX \(place)\(using) (\(columns))\(condition)"
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
