import SluicePostgres

/// What the database says of tables and columns.
struct Catalog: Sendable {
    let connection: PostgresConnection
    /// The schema whose views show the old shape, and go when that goes; `nil` without.
    var oldSchema: String?

    /// A table that a migration changes.
    struct Table: Sendable {
        /// The name with its schema, as SQL spells it.
        let name: String
        /// The schema and the name, as the catalog has them.
        let schema: String
        let plain: String
        /// Whether its rows lie in partitions.
        let isPartitioned: Bool
        let oid: String
        /// The columns in their order.
        let columns: [Column]

        /// A column by its name as SQL spells it, one way or another.
        func column(_ spelled: String) -> Column? {
            let plain = SpelledName.plain(spelled)
            return columns.first { $0.plain == plain }
        }

        /// A name of something that belongs to the table, with its schema.
        func sibling(_ name: String) -> String {
            QualifiedName(schema: schema, name: name).quoted
        }
    }

    /// A column.
    struct Column: Sendable {
        /// The name as SQL spells it, in quotes only where it needs them.
        let name: String
        /// The name as the catalog has it.
        let plain: String
        let type: String
        let isNotNull: Bool
        /// The default as SQL spells it; `nil` without one.
        let defaultText: String?
        /// Whether its values can be compared.
        let hasEquality: Bool
        /// Whether it is computed from others.
        let isComputed: Bool
        /// Whether roles have privileges on it alone.
        let hasPrivileges: Bool
        /// What somebody wrote about it.
        let comment: String?

        /// Statements that write the same about another column.
        func comment(on column: String, of table: Table) -> [String] {
            comment.map {
                ["COMMENT ON COLUMN \(table.name).\(column) IS \(Literal.quoted($0))"]
            } ?? []
        }
    }

    /// A table by its name.
    ///
    /// - Throws: `MigrationError` where there is none, or it is another's.
    func table(_ spelled: String) async throws -> Table {
        let row = try await connection.query(CatalogSQL.table, [.text(spelled)]).rows.first
        guard let row, let name = row[0], let schema = row[1], let plain = row[2] else {
            throw MigrationError(.refused, "there is no table \(spelled) in this database")
        }
        guard row[3] == "r" || row[3] == "p" else {
            throw MigrationError(.refused, "\(spelled) is no table")
        }
        guard row[4] == "t" else {
            throw MigrationError(
                .refused,
                "this role does not own \(name): ALTER TABLE \(name) OWNER TO it, or connect as "
                    + "its owner")
        }
        let columns = try await connection.query(CatalogSQL.columns, [.text(name)]).rows.map {
            Column(
                name: $0[0] ?? "", plain: $0[1] ?? "", type: $0[2] ?? "", isNotNull: $0[3] == "t",
                defaultText: $0[4], hasEquality: $0[5] == "t", isComputed: $0[6] == "t",
                hasPrivileges: $0[7] == "t", comment: $0[8])
        }
        return Table(
            name: name, schema: schema, plain: plain, isPartitioned: row[3] == "p",
            oid: row[5] ?? "",
            columns: columns)
    }

    /// A column that has to be there.
    func column(_ name: String, of table: Table) throws -> Column {
        let spelled = try Self.spelled(name)
        guard let column = table.column(spelled) else {
            throw MigrationError(.refused, "\(table.name) has no column \(name)")
        }
        return column
    }

    /// A column that must not be there.
    func newColumn(_ name: String, of table: Table) throws -> String {
        let spelled = try Self.spelled(name)
        guard table.column(spelled) == nil else {
            throw MigrationError(.refused, "\(table.name) has a column \(name) already")
        }
        return spelled
    }

    /// A name as SQL spells it, in quotes only where it needs them.
    static func spelled(_ name: String) throws -> String {
        guard let plain = SpelledName.plain(name) else {
            throw MigrationError(
                .refused, "\(name) is no name: one with other characters goes in double quotes")
        }
        return SpelledName.spelled(plain)
    }

    /// What else depends on a column: views, indexes, constraints, triggers and columns computed
    /// from it.
    ///
    /// With `besideKey` the table's own primary key and the column's own sequence are left out.
    func dependents(
        of column: Column, in table: Table, besideKey: Bool = false
    ) async throws -> [String] {
        try await connection.query(
            CatalogSQL.dependents(
                table.name, column.plain, besideKey: besideKey, leavingOut: oldSchema)
        ).rows.compactMap { $0[0] }
    }

    /// Whether values of a type can be compared.
    func hasEquality(_ type: String) async throws -> Bool {
        do {
            return try await value(
                "SELECT (NULL::\(type) IS DISTINCT FROM NULL::\(type)) IS NOT NULL") == "t"
        } catch let error as PostgresError {
            // 42883: there is no operator.
            guard error.sqlState?.rawValue == "42883" else { throw error }
            return false
        }
    }

    /// Triggers of a table that fire after ours, whose names come first in the alphabet.
    func laterTriggers(of table: Table, than name: String) async throws -> [String] {
        try await connection.query(
            CatalogSQL.laterTriggers, [.text(table.name), .text(name)]
        ).rows.compactMap { $0[0] }
    }

    /// Refuses what PostgreSQL does for tables of one piece only.
    func requireWhole(_ table: Table, for what: String) throws {
        guard !table.isPartitioned else {
            throw MigrationError(
                .refused,
                "\(table.name) has partitions, on which PostgreSQL cannot \(what) while they are "
                    + "used: do that for each partition first")
        }
    }

    /// The primary key of a table: its constraint, its columns, and where its values come from.
    func primaryKey(of table: Table) async throws -> PrimaryKey? {
        let rows = try await connection.query(CatalogSQL.primaryKey, [.text(table.name)]).rows
        guard let first = rows.first else { return nil }
        return PrimaryKey(
            constraint: first[0] ?? "", columns: rows.compactMap { $0[1] },
            sequence: first[2], isIdentity: first[3] != "",
            isAlways: first[3] == "a", isDeferrable: first[4] == "t",
            sequenceOptions: first[5] ?? "")
    }

    /// A foreign key to a table.
    struct ReferringKey: Sendable {
        /// The table that has it, as SQL spells it.
        let table: String
        /// The constraint's name as SQL spells it.
        let name: String
        /// What it says, without whether rows were checked.
        let definition: String
        let isValidated: Bool
    }

    /// Keys that refer to a table, its own among them.
    ///
    /// - Throws: `MigrationError` for those that cannot be made again without reading their table
    ///   under a lock.
    func referringKeys(to table: Table) async throws -> [ReferringKey] {
        try await connection.query(CatalogSQL.referringKeys, [.text(table.name)]).rows.map { row in
            let (name, key) = (row[0] ?? "", row[1] ?? "")
            guard row[4] != "t" else {
                throw MigrationError(
                    .refused,
                    "\(key) of \(name), which has partitions, refers to \(table.name): PostgreSQL "
                        + "cannot make it again without reading all rows under a lock")
            }
            guard row[5] == "t" else {
                throw MigrationError(
                    .refused,
                    "\(key) of \(name) refers to \(table.name), and this role does not own "
                        + "\(name): ALTER TABLE \(name) OWNER TO it, or connect as its owner")
            }
            let definition = row[2] ?? ""
            let mark = " NOT VALID"
            return ReferringKey(
                table: name, name: key,
                definition: definition.hasSuffix(mark)
                    ? String(definition.dropLast(mark.count)) : definition,
                isValidated: row[3] == "t")
        }
    }

    /// A part of a table with partitions, or the table itself.
    struct Partition: Sendable {
        /// The name with its schema, as SQL spells it.
        let name: String
        let plain: String
        let schema: String
        /// Whether it has no rows itself but partitions.
        let isParent: Bool
        let oid: String
        /// The parent's; `nil` for a table that is nobody's partition.
        let parent: String?
    }

    /// A table with all its partitions, parents before children.
    func partitions(of table: Table) async throws -> [Partition] {
        try await connection.query(CatalogSQL.partitions, [.text(table.name)]).rows.map {
            Partition(
                name: $0[0] ?? "", plain: $0[1] ?? "", schema: $0[2] ?? "",
                isParent: $0[3] == "t", oid: $0[4] ?? "", parent: $0[5])
        }
    }

    /// A primary key.
    struct PrimaryKey: Sendable {
        /// The constraint's name as SQL spells it.
        let constraint: String
        /// The columns as SQL spells them.
        let columns: [String]
        /// The sequence that the first column's values come from, with its schema; `nil` without.
        let sequence: String?
        /// Whether the column has it as its identity, and whether nobody else may give a value.
        let isIdentity: Bool
        let isAlways: Bool
        let isDeferrable: Bool
        /// How the sequence counts, as SQL says it.
        let sequenceOptions: String
    }

    /// The first column of the first row.
    func value(_ sql: String, _ parameters: [Parameter] = []) async throws -> String? {
        try await connection.query(sql, parameters).scalar
    }
}
