/// Outcomes of the same scenario with several seeds, put together.
package struct Summary: Sendable {
    package let efficiency: Double
    package let lagSecondsMax: Double
    package let aboveSeconds: Double
    package let violationSeconds: Double
    package let batchSecondsP99: Double
    package let variation: Double?
    package let secondsTo80: Double?
    package let secondsTo90: Double?

    /// Means, but for the largest lag, which is the largest.
    package init(_ outcomes: [Outcome]) {
        func mean(_ value: (Outcome) -> Double) -> Double {
            outcomes.map(value).reduce(0, +) / Double(max(1, outcomes.count))
        }
        func meanOfAll(_ value: (Outcome) -> Double?) -> Double? {
            let values = outcomes.compactMap(value)
            guard values.count == outcomes.count, !values.isEmpty else { return nil }
            return values.reduce(0, +) / Double(values.count)
        }
        efficiency = mean(\.efficiency)
        lagSecondsMax = outcomes.map(\.lagSecondsMax).max() ?? 0
        aboveSeconds = mean(\.aboveSeconds)
        violationSeconds = mean(\.violationSeconds)
        batchSecondsP99 = mean(\.batchSecondsP99)
        variation = meanOfAll(\.variation)
        secondsTo80 = meanOfAll(\.secondsTo80)
        secondsTo90 = meanOfAll(\.secondsTo90)
    }
}

/// Outcomes of many random plants.
package struct PlantSet: Sendable {
    package let efficiencyMedian: Double
    /// The efficiency that nine of ten plants reach.
    package let efficiencyP10: Double
    package let efficiencyMin: Double
    /// Plants with lag above the limit at any time.
    package let plantsAbove: Int
    package let lagSecondsMax: Double
    package let violationSeconds: Double
    package let batchSecondsP99Median: Double
    package let count: Int

    package init(_ outcomes: [Outcome]) {
        let efficiencies = outcomes.map(\.efficiency).sorted()
        let durations = outcomes.map(\.batchSecondsP99).sorted()
        count = outcomes.count
        efficiencyMedian = Self.median(efficiencies)
        efficiencyP10 = efficiencies.isEmpty ? .nan : efficiencies[efficiencies.count / 10]
        efficiencyMin = efficiencies.first ?? .nan
        plantsAbove = outcomes.count { $0.aboveSeconds > 0 }
        lagSecondsMax = outcomes.map(\.lagSecondsMax).max() ?? 0
        violationSeconds = outcomes.map(\.violationSeconds).reduce(0, +)
        batchSecondsP99Median = Self.median(durations)
    }

    private static func median(_ sorted: [Double]) -> Double {
        guard !sorted.isEmpty else { return .nan }
        let middle = sorted.count / 2
        guard sorted.count.isMultiple(of: 2) else { return sorted[middle] }
        return (sorted[middle - 1] + sorted[middle]) / 2
    }
}
