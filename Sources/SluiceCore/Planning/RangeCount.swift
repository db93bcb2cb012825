/// How many ranges a table is cut into.
public enum RangeCount {
    /// Ranges for each worker: whoever runs dry cuts another's range in half, so that more of them
    /// would only be more beginnings and ends; two spare the first cuts.
    public static let perWorker = 2

    /// The number of ranges for a table, from its estimated keys, the limits and the keys that a
    /// batch of it is expected to have (fewer than the limit where bytes bound it).
    ///
    /// No range is planned smaller than four batches, since claiming one costs about a batch's
    /// fixed cost; a table of a few batches is one range.
    public static func wanted(keysEstimate: Int, batchKeys: Int? = nil, limits: Limits) -> Int {
        let byWorkers = limits.workers.upperBound * perWorker
        let bySize = max(1, keysEstimate / (batchKeys ?? limits.batchKeys) / 4)
        return max(1, min(byWorkers, bySize))
    }

    /// The number of ranges for each of several tables: at least one, and as many as its share of
    /// the batches deserves.
    public static func shares(
        keysEstimates: [Int], batchKeys: [Int], limits: Limits
    ) -> [Int] {
        let batches = zip(keysEstimates, batchKeys).map { Double(max(0, $0)) / Double(max(1, $1)) }
        let total = batches.reduce(0, +)
        guard keysEstimates.count > 1, total > 0 else {
            return zip(keysEstimates, batchKeys).map {
                wanted(keysEstimate: $0, batchKeys: $1, limits: limits)
            }
        }
        let all = min(Double(limits.workers.upperBound * perWorker), max(1, total / 4))
        return batches.map { max(1, Int((all * $0 / total).rounded())) }
    }
}
