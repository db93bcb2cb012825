import SluicePostgres

/// Reads what the statements for a role depend on.
struct GrantReader: Sendable {
    let connection: PostgresConnection

    /// The script for a table, as SQL spells it, and a role, exactly as it is named.
    func script(table: String?, role: String?) async throws -> GrantScript {
        let row = try await connection.query(
            GrantSQL.facts, [role.map { .text($0) } ?? .null]
        ).rows[0]
        return GrantScript(
            database: Identifier(row[0] ?? ""), role: Identifier(row[1] ?? ""),
            roleExists: row[2] == "t",
            ledger: row[4] == "t" ? .present : row[3] == "t" ? .schemaOnly : .absent,
            archives: row[5] == "t", tables: try await tables(table))
    }

    private func tables(_ spelled: String?) async throws -> [QualifiedName] {
        guard let spelled else { return [] }
        guard let parts = SQLName.parts(spelled), let name = parts.last, parts.count <= 2 else {
            throw SluiceError(
                .refused,
                "\(spelled) is not a table name: write table, schema.table, or quote it like "
                    + "'\"Odd Name\"'")
        }
        let schema: Parameter = parts.count == 2 ? .text(parts[0]) : .null
        let found = try await connection.query(GrantSQL.tables, [.text(name), schema]).rows
        guard let row = found.first else {
            throw SluiceError(
                .refused,
                "there is no table \(spelled) in this database: check the name, the schema and "
                    + "the database")
        }
        guard found.count == 1 || row[3] == "t" else {
            throw SluiceError(
                .refused, "there are \(found.count) tables \(spelled): give the schema as well")
        }
        let table = QualifiedName(schema: row[1], name: row[2] ?? "")
        let partitions = try await connection.query(
            GrantSQL.partitions, [.text(row[0] ?? "")]
        ).rows
        return [table] + partitions.map { QualifiedName(schema: $0[0], name: $0[1] ?? "") }
    }
}
