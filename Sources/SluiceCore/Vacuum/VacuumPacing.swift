/// Decides when a run vacuums a table that it changes: when what it left there is worth it, and can
/// be removed.
public struct VacuumPacing: Sendable, Equatable {
    /// What is known of a table that the run works on.
    public struct Table: Sendable, Equatable {
        /// The part's number.
        public var part: Int
        /// Rows in it, by its statistics.
        public var rows: Double
        /// Its pages.
        public var pages: Double
        /// Rows that the run has left dead in it since it began, those that were replaced within
        /// their page left out: they make room for others by themselves.
        public var deadRows: Double
        /// Whether somebody vacuums it already, or holds another lock that would be in the way.
        public var isTaken: Bool
        /// When anybody last vacuumed it, in seconds of the server's clock; 0 for never.
        public var vacuumedAtSeconds: Double
        /// The lanes that it is filled in, or `nil`.
        public var lanes: VacuumSetting.Lanes?

        /// What is known of a table.
        public init(
            part: Int, rows: Double, pages: Double, deadRows: Double, isTaken: Bool,
            vacuumedAtSeconds: Double, lanes: VacuumSetting.Lanes? = nil
        ) {
            self.part = part
            self.rows = rows
            self.pages = pages
            self.deadRows = deadRows
            self.isTaken = isTaken
            self.vacuumedAtSeconds = vacuumedAtSeconds
            self.lanes = lanes
        }
    }

    /// Seconds to the next try of a table after one that came to nothing.
    public static let retrySeconds = 60.0

    private struct Past: Sendable, Equatable {
        /// Dead rows at the last vacuum's start.
        var deadRows: Double
        /// When that was, by the server; `nil` until it says so.
        var vacuumedAtSeconds: Double?
        /// The transaction that came next when half of what is worth a vacuum had been left.
        var half: UInt64?
        var notBeforeSeconds = -Double.infinity
        /// Dead rows at the start of a vacuum that has not ended.
        var begun: Double?

        /// Takes in that somebody else vacuumed: another process of the run, autovacuum, a person.
        mutating func see(_ table: Table) {
            if let known = vacuumedAtSeconds, table.vacuumedAtSeconds > known, begun == nil {
                deadRows = table.deadRows
                half = nil
            }
            vacuumedAtSeconds = table.vacuumedAtSeconds
        }
    }

    private var past: [Int: Past] = [:]
    private var isFirstLook = true

    /// Nothing vacuumed yet.
    public init() {}

    /// The part that is to be vacuumed now, or `nil`; the one with most to free first.
    ///
    /// `horizon` is the oldest transaction whose past somebody may need, `next` the one that comes
    /// next: what was left after `horizon` stays, and a vacuum that frees less than half of it is
    /// put off. With `isGentle` an application has a latency to keep.
    public mutating func due(
        _ tables: [Table], _ setting: VacuumSetting, isGentle: Bool = false, horizon: UInt64,
        next: UInt64, isHeld: Bool, nowSeconds: Double
    ) -> Int? {
        defer { isFirstLook = false }
        var best: (part: Int, deadRows: Double)?
        for table in tables {
            // What a run that is carried on has left before is somebody else's: it may be gone.
            var known = past[table.part] ?? Past(deadRows: isFirstLook ? table.deadRows : 0)
            defer { past[table.part] = known }
            known.see(table)
            let left = table.deadRows - known.deadRows
            let worth = setting.deadRowsWorth(
                rows: table.rows, pages: table.pages, lanes: table.lanes, isGentle: isGentle)
            guard let worth else { continue }
            if left < worth / 2 { known.half = nil } else { known.half = known.half ?? next }
            guard left >= worth, let half = known.half, horizon >= half, !table.isTaken,
                !isHeld, known.begun == nil, nowSeconds >= known.notBeforeSeconds,
                left > best?.deadRows ?? 0
            else { continue }
            best = (table.part, left)
        }
        guard let best else { return nil }
        past[best.part]?.begun = tables.first { $0.part == best.part }?.deadRows
        return best.part
    }

    /// The vacuum of a part has ended, well or not.
    public mutating func ended(part: Int, isDone: Bool, nowSeconds: Double) {
        guard var known = past[part], let begun = known.begun else { return }
        known.begun = nil
        if isDone {
            known.deadRows = begun
            known.half = nil
            known.vacuumedAtSeconds = nil
        } else {
            known.notBeforeSeconds = nowSeconds + Self.retrySeconds
        }
        past[part] = known
    }
}
