import SluiceCore
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
    /// What a row of a wide table weighs by its statistics; `nil` when they know nothing.
    var bytesPerRow: Double?
    /// The partial index that drives the scan: batches are then so many *matching* keys.
    var driver: DrivingIndex?

    /// Whether its rows are visited in the order of its pages.
    var isPhysical = false

    /// What decides whether it is filled in lanes; `nil` where that was not asked.
    var laneFacts: LaneFacts?

    var isWide: Bool { !wideColumns.isEmpty }

    /// Rows that a page is expected to have.
    var rowsPerPage: Double {
        max(1, laneFacts?.rowsPerPage ?? LaneChoice.rowsPerPageUnknown)
    }

    /// The lanes that it has where it is filled in any.
    var lanesIfAny: VacuumSetting.Lanes { isPhysical ? .ofPages : .ofKeys }

    /// What a row of a wide table is taken to weigh before anything is known of it, in bytes: more
    /// than a page, since the table has values that did not fit into one.
    private static let bytesPerRowUnknown = 65_536.0

    /// Keys that one batch is expected to have: fewer than asked for where bytes bound it.
    func expectedBatchKeys(_ limits: Limits) -> Int {
        guard isWide else { return limits.batchKeys }
        let fitting = Double(limits.batchBytes) / max(1, bytesPerRow ?? Self.bytesPerRowUnknown)
        return max(1, Int(min(Double(limits.batchKeys), fitting)))
    }

    /// Reads a row of the facts in ``PartSQL``.
    init(row: [String?], number: Int) {
        self.number = number
        oid = UInt32(row[0] ?? "") ?? 0
        name = QualifiedName(schema: row[1] ?? "", name: row[2] ?? "")
        columnMark = row[4] ?? ""
        pages = Int(row[7] ?? "") ?? 0
        isPhysical = row.count > 11 && row[11] == "t"
    }
}

/// A partial index that begins with the key and holds the rows that match the job's predicate.
struct DrivingIndex: Sendable, Equatable {
    let name: String
    /// Keys in it by its statistics, or as many as its pages can hold where those know of none.
    let keysEstimateMost: Int
}
