/// pgbench's log of transactions (`--log`), one line each.
public struct TransactionLog: Sendable, Equatable {
    /// One transaction.
    public struct Entry: Sendable, Equatable {
        /// When it ended, in seconds since 1970.
        public let endedAtSeconds: Double
        /// From when it was due until it ended: a late start counts, as a user would count it.
        public let latencyMilliseconds: Double
        /// Which of pgbench's scripts it was, from 0 on.
        public let script: Int
        /// When it was due, in seconds since 1970.
        public var dueAtSeconds: Double { endedAtSeconds - latencyMilliseconds / 1_000 }
    }

    /// The transactions, as they were logged.
    public let entries: [Entry]

    /// Reads lines `client number latency_us script epoch_s epoch_us …`; a line that was cut when
    /// pgbench ended is left out, as are skipped transactions.
    public init(text: String) {
        entries = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count >= 6, let latency = Double(fields[2]),
                let script = Int(fields[3]), let seconds = Double(fields[4]),
                let fraction = Double(fields[5]), seconds > 1_000_000_000
            else { return nil }
            return Entry(
                endedAtSeconds: seconds + fraction / 1_000_000,
                latencyMilliseconds: latency / 1_000, script: script)
        }
    }

    /// Mean, percentiles and rate of what was due in a span of time; `nil` when nothing was.
    ///
    /// By when it was due: what waited for others until the end of the span waited because of them.
    public func figures(from start: Double, to end: Double) -> LatencyFigures? {
        let latencies =
            entries
            .filter { $0.dueAtSeconds >= start && $0.dueAtSeconds < end }
            .map(\.latencyMilliseconds).sorted()
        guard !latencies.isEmpty, end > start else { return nil }
        return LatencyFigures(
            meanMilliseconds: latencies.reduce(0, +) / Double(latencies.count),
            p95Milliseconds: Percentile.of(latencies, 0.95),
            p99Milliseconds: Percentile.of(latencies, 0.99),
            transactionsPerSecond: Double(latencies.count) / (end - start))
    }
}

/// How a load fared.
public struct LatencyFigures: Sendable, Equatable {
    /// The mean, in milliseconds.
    public let meanMilliseconds: Double
    /// Of twenty transactions one took longer, in milliseconds.
    public let p95Milliseconds: Double
    /// Of a hundred transactions one took longer, in milliseconds.
    public let p99Milliseconds: Double
    /// How many transactions were due in a second.
    public let transactionsPerSecond: Double
}
