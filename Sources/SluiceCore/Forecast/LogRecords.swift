/// How many bytes of log a change of a row writes, by the server's own layout of records.
///
/// From PostgreSQL's `xlogrecord.h`, `heapam_xlog.h` and `nbtxlog.h`; the same in 14 to 18.
struct LogRecords {
    /// Whether the log serves logical decoding: a row's new version is then written whole.
    let isLogical: Bool

    /// A record's header (24), its first block (flags 4, file 12, number 4), the head of its data
    /// (2).
    private static let record = 24.0 + 20 + 2
    /// A further block of the same file: flags and number.
    private static let block = 8.0
    /// What of a row is no data in a record: its header, of which five bytes are written.
    private static let rowHeader = 23.0
    private static let writtenRowHeader = 5.0
    /// What tells which parts of a row the old and the new version share.
    private static let commonEnds = 4.0

    /// A row that leaves its page: the lock taken first, and the new version whole.
    func move(rowBytes: Double) -> Double {
        let lock = Self.aligned(Self.record + 8)
        let row = max(0, rowBytes - Self.rowHeader) + Self.writtenRowHeader
        return lock + Self.aligned(Self.record + Self.block + 14 + row)
    }

    /// A row updated within its page: what differs between the versions.
    func update(rowBytes: Double, changedBytes: Double) -> Double {
        let data = max(0, rowBytes - Self.rowHeader)
        let written = isLogical ? data : min(data, changedBytes)
        return Self.aligned(
            Self.record + 14 + Self.commonEnds + Self.writtenRowHeader + written)
    }

    /// A new row.
    func insert(rowBytes: Double) -> Double {
        Self.aligned(
            Self.record + 3 + Self.writtenRowHeader + max(0, rowBytes - Self.rowHeader))
    }

    /// A deleted row; with logical decoding also its key, here one of 16 bytes.
    var delete: Double {
        Self.aligned(Self.record + 8 + (isLogical ? Self.writtenRowHeader + 16 : 0))
    }

    /// An entry of an index.
    func entry(bytes: Double) -> Double { Self.aligned(Self.record + 2 + bytes) }

    /// Pruning a page, with two numbers of two bytes for each row that is freed.
    func prune(rows: Double) -> Double { Self.aligned(Self.record + 8) + 4 * rows }

    /// Records begin at multiples of eight bytes.
    private static func aligned(_ bytes: Double) -> Double { (bytes / 8).rounded(.up) * 8 }
}
