/// Tries a smaller batch beside the usual one and keeps what changes more rows a second.
///
/// The cost model takes a row's cost for the same in batches of any size. Where larger batches
/// cost more than their share (sorting, caches, bloat within the batch) only a trial shows it.
struct BatchTrial: Sendable, Equatable {
    /// What one size has shown: sums of ln(rows / second).
    private struct Arm: Sendable, Equatable {
        var count = 0.0
        var sum = 0.0
        var squares = 0.0

        var mean: Double { sum / count }
        /// Variance of the mean.
        var uncertainty: Double { max(1e-9, squares / count - mean * mean) / count }

        mutating func add(_ value: Double) {
            count += 1
            sum += value
            squares += value * value
        }
    }

    /// The smaller size, as a share of the usual one.
    static let smallShare = 0.6
    /// One batch of so many is a small one.
    static let smallEvery = 4
    /// Small batches to a verdict: a standard error of 3 % at a noise of 25 %.
    static let smallCount = 80.0
    /// Usual batches to a verdict, at the least.
    static let usualCount = 40.0
    /// Scale after a verdict for smaller, and for larger, batches.
    static let shrinkFactor = 0.75
    static let growFactor = 1.15
    /// Least scale: an eighth of the usual duration is where the fixed cost takes over.
    static let scaleMin = 0.1

    /// What the target duration is multiplied by, up to 1.
    private(set) var scale = 1.0
    private var usual = Arm()
    private var small = Arm()
    private var batches = 0

    /// The share of the usual size for the next batch.
    mutating func nextShare() -> Double {
        batches += 1
        return batches.isMultiple(of: Self.smallEvery) ? Self.smallShare : 1
    }

    /// Takes in a committed batch beside the size that is usual now.
    mutating func observe(
        rows: Double, latencySeconds: Double, usualRows: Double, overheadShare: Double
    ) {
        guard rows > 0, latencySeconds > 0 else { return }
        let rate = Exponential.log(rows / latencySeconds)
        if rows > 0.8 * usualRows {
            usual.add(rate)
        } else if rows > 0.5 * usualRows, rows < 0.72 * usualRows {
            small.add(rate)
        }
        guard small.count >= Self.smallCount else { return }
        if usual.count >= Self.usualCount { judge(overheadShare: overheadShare) }
        usual = Arm()
        small = Arm()
    }

    private mutating func judge(overheadShare: Double) {
        let error = (usual.uncertainty + small.uncertainty).squareRoot()
        let gain = usual.mean - small.mean
        // What the fixed cost alone would make of it.
        let smallOverhead = min(0.9, overheadShare / Self.smallShare)
        let expected = Exponential.log((1 - overheadShare) / (1 - smallOverhead))
        if gain < -1.5 * error || gain + 2 * error < 0.3 * expected {
            scale = max(Self.scaleMin, scale * Self.shrinkFactor)
        } else if gain > 2 * error, gain > 0.5 * expected {
            scale = min(1, scale * Self.growFactor)
        }
    }
}
