/// One value of a key column that the table's statistics know.
public struct KeyPoint: Sendable, Equatable {
    /// The value as the server writes it.
    public let value: String
    /// The share of rows that have exactly this value, if it is a common one; otherwise the share
    /// that lies between the histogram's bound before it and this one.
    public let mass: Double
    /// Whether it is one of the most common values; otherwise it is a bound of the histogram.
    public let isCommon: Bool
    /// How much of the way from the smallest to the largest value lies before it, from 0 to 1;
    /// `nil` where values have no arithmetic.
    public let place: Double?

    /// Describes a value.
    public init(value: String, mass: Double, isCommon: Bool, place: Double?) {
        self.value = value
        self.mass = mass
        self.isCommon = isCommon
        self.place = place
    }
}

/// A place between two keys at which ranges could meet, before the index was asked which key
/// is there.
public struct Cut: Sendable, Equatable {
    /// What the index is asked for.
    public enum Target: Sendable, Equatable {
        /// The first key whose column has this value or a larger one.
        case value(String)
        /// The same for the value at this share of the way from the smallest to the largest.
        case place(Double)
    }

    /// What the index is asked for.
    public let target: Target
    /// The share of keys below it.
    public let position: Double
    /// The share that the range ending here is taken to have, for a cut where the statistics know
    /// nothing: such a range counts only if there turns out to be a key.
    public let step: Double?

    /// Describes a cut.
    public init(target: Target, position: Double, step: Double? = nil) {
        self.target = target
        self.position = position
        self.step = step
    }
}

/// A value so frequent that it must be cut inside, by the next column of the key.
public struct GiantValue: Sendable, Equatable {
    /// The value.
    public let value: String
    /// The share of keys below it.
    public let position: Double
    /// The share of keys that have it.
    public let mass: Double
    /// Ranges that its frequency deserves.
    public let parts: Int
}

extension Cut {
    /// What ranges between cuts weigh, from the shares of keys below the cuts: one more than
    /// there are cuts, which are in key order.
    public static func weights(_ cuts: [(position: Double, step: Double?)]) -> [Double] {
        var reached = 0.0
        var weights: [Double] = []
        for cut in cuts {
            if let step = cut.step {
                weights.append(step)
            } else {
                weights.append(max(0, cut.position - reached))
                reached = max(reached, cut.position)
            }
        }
        return weights + [cuts.last?.step ?? max(0, 1 - reached)]
    }
}

extension Cut {
    /// The value at which to cut, where the target is one.
    public var value: String? {
        switch target {
        case .value(let value): value
        case .place: nil
        }
    }

    /// The place at which to cut, where the target is one.
    public var place: Double? {
        switch target {
        case .value: nil
        case .place(let place): place
        }
    }
}
