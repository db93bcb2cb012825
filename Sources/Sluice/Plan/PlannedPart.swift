import SluicePostgres

/// One of the tables that hold a job's rows.
struct PlannedPart: Sendable, Equatable {
    /// Its number within the run, from 1.
    let number: Int
    let oid: UInt32
    let name: QualifiedName
    /// Numbers and names of the columns that batches name, as the catalog gives them now.
    let columnMark: String
}
