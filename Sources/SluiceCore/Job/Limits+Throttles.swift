extension Limits {
    /// Whether anything outside of the database's replicas may keep batches from starting.
    public var hasThrottle: Bool {
        window != nil || throttleQuery != nil || throttleFile != nil || throttleURL != nil
    }

    /// What the application's statements may take, in seconds; `nil` where that is not limited,
    /// or a multiple of what was not measured yet.
    public var foregroundBudgetSeconds: Double? {
        foregroundBudget?.seconds(aloneSeconds: foregroundAloneSeconds)
    }

    /// What a batch's commit waits for, as `synchronous_commit` has it.
    ///
    /// Nothing, as a rule: a crash takes its rows and the cursor together. Where an application has
    /// a latency to keep, its own disk: otherwise the log stays behind for the application's next
    /// commit to write, which then waits for all of it (at 43,000 rows a second its 95th
    /// percentile was 1.4 to 1.9 ms so, and 0.8 to 0.9, as without a run, where batches waited).
    public var batchCommit: String {
        if synchronousCommit { return "on" }
        return foregroundBudget == nil ? "off" : "local"
    }

    /// How long a batch may last that sizes itself, in seconds; `nil` where nothing bounds it but
    /// what pays.
    ///
    /// With a budget for the application it is short (``LatencyBudget/batchSecondsMax(_:)``).
    var batchSecondsBound: Double? {
        guard foregroundBudget != nil else { return batchSecondsMax }
        let most = LatencyBudget.batchSecondsMax(foregroundBudgetSeconds)
        return min(batchSecondsMax ?? most, most)
    }

    /// Whether batches wait until it was measured what the application's statements take alone.
    public var measuresForeground: Bool {
        foregroundBudget != nil && foregroundBudgetSeconds == nil
    }

    /// Seconds of work in which what statements take alone is still looked for; `nil` where the
    /// budget is no multiple of it, or no probe tells it from what a server's statistics say.
    var foregroundLookSeconds: Double? {
        guard case .multiple = foregroundBudget, foregroundProbe != nil else { return nil }
        return ForegroundLeast.lookSeconds
    }

    /// What is wrong with the limits that are off by default.
    var throttleProblem: String? {
        if let rate = maxRowsPerSecond, !(rate >= 1 && rate <= Self.rowsPerSecondMost) {
            return "max-rate must be between 1 row/s and 1,000 million: try --max-rate 20000, or "
                + "--max-rate off"
        }
        if let rate = maxWalBytesPerSecond, !(rate >= Self.walBytesPerSecondLeast) {
            return "max-wal must be at least 64kB/s: try --max-wal 40MB/s, or --max-wal off"
        }
        if let bytes = maxPgWalBytes, bytes < Self.pgWalBytesLeast {
            return "max-pg-wal must be at least 64MB: try --max-pg-wal 20GB, or --max-pg-wal off"
        }
        if let seconds = batchSecondsMax, !(seconds >= Self.batchSecondsLeast) {
            return "batch-time must be at least 20ms: try --batch-time 100ms, or --batch-time off"
        }
        if let foregroundBudget, !foregroundBudget.isSound {
            return "foreground-budget must be above zero and below 5s, or above 1x and at most "
                + "100x: try --foreground-budget 10ms or 1.5x, or --foreground-budget off"
        }
        if let window, !window.isSound {
            return "window must be spans of a day with a zone: try --window 22:00-06:00, or "
                + "--window off"
        }
        let texts = [
            ("foreground-probe", foregroundProbe), ("throttle-query", throttleQuery),
            ("throttle-file", throttleFile), ("throttle-url", throttleURL),
        ]
        for (name, text) in texts where text?.allSatisfy(\.isWhitespace) == true {
            return "\(name) is empty: give it a value, or --\(name) off"
        }
        return nil
    }

    /// Highest rate taken: a thousand times what one server changes; past it a number is a slip.
    public static let rowsPerSecondMost = 1e9
    /// Lowest WAL rate taken, in bytes: one batch of eight pages in a second.
    public static let walBytesPerSecondLeast = 65_536.0
    /// Smallest `pg_wal` taken, in bytes: four segments, and a server has that many when idle.
    public static let pgWalBytesLeast = 64 << 20
    /// Shortest time of a batch taken, in seconds: only beside an application is less aimed at.
    public static let batchSecondsLeast = BatchSizer.targetSecondsMin
    /// Budgets stay below the time after which a probe is given up, or they could not be exceeded.
    public static let foregroundBudgetSecondsMost = 5.0
}
