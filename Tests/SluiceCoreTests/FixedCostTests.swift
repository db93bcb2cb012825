import SluiceCore
import Testing

/// What a batch costs whatever its size.
struct FixedCostTests {
    private func cost(
        sizes: [Int], fixed: Double, perKey: Double, noise: Double = 0, seed: UInt64 = 1
    ) -> Double? {
        var cost = FixedCost()
        var generator = SeededGenerator(seed: seed)
        for size in sizes {
            let factor = 1 + noise * (generator.nextUnit() - 0.5)
            cost.observe(keys: size, seconds: (fixed + Double(size) * perKey) * factor)
        }
        return cost.fixedSeconds
    }

    @Test func aLineIsFound() throws {
        let doubling = [100, 200, 400, 800, 1_600, 3_200]
        let found = try #require(cost(sizes: doubling, fixed: 0.2, perKey: 1e-5))
        #expect(abs(found - 0.2) < 1e-9)
        // What is the smaller part is left to what is measured beside the statement.
        #expect(cost(sizes: doubling, fixed: 0, perKey: 1e-5) == nil)
        #expect(cost(sizes: doubling, fixed: 0.005, perKey: 1e-5) == nil)
    }

    @Test(arguments: 0..<50)
    func itIsNearUnderNoise(seed: Int) throws {
        let sizes = (0..<40).map { [1_000, 600, 1_400][$0 % 3] }
        let found = try #require(
            cost(sizes: sizes, fixed: 0.05, perKey: 1e-5, noise: 0.2, seed: UInt64(seed)))
        #expect(abs(found - 0.05) < 0.025, "seed \(seed): \(found)")
    }

    @Test func nothingIsSaidWhereNothingCanBeTold() {
        #expect(cost(sizes: [100, 200, 400], fixed: 0.1, perKey: 1e-5) == nil)
        #expect(
            cost(sizes: [Int](repeating: 500, count: 20), fixed: 0.1, perKey: 1e-5) == nil)
        #expect(cost(sizes: [1_000, 500, 250, 125, 60], fixed: 0.1, perKey: -5e-5) == nil)
        #expect(FixedCost().fixedSeconds == nil)
    }
}
