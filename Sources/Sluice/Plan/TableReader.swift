import SluiceCore
import SluicePostgres

/// Reads what the catalogs say about the job's table, and refuses what cannot be backfilled
/// exactly.
struct TableReader: Sendable {
    let connection: PostgresConnection

    /// The table that a name means on this session's search path.
    func table(named name: String) async throws -> TableFacts {
        let row: [String?]?
        do {
            row = try await connection.query(CatalogSQL.relation, [.text(name)]).rows.first
        } catch {
            guard ["42601", "42602"].contains(error.sqlState?.rawValue) else { throw error }
            throw SluiceError(
                .refused,
                "\(name) is not a table name: write table, schema.table, or quote it like "
                    + "'\"Odd Name\"'")
        }
        guard let row else { throw try await missing(name) }
        return try await facts(row)
    }

    /// The table of a run.
    func table(oid: UInt32, name: String) async throws -> TableFacts {
        let rows = try await connection.query(
            CatalogSQL.relationByOID, [.text("\(oid)")]
        ).rows
        guard let row = rows.first else {
            throw SluiceError(
                .refused,
                "the table \(name) of this run is gone (a recreated one is another table): cancel "
                    + "the run, and start the job again with --fresh")
        }
        return try await facts(row)
    }

    private func missing(_ name: String) async throws -> SluiceError {
        let last = SQLName.parts(name)?.last ?? name
        let similar = try await connection.query(
            CatalogSQL.similarTables, [.text(last), .text(last + "%")]
        ).rows.compactMap { $0[0] }
        let hint =
            similar.isEmpty
            ? "check the name, the schema and the database"
            : "did you mean \(similar.joined(separator: " or "))?"
        return SluiceError(.refused, "there is no table \(name) in this database: \(hint)")
    }

    private func facts(_ row: [String?]) async throws -> TableFacts {
        let name = QualifiedName(schema: row[1] ?? "", name: row[2] ?? "")
        let oid = UInt32(row[0] ?? "") ?? 0
        try refuseUnsuitable(row, name: name)
        let columns = try await connection.query(CatalogSQL.columns, [.text("\(oid)")]).rows
        return TableFacts(
            oid: oid, name: name, updateTriggers: row[9], hasChildren: row[8] == "t",
            isPartitioned: row[3] == "p", columns: columns.map(Self.column))
    }

    private static func column(_ row: [String?]) -> ColumnFacts {
        return ColumnFacts(
            name: row[0] ?? "", isGenerated: row[1] == "t", isIdentityAlways: row[2] == "t",
            key: KeyColumn(
                name: row[0] ?? "", castType: row[3] ?? "", collation: row[7],
                arithmetic: KeyArithmetic(rawValue: row[4] ?? "") ?? .none,
                isComparedByCast: row[6] == "t"),
            number: Int(row[5] ?? "") ?? 0)
    }

    private func refuseUnsuitable(
        _ row: [String?], name: QualifiedName
    ) throws(SluiceError) {
        let reason: String? =
            switch row[3] {
            case "r", "p": nil
            case "v": "is a view; backfill the table below it"
            case "m": "is a materialized view; REFRESH it instead"
            case "f": "is a foreign table; run Sluice on the server that holds its rows"
            default: "is not a table"
            }
        if let reason { throw SluiceError(.refused, "\(name.shown) \(reason)") }
        if row[6] == "t" {
            throw SluiceError(
                .refused, "\(name.shown) is a system table; Sluice changes only your own")
        }
        if row[5] == "t" {
            throw SluiceError(
                .refused,
                "row-level security hides rows of \(name.shown) from this role: use the owner, or "
                    + "a role with BYPASSRLS")
        }
        if row[7] != "t" {
            throw SluiceError(
                .refused,
                "this role may not read \(name.shown): GRANT SELECT, UPDATE ON \(name.shown)")
        }
    }

    // MARK: The key

    /// The key columns: those asked for, if a suitable unique index has exactly these, or else the
    /// primary key, or else the shortest suitable unique index.
    func key(_ requested: [String]?, of table: TableFacts) async throws -> [KeyColumn] {
        let rows = try await connection.query(
            CatalogSQL.uniqueIndexes, [.text("\(table.oid)")]
        ).rows
        let indexes = rows.map { TextArray.parse($0[2] ?? "{}") }
        let columns: [String]
        if let requested {
            let names = requested.map { SQLName.parts($0)?.last ?? $0 }
            guard let match = indexes.first(where: { $0 == names }) else {
                throw SluiceError(
                    .refused,
                    try await obstacles(of: table).refusal(of: names, suitable: indexes))
            }
            columns = match
        } else {
            guard let first = indexes.first else {
                throw SluiceError(.refused, try await obstacles(of: table).refusalOfAll())
            }
            columns = first
        }
        return try columns.map { name in
            guard let column = table.column(name) else {
                throw SluiceError(.refused, "key column \(name) of \(table.name.shown) is gone")
            }
            return column.key
        }
    }

    /// Whether a suitable unique index has exactly these columns.
    func hasKey(_ columns: [String], of table: TableFacts) async throws -> Bool {
        do {
            _ = try await key(columns, of: table)
            return true
        } catch is SluiceError {
            return false
        }
    }

    private func obstacles(of table: TableFacts) async throws -> KeyObstacles {
        let rows = try await connection.query(
            CatalogSQL.keyObstacles, [.text("\(table.oid)")]
        ).rows
        return KeyObstacles(table: table.name.shown, indexes: rows.map(KeyObstacles.Index.init))
    }
}
