/// pt-online-schema-change's `WeightedAvgRate`: rows in half a second by sums that fade by 0.75.
struct WeightedRateSizer {
    private static let fading = 0.75
    private static let targetSeconds = 0.5
    private var seconds = 0.0
    private var rows = 0.0

    mutating func keys(after batch: FinishedBatch) -> Int {
        rows = rows * Self.fading + batch.rows
        seconds = seconds * Self.fading + batch.latencySeconds
        return max(1, Int(rows / seconds * Self.targetSeconds))
    }
}

/// Spirit's chunk sizer: 90th percentile of 11 samples, growth to 1.5 times, panic at 5 times.
struct PercentileSizer {
    private static let targetSeconds = 0.5
    private var keys = 1000.0
    private var latencies: [Double] = []

    mutating func keys(after batch: FinishedBatch) -> Int {
        if batch.latencySeconds > 5 * Self.targetSeconds {
            set(keys / 10)
        } else {
            latencies.append(batch.latencySeconds)
            if latencies.count > 10 {
                latencies.sort()
                set(keys * Self.targetSeconds / latencies[Int(Double(latencies.count) * 0.9)])
            }
        }
        return Int(keys)
    }

    private mutating func set(_ wanted: Double) {
        keys = max(10, min(100_000, wanted, keys * 1.5)).rounded(.down)
        latencies.removeAll()
    }
}
