/// What a run in the plant came to.
package struct Outcome: Sendable {
    /// Rows changed, as a share of what the oracle would have changed.
    package var efficiency = 0.0
    /// Largest lag, seconds above the limit, and mean lag.
    package var lagSecondsMax = 0.0
    package var aboveSeconds = 0.0
    package var lagSecondsMean = 0.0
    /// Seconds for which the application's latency (mean of 2 s) was over 1.15 of its budget.
    package var violationSeconds = 0.0
    /// Spread of the rate from 100 to 200 s, as a share of its mean; `nil` without a rate.
    package var variation: Double?
    /// 99th percentile of the batches' durations; not a number without batches.
    package var batchSecondsP99 = Double.nan
    /// Rows changed and rolled back, as a share of those changed.
    package var wastedShare = 0.0
    /// Seconds until the rate reached 80 and 90 % of the oracle's for 15 s.
    package var secondsTo80: Double?
    package var secondsTo90: Double?
}

/// Adds a run's numbers up.
struct OutcomeMeter {
    /// Length of the pieces that the rate is looked at in, in seconds.
    private static let pieceSeconds = 5.0
    /// An application's latency over so many times its budget counts as a violation.
    private static let violationFactor = 1.15

    private(set) var rows = 0.0
    private var oracleRows = 0.0
    private var pieceRows = 0.0
    private var pieceOracle = 0.0
    private var rates: [Double] = []
    private var oracleRates: [Double] = []
    private var latencies: [Double] = []
    private var wasted = 0.0
    private var lagIntegral = 0.0
    private var latency: Double
    private var nextPiece = pieceSeconds
    private var outcome = Outcome()

    init(_ scenario: Scenario) {
        latency = scenario.foregroundSeconds
    }

    mutating func finished(rows count: Double, latencySeconds: Double, doneShare: Double) {
        latencies.append(latencySeconds)
        if doneShare >= 1 {
            rows += count
            pieceRows += count
        } else {
            wasted += doneShare * count
        }
    }

    mutating func step(
        seconds: Double, lagSeconds: Double, foregroundSeconds: Double, oracle: Double,
        stepSeconds: Double
    ) {
        outcome.lagSecondsMax = max(outcome.lagSecondsMax, lagSeconds)
        if lagSeconds > Duty.lagSecondsMax { outcome.aboveSeconds += stepSeconds }
        lagIntegral += lagSeconds * stepSeconds
        latency += (foregroundSeconds - latency) * (stepSeconds / 2)
        if latency > Duty.foregroundSecondsMax * Self.violationFactor {
            outcome.violationSeconds += stepSeconds
        }
        oracleRows += oracle * stepSeconds
        pieceOracle += oracle * stepSeconds
        guard seconds + stepSeconds / 2 >= nextPiece else { return }
        rates.append(pieceRows / Self.pieceSeconds)
        oracleRates.append(pieceOracle / Self.pieceSeconds)
        pieceRows = 0
        pieceOracle = 0
        nextPiece += Self.pieceSeconds
    }

    mutating func outcome(seconds: Double) -> Outcome {
        outcome.efficiency = oracleRows > 0 ? rows / oracleRows : .nan
        outcome.lagSecondsMean = lagIntegral / seconds
        outcome.wastedShare = wasted / max(1, rows)
        outcome.secondsTo80 = secondsTo(0.8)
        outcome.secondsTo90 = secondsTo(0.9)
        outcome.variation = variation()
        latencies.sort()
        if !latencies.isEmpty {
            outcome.batchSecondsP99 = latencies[Int(Double(latencies.count) * 0.99)]
        }
        return outcome
    }

    private func secondsTo(_ share: Double) -> Double? {
        guard rates.count > 2 else { return nil }
        for index in 0..<(rates.count - 2) {
            let reached = rates[index] + rates[index + 1] + rates[index + 2]
            let best = oracleRates[index] + oracleRates[index + 1] + oracleRates[index + 2]
            if best > 0, reached / best >= share { return Double(index + 1) * Self.pieceSeconds }
        }
        return nil
    }

    private func variation() -> Double? {
        var values: [Double] = []
        for index in 20..<40 where index < rates.count && oracleRates[index] > 0 {
            values.append(rates[index] / oracleRates[index])
        }
        guard !values.isEmpty else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        guard mean > 0.02 else { return nil }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(values.count)).squareRoot() / mean
    }
}
