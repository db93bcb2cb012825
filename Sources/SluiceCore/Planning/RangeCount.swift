/// How many ranges a table is cut into.
public enum RangeCount {
    /// Ranges for each worker: with 16, the last worker to finish has at most about 1/16 of one
    /// worker's share left when the others run dry.
    public static let perWorker = 16
    /// Most ranges: each is a ledger row, and status reads them all.
    public static let most = 1_024

    /// The number of ranges for a table, from its estimated keys and the limits.
    ///
    /// No range is planned smaller than four batches, since claiming one costs about a batch's
    /// fixed cost; a table of a few batches is one range.
    public static func wanted(keysEstimate: Int, limits: Limits) -> Int {
        let byWorkers = limits.workers.upperBound * perWorker
        let bySize = max(1, keysEstimate / (limits.batchKeys * 4))
        return max(1, min(byWorkers, bySize, most))
    }
}
