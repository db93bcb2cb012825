import SluiceCore

/// Normally distributed numbers, the same for a seed everywhere (Marsaglia's polar method).
struct NormalNoise: Sendable {
    private var generator: SeededGenerator
    private var spare: Double?

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    /// The next number in [0, 1).
    mutating func unit() -> Double { generator.nextUnit() }

    /// The next number with mean 0 and standard deviation 1.
    mutating func normal() -> Double {
        if let value = spare {
            spare = nil
            return value
        }
        while true {
            let x = 2 * generator.nextUnit() - 1
            let y = 2 * generator.nextUnit() - 1
            let square = x * x + y * y
            guard square > 0, square < 1 else { continue }
            let scale = (-2 * Exponential.log(square) / square).squareRoot()
            spare = y * scale
            return x * scale
        }
    }

    /// e to the power of a normal number of the given deviation: its median is 1.
    mutating func logNormal(_ sigma: Double) -> Double {
        Exponential.exp(normal() * sigma)
    }
}
