import SluiceCore
import SluicePostgres

/// Finds the tables that hold a job's rows, and refuses those that cannot be backfilled exactly.
struct PartReader: Sendable {
    let connection: PostgresConnection

    /// The tables of a job that has not begun.
    func parts(
        of table: TableFacts, identity: JobIdentity
    ) async throws -> [PlannedPart] {
        let parts = try await leaves(
            of: table, columns: identity.batchColumns,
            withChildren: identity.detail.includesChildren == true)
        if table.isPartitioned { try await refuseMoves(table, identity) }
        return parts
    }

    /// The tables that hold the rows of a table, each fit for a backfill.
    func leaves(
        of table: TableFacts, columns: [String] = [], withChildren: Bool = false
    ) async throws -> [PlannedPart] {
        let rows = try await connection.query(
            PartSQL.leaves,
            [
                .text("\(table.oid)"), .text(TextArray.literal(columns)),
                .text(table.isPartitioned || withChildren ? "true" : "false"),
            ]
        ).rows
        for row in rows { try refuseUnsuitable(row, below: table) }
        return rows.enumerated().map { PlannedPart(row: $1, number: $0 + 1) }
    }

    /// The tables that a run was begun with; the second list are numbers of those that are gone.
    func parts(of run: RunRecord) async throws -> (present: [PlannedPart], gone: [Int]) {
        let rows = try await connection.query(
            PartSQL.recorded,
            [.text("\(run.id)"), .text(TextArray.literal(run.identity.batchColumns))]
        ).rows
        var present: [PlannedPart] = []
        var gone: [Int] = []
        for row in rows {
            let number = Int(row[8] ?? "") ?? 0
            if row[0] != nil {
                present.append(PlannedPart(row: row, number: number))
            } else {
                gone.append(number)
            }
        }
        return (present, gone)
    }

    private func refuseUnsuitable(
        _ row: [String?], below table: TableFacts
    ) throws(SluiceError) {
        let name = QualifiedName(schema: row[1] ?? "", name: row[2] ?? "").shown
        guard UInt32(row[0] ?? "") != table.oid else { return }
        if row[3] == "f" {
            throw SluiceError(
                .refused,
                "\(name), a part of \(table.name.shown), is a foreign table: run Sluice on the "
                    + "server that holds its rows, and here give each other partition a job")
        }
        if row[5] == "t" {
            throw SluiceError(
                .refused,
                "row-level security hides rows of \(name), a part of \(table.name.shown), from "
                    + "this role: use the owner, or a role with BYPASSRLS")
        }
        if row[6] != "t" {
            throw SluiceError(
                .refused,
                "this role may not read \(name), a part of \(table.name.shown), itself: "
                    + "GRANT SELECT, UPDATE ON \(name)")
        }
    }

    /// A row whose partition changes would be visited twice or never.
    private func refuseMoves(_ table: TableFacts, _ identity: JobIdentity) async throws {
        guard identity.kind == .update else { return }
        let columns = try await connection.query(
            PartSQL.partitionKey, [.text("\(table.oid)")]
        ).rows.compactMap { $0[0] }
        for assignment in identity.assignments where columns.contains(assignment.column) {
            throw SluiceError(
                .refused,
                "column \(Identifier(assignment.column).shown) decides in which partition of "
                    + "\(table.name.shown) a row lies: a row that moves could be visited twice or "
                    + "never; fill a column of another name")
        }
    }
}

extension JobIdentity {
    /// Columns that batches name.
    var batchColumns: [String] {
        kind == .update ? Array(Set(key + assignments.map(\.column))).sorted() : key
    }
}
