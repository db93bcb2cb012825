/// How many keys to ask for where a batch is bounded by bytes.
///
/// Finding such a batch's end reads every row that it asks for, though perhaps only three fit: to
/// ask for 5,000 each time would read the table a thousand times over. So it asks for about twice
/// as many as fitted, which doubles from batch to batch where rows are small. The first batch of
/// a worker asks for all, once.
///
/// And it may weigh a few times what its rows weighed lately, and no more: where rows turn heavy
/// the first batch that meets them ends early, instead of taking its usual number of them.
public struct WideBatch: Sendable, Equatable {
    /// Asked for at the least: with one key alone the number could not grow again.
    static let keysMin = 2
    /// A batch weighs at most so many times what as many rows weighed lately (no unit): rows of one
    /// kind differ by less in their mean, and ones fifty times as dear weigh far more.
    static let heavierMost = 4.0
    /// Weight of a batch in what a row weighs where it is less than that (no unit): five batches.
    ///
    /// Where it is more it counts in full, or the next batch would end early as well.
    static let lighterWeight = 0.2

    private var fitted: Int?
    private var rowBytes: Double?

    /// Knows nothing yet.
    public init() {}

    /// Keys to ask for, `limit` at the most.
    public func keys(limit: Int) -> Int {
        guard let fitted, fitted < limit / 2 else { return limit }
        return min(limit, max(Self.keysMin, fitted * 2))
    }

    /// Bytes of a batch of so many keys at the most; `nil` where nothing is known of its rows.
    public func bytes(keys: Int) -> Int? {
        rowBytes.map { bytes in
            max(Limits.batchBytesMin, Int(Double(keys) * bytes * Self.heavierMost))
        }
    }

    /// Takes in what a batch found; one that a range's end cut short says nothing about the next.
    public mutating func observe(_ counts: BatchCounts) {
        guard let bytes = counts.bytes else {
            fitted = nil
            rowBytes = nil
            return
        }
        if counts.keysScanned > 0 {
            let seen = Double(bytes) / Double(counts.keysScanned)
            let known = rowBytes ?? seen
            rowBytes = seen > known ? seen : known + Self.lighterWeight * (seen - known)
        }
        if !counts.finishedRange { fitted = counts.keysScanned }
    }
}
