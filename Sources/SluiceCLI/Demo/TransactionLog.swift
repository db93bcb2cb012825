/// pgbench's log of transactions (`--log`), one line each.
struct TransactionLog: Equatable {
    /// One transaction.
    struct Entry: Equatable {
        /// When it ended, in seconds since 1970.
        let endedAtSeconds: Double
        /// From when it was due until it ended: a late start counts, as a user would count it.
        let latencyMilliseconds: Double
    }

    let entries: [Entry]

    /// Reads lines `client number latency_us script epoch_s epoch_us …`; a line that was cut when
    /// pgbench ended is left out, as are skipped transactions.
    init(text: String) {
        entries = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count >= 6, let latency = Double(fields[2]),
                let seconds = Double(fields[4]), let fraction = Double(fields[5]),
                seconds > 1_000_000_000
            else { return nil }
            return Entry(
                endedAtSeconds: seconds + fraction / 1_000_000,
                latencyMilliseconds: latency / 1_000)
        }
    }

    /// Mean, 95th percentile and rate of what ended in a span of time; `nil` when nothing did.
    func figures(from start: Double, to end: Double) -> LatencyFigures? {
        let latencies =
            entries
            .filter { $0.endedAtSeconds >= start && $0.endedAtSeconds < end }
            .map(\.latencyMilliseconds).sorted()
        guard !latencies.isEmpty, end > start else { return nil }
        let rank = Int((Double(latencies.count) * 0.95).rounded(.up)) - 1
        return LatencyFigures(
            meanMilliseconds: latencies.reduce(0, +) / Double(latencies.count),
            p95Milliseconds: latencies[max(0, rank)],
            transactionsPerSecond: Double(latencies.count) / (end - start))
    }
}

/// How a load fared.
struct LatencyFigures: Equatable {
    let meanMilliseconds: Double
    let p95Milliseconds: Double
    let transactionsPerSecond: Double
}
