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
    /// The columns whose values may be stored out of line, if any are: batches are then bounded
    /// by bytes as well.
    var wideColumns: [String] = []
    /// The partial index that drives the scan: batches are then so many *matching* keys.
    var driver: DrivingIndex?

    var isWide: Bool { !wideColumns.isEmpty }

    /// Reads a row of the facts in ``PartSQL``.
    init(row: [String?], number: Int) {
        self.number = number
        oid = UInt32(row[0] ?? "") ?? 0
        name = QualifiedName(schema: row[1] ?? "", name: row[2] ?? "")
        columnMark = row[4] ?? ""
        pages = Int(row[7] ?? "") ?? 0
    }
}

/// A partial index that begins with the key and holds the rows that match the job's predicate.
struct DrivingIndex: Sendable, Equatable {
    let name: String
    /// Keys in it as far as its statistics know; `nil` when they know nothing.
    let keysEstimate: Int?
}
