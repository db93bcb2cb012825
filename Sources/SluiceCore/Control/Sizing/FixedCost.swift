/// What a batch costs whatever its size, by how its duration grows with its keys.
///
/// What passes beside a batch's statement is measured; but a part of the statement itself may not
/// depend on its rows either, such as a trigger that fires once for it. Taken for the cost of
/// rows, it would make batches smaller, and so itself a larger part of them, down to single rows.
/// A line through the last batches, by least squares that forget, tells it apart wherever batches
/// of different sizes were seen.
public struct FixedCost: Sendable, Equatable {
    /// What is kept of the past from batch to batch (no unit): half of it is forgotten after
    /// fourteen, in which the size changes several times.
    static let memory = 0.95
    /// Batches before the line is believed.
    static let countMin = 4.0
    /// Spread of the sizes around their mean, relative and squared (no unit): below a tenth of the
    /// mean the line's beginning is a guess.
    static let spreadMin = 0.01

    /// Share of a batch's mean duration from which it is believed (no unit): below, noise in the
    /// durations of large batches looks the same, and what passes beside the statement is enough.
    static let shareMin = 0.5

    private var count = 0.0
    private var keys = 0.0
    private var keysSquared = 0.0
    private var seconds = 0.0
    private var keySeconds = 0.0

    /// Knows nothing yet.
    public init() {}

    /// Takes in a batch; those without keys say nothing.
    public mutating func observe(keys batchKeys: Int, seconds batchSeconds: Double) {
        guard batchKeys > 0 else { return }
        let size = Double(batchKeys)
        count = count * Self.memory + 1
        keys = keys * Self.memory + size
        keysSquared = keysSquared * Self.memory + size * size
        seconds = seconds * Self.memory + batchSeconds
        keySeconds = keySeconds * Self.memory + size * batchSeconds
    }

    /// Where the line begins, in seconds; `nil` where that is not the larger part of a batch, while
    /// the sizes are too much alike to tell, and where larger batches took no longer, so that
    /// something else must have changed.
    public var fixedSeconds: Double? {
        let spread = count * keysSquared - keys * keys
        guard count >= Self.countMin, spread > Self.spreadMin * keys * keys else { return nil }
        let slope = (count * keySeconds - keys * seconds) / spread
        let fixed = (seconds - slope * keys) / count
        guard slope >= 0, fixed > Self.shareMin * seconds / count else { return nil }
        return fixed
    }
}
