/// How many ranges a table is cut into.
public enum RangeCount {
    /// Ranges for each worker: whoever runs dry cuts another's range in half, so that more of them
    /// would only be more beginnings and ends; two spare the first cuts.
    public static let perWorker = 2

    /// The number of ranges for a table, from its estimated keys and the limits.
    ///
    /// No range is planned smaller than four batches, since claiming one costs about a batch's
    /// fixed cost; a table of a few batches is one range.
    public static func wanted(keysEstimate: Int, limits: Limits) -> Int {
        let byWorkers = limits.workers.upperBound * perWorker
        let bySize = max(1, keysEstimate / (limits.batchKeys * 4))
        return max(1, min(byWorkers, bySize))
    }

    /// The number of ranges for each of several tables: at least one, and as many as its share of
    /// the keys deserves.
    public static func shares(keysEstimates: [Int], limits: Limits) -> [Int] {
        let total = keysEstimates.reduce(0) { $0 + max(0, $1) }
        let all = wanted(keysEstimate: total, limits: limits)
        return keysEstimates.map { estimate in
            guard keysEstimates.count > 1, total > 0 else { return all }
            let share = Double(all) * Double(max(0, estimate)) / Double(total)
            return max(1, Int(share.rounded()))
        }
    }
}
