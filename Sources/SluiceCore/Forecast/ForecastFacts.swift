/// What a forecast is reckoned from: statistics, sizes, settings, and what a probe measured.
public struct ForecastFacts: Sendable, Equatable {
    /// The kind of change.
    public var kind = JobKind.update
    /// Rows of all tables of the job.
    public var rows = 0.0
    /// Share of them that match the predicate, from 0 to 1.
    public var share = 1.0
    /// Bytes of the heap of all tables of the job.
    public var heapBytes = 0.0
    /// What a row takes in its page now, in bytes: header and alignment, without its pointer.
    public var rowBytes = 0.0
    /// The same of what is written: the row's new version, or the row in the target.
    public var newRowBytes = 0.0
    /// Bytes that a change writes out of line, for each row.
    public var outOfLineBytes = 0.0
    /// Bytes of a page that hold no row, on average.
    public var freePageBytes = 0.0
    /// Whether batches, which go in key order, meet each page of the heap once.
    public var isOrdered = true
    /// The indexes that are written: the table's, or for a copy and a move the target's.
    public var indexes: [IndexFacts] = []
    /// In how many lanes rows are changed; `nil` for plain batches.
    public var lanes: Int?
    /// Share of the rows that leaves its page in lanes, with what rows grow by; `nil` where lanes
    /// are of equal width.
    public var leavingShare: Double?
    /// Whether batches name runs of keys.
    public var namesRuns = false
    /// What the server is set to.
    public var server = ServerFacts()
    /// Microseconds that the probe took to change a row of its copy; `nil` without one.
    public var probeMicroseconds: Double?
    /// Most workers of the run.
    public var workers = 1
    /// Most rows changed in a second, as the user limits it.
    public var maxRowsPerSecond: Double?
    /// Most bytes of log in a second, as the user limits it.
    public var maxWalBytesPerSecond: Double?
    /// The share of the day in which batches may start.
    public var openShare = 1.0
    /// What the figures stand on.
    public var basis = ForecastBasis.statistics("nothing was measured")

    /// Facts of an empty table.
    public init() {}
}

extension ForecastFacts {
    /// An index, over all tables of the job.
    public struct IndexFacts: Sendable, Equatable {
        /// Its bytes now.
        public var bytes: Double
        /// What an entry takes in a page, in bytes, header and alignment included.
        public var entryBytes: Double
        /// Whether a column that is assigned stands in it.
        public var isTouched = false
        /// Whether batches meet its entries in its own order.
        public var isOrdered = true

        /// An index that no assignment touches.
        public init(bytes: Double, entryBytes: Double) {
            self.bytes = bytes
            self.entryBytes = entryBytes
        }
    }
}

/// What a forecast stands on.
public enum ForecastBasis: Sendable, Equatable {
    /// Statistics, and a probe of so many rows.
    case probe(rows: Int)
    /// Statistics alone, and why, in words.
    case statistics(String)
}
