/// What a run will cost, as far as that can be told before it begins.
public struct Forecast: Sendable, Equatable, Codable {
    /// A figure with its upper end: `likely` is to be met within a half, `most` not to be passed.
    public struct Amount: Sendable, Equatable, Codable {
        /// What is expected.
        public let likely: Int
        /// What to be ready for: no lane finds room, pages are written whole more often.
        public let most: Int

        /// A figure that is never negative, and `most` never below `likely`.
        public init(likely: Double, most: Double) {
            self.likely = Forecast.whole(likely)
            self.most = Forecast.whole(max(likely, most))
        }
    }

    /// Rows that will be changed.
    public let rows: Int
    /// Bytes of write-ahead log.
    public let walBytes: Amount
    /// Bytes by which the table grows, or for a copy and a move the target: values out of line
    /// included.
    public let heapBytes: Amount
    /// Bytes by which its indexes grow.
    public let indexBytes: Amount
    /// Seconds at the limits of now.
    public let seconds: Amount
    /// Bytes of disk that have to be free: growth, and log that is kept meanwhile.
    public let diskBytes: Int
    /// Bytes of rows that are dead afterwards, for VACUUM to free.
    public let deadBytes: Int
    /// The share of rows that stay in their page, from 0 to 1; `nil` unless rows are updated.
    public let hotShare: Double?
    /// What bounds the rate, in words.
    public let bound: String
    /// Rows that the probe copied; `nil` where there was none.
    public let probedRows: Int?
    /// Bytes that a row grows by, as the probe measured it; `nil` without one.
    public let rowGrowthBytes: Double?
    /// Bytes of a page that hold no row, as the probe found them; `nil` without one.
    public let pageFreeBytes: Double?
    /// Why there was no probe, in words; `nil` where there was one.
    public let unprobed: String?

    /// A number of bytes, rows or seconds that is finite and not negative.
    static func whole(_ value: Double) -> Int {
        // The largest double below 2⁶³.
        guard value > 0 else { return 0 }
        return value < 9.2e18 ? Int(value.rounded()) : Int.max
    }

    enum CodingKeys: String, CodingKey {
        case rows, seconds, bound
        case walBytes = "wal_bytes"
        case heapBytes = "heap_bytes"
        case indexBytes = "index_bytes"
        case diskBytes = "disk_bytes"
        case deadBytes = "dead_bytes"
        case hotShare = "hot_share"
        case probedRows = "probed_rows"
        case rowGrowthBytes = "row_growth_bytes"
        case pageFreeBytes = "page_free_bytes"
        case unprobed
    }
}
