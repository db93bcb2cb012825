import SluiceCore
import SluicePostgres

/// The table that a copy or a move goes to, before it is known which of its columns are written.
struct TargetFacts: Sendable {
    let oid: UInt32
    let name: QualifiedName
    let columns: [TargetColumn]
    /// Columns of its unique indexes, the primary key first.
    let uniqueKeys: [[String]]

    func column(_ name: String) -> TargetColumn? { columns.first { $0.name == name } }
}

/// One column of it.
struct TargetColumn: Sendable {
    let name: String
    let number: Int
    var isGenerated = false
    var isIdentityAlways = false
    /// Whether a row cannot be inserted without a value for it.
    var isRequired = false
}

/// Reads what the catalogs say about a target, and refuses what rows cannot be copied into.
struct TargetReader: Sendable {
    let connection: PostgresConnection

    /// The table that a name means on this session's search path.
    func target(named name: String, from table: TableFacts) async throws -> TargetFacts {
        let row: [String?]?
        do {
            row = try await connection.query(
                TargetSQL.byName, [.text(name), .text("\(table.oid)")]
            ).rows.first
        } catch {
            guard ["42601", "42602"].contains(error.sqlState?.rawValue) else { throw error }
            throw SluiceError(
                .refused,
                "\(name) is not a table name: write --into table, schema.table, or quote it like "
                    + "'\"Odd Name\"'")
        }
        guard let row else {
            throw SluiceError(
                .refused,
                "there is no table \(name) to copy into: create it first, for instance with "
                    + "CREATE TABLE \(name) (LIKE \(table.name.shown) INCLUDING ALL)")
        }
        return try await facts(row, from: table)
    }

    /// The target of a run.
    func target(oid: UInt32, name: String, from table: TableFacts) async throws -> TargetFacts {
        let row = try await connection.query(
            TargetSQL.byOID, [.text("\(oid)"), .text("\(table.oid)")]
        ).rows.first
        guard let row else {
            throw SluiceError(
                .refused,
                "the table \(name) that this run copies into is gone (a recreated one is another "
                    + "table): cancel the run, and start the job again with --fresh")
        }
        return try await facts(row, from: table)
    }

    private func facts(_ row: [String?], from table: TableFacts) async throws -> TargetFacts {
        let oid = row[0] ?? ""
        let name = QualifiedName(schema: row[1] ?? "", name: row[2] ?? "")
        if let reason = Self.reason(row, from: table) {
            throw SluiceError(.refused, "\(name.shown) \(reason)")
        }
        let columns = try await connection.query(TargetSQL.columns, [.text(oid)]).rows
        let keys = try await connection.query(TargetSQL.uniqueKeys, [.text(oid)]).rows
        return TargetFacts(
            oid: UInt32(oid) ?? 0, name: name,
            columns: columns.map {
                TargetColumn(
                    name: $0[0] ?? "", number: Int($0[1] ?? "") ?? 0, isGenerated: $0[2] == "t",
                    isIdentityAlways: $0[3] == "t", isRequired: $0[4] == "t")
            }, uniqueKeys: keys.map { TextArray.parse($0[0] ?? "{}") })
    }

    /// Why nothing can be copied into it, or `nil`.
    private static func reason(_ row: [String?], from table: TableFacts) -> String? {
        switch row[3] {
        case "r", "p": break
        case "v", "m": return "is a view: give --into the table below it"
        case "f":
            return "is a foreign table, whose server does not commit together with this one: give "
                + "--into a table of this database"
        default: return "is not a table: give --into a table of this database"
        }
        if row[4] == "t" { return "is a system table: give --into one of your own" }
        if row[7] == "t" {
            return "holds the very rows of \(table.name.shown): give --into another table"
        }
        if row[5] != "t" {
            return "may not be written to by this role: GRANT INSERT ON it"
        }
        if row[6] == "t" {
            return "has row-level security that holds for this role: use the owner, or a role "
                + "with BYPASSRLS"
        }
        return nil
    }
}
