import SluicePostgres

/// One of the tables that hold a job's rows.
struct PlannedPart: Sendable, Equatable {
    /// Its number within the run, from 1.
    let number: Int
    let oid: UInt32
    let name: QualifiedName
    /// Numbers and names of the columns that batches name, as the catalog gives them now.
    let columnMark: String
    /// Pages by the statistics, which say which tables of many are the large ones.
    let pages: Int

    /// Reads a row of the facts in ``PartSQL``.
    init(row: [String?], number: Int) {
        self.number = number
        oid = UInt32(row[0] ?? "") ?? 0
        name = QualifiedName(schema: row[1] ?? "", name: row[2] ?? "")
        columnMark = row[4] ?? ""
        pages = Int(row[7] ?? "") ?? 0
    }
}
