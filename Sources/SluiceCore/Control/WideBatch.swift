/// How many keys to ask for where a batch is bounded by bytes.
///
/// Finding such a batch's end reads every row that it asks for, though perhaps only three fit: to
/// ask for 5,000 each time would read the table a thousand times over. So it asks for about twice
/// as many as fitted, which doubles from batch to batch where rows are small. The first batch of
/// a worker asks for all, once.
public struct WideBatch: Sendable, Equatable {
    /// Asked for at the least: with one key alone the number could not grow again.
    static let keysMin = 2

    private var fitted: Int?

    /// Knows nothing yet.
    public init() {}

    /// Keys to ask for, `limit` at the most.
    public func keys(limit: Int) -> Int {
        guard let fitted, fitted < limit / 2 else { return limit }
        return min(limit, max(Self.keysMin, fitted * 2))
    }

    /// Takes in what a batch found; one that a range's end cut short says nothing about the next.
    public mutating func observe(_ counts: BatchCounts) {
        guard counts.bytes != nil else {
            fitted = nil
            return
        }
        if !counts.finishedRange { fitted = counts.keysScanned }
    }
}
