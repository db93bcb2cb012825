/// Tries a smaller batch beside the usual one and keeps what changes more rows a second.
///
/// The cost model takes a row's cost for the same in batches of any size. Where larger batches
/// cost more than their share (sorting, caches, bloat within the batch) only a trial shows it.
struct BatchTrial: Sendable, Equatable {
    /// A committed batch, beside the size that is usual now.
    struct Sample {
        let nowSeconds: Double
        let rows: Double
        let latencySeconds: Double
        let usualRows: Double
        let rowSeconds: Double
        let overheadShare: Double
    }

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

    /// No trials until then, unless the row cost becomes another.
    private struct Rest: Sendable, Equatable {
        let untilSeconds: Double
        let rowSeconds: Double
    }

    /// What a comparison says.
    private enum Verdict { case open, smaller, muchSmaller, larger, same }

    /// The smaller size, as a share of the usual one.
    static let smallShare = 0.6
    /// One batch of so many is a small one, while a trial runs: a third costs 1 % meanwhile.
    static let smallEvery = 3
    /// Batches of either size before a trial is looked at, and to its end: a standard error of
    /// 6 % and of 4 % at a noise of 25 %.
    static let countMin = 20.0
    static let countMax = 60.0
    /// Standard errors for a verdict on the way, where it is looked at forty times, and at the
    /// end.
    static let errorsOnTheWay = 3.0
    static let errorsAtTheEnd = 2.0
    /// Scale after a clear verdict for smaller batches, a weak one, and one for larger ones.
    static let muchShrinkFactor = 0.6
    static let shrinkFactor = 0.75
    static let growFactor = 1.15
    /// Scale when trials begin again: what was true may have passed.
    static let forgetFactor = 1.25
    /// Least scale: below a tenth of the usual duration the fixed cost takes over.
    static let scaleMin = 0.1
    /// Seconds without a trial once one found no difference: tables change slowly.
    static let restSeconds = 300.0
    /// A row cost changed by this factor is another table, and ends the rest.
    static let rowCostChange = 2.0

    /// What the target duration is multiplied by, up to 1.
    private(set) var scale = 1.0
    private var usual = Arm()
    private var small = Arm()
    private var batches = 0
    private var rest: Rest?

    /// The share of the usual size for the next batch.
    mutating func nextShare() -> Double {
        guard rest == nil else { return 1 }
        batches += 1
        return batches.isMultiple(of: Self.smallEvery) ? Self.smallShare : 1
    }

    /// Takes in a batch.
    mutating func observe(_ sample: Sample) {
        guard sample.rows > 0, sample.latencySeconds > 0, !isResting(sample) else { return }
        let rate = Exponential.log(sample.rows / sample.latencySeconds)
        let share = sample.rows / sample.usualRows
        if share > 0.8 {
            usual.add(rate)
        } else if share > 0.5, share < 0.72 {
            small.add(rate)
        }
        guard min(usual.count, small.count) >= Self.countMin else { return }
        switch verdict(overheadShare: sample.overheadShare) {
        case .open: return
        case .muchSmaller: scale = max(Self.scaleMin, scale * Self.muchShrinkFactor)
        case .smaller: scale = max(Self.scaleMin, scale * Self.shrinkFactor)
        case .larger: scale = min(1, scale * Self.growFactor)
        case .same:
            rest = Rest(
                untilSeconds: sample.nowSeconds + Self.restSeconds,
                rowSeconds: sample.rowSeconds)
        }
        usual = Arm()
        small = Arm()
    }

    private mutating func isResting(_ sample: Sample) -> Bool {
        guard let rest else { return false }
        let change = sample.rowSeconds / rest.rowSeconds
        let isSameTable = change < Self.rowCostChange && change > 1 / Self.rowCostChange
        if isSameTable, sample.nowSeconds < rest.untilSeconds { return true }
        self.rest = nil
        scale = min(1, scale * Self.forgetFactor)
        return false
    }

    private func verdict(overheadShare: Double) -> Verdict {
        let isOver = small.count >= Self.countMax
        let error = (usual.uncertainty + small.uncertainty).squareRoot()
        let gain = usual.mean - small.mean
        // What the fixed cost alone would make of it.
        let smallOverhead = min(0.9, overheadShare / Self.smallShare)
        let expected = Exponential.log((1 - overheadShare) / (1 - smallOverhead))
        let errors = isOver ? Self.errorsAtTheEnd : Self.errorsOnTheWay
        if gain < -errors * error { return .muchSmaller }
        guard isOver else { return .open }
        if gain + 2 * error < 0.3 * expected { return .smaller }
        let isWorthMore = gain > 2 * error && gain > 0.5 * expected
        return isWorthMore && scale < 1 ? .larger : .same
    }
}
