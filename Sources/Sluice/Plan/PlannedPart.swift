import SluicePostgres

/// One of the tables that hold a job's rows.
struct PlannedPart: Sendable, Equatable {
    /// Its number within the run, from 1.
    let number: Int
    let oid: UInt32
    let name: QualifiedName
    /// Numbers and names of the columns that batches name, as the catalog gives them now.
    let columnMark: String
    /// The columns whose values may be stored out of line, if any are: batches are then bounded
    /// by bytes as well.
    var wideColumns: [String] = []
    /// The partial index that drives the scan: batches are then so many *matching* keys.
    var driver: DrivingIndex?

    var isWide: Bool { !wideColumns.isEmpty }
}

/// A partial index that begins with the key and holds the rows that match the job's predicate.
struct DrivingIndex: Sendable, Equatable {
    let name: String
    /// Keys in it as far as its statistics know; `nil` when they know nothing.
    let keysEstimate: Int?
}
