import Testing

@testable import SluiceBench

@Suite struct RoundNoiseTests {
    private static func noise(_ rates: [[Double]]) -> RoundNoise {
        RoundNoise(Made.section(rates.map { ("s", $0) }).entries)
    }

    @Test func allStrategiesRoundsAreOneNoise() throws {
        // Logarithms are 0.1 to both sides of their mean in one, and 0.2 in the other.
        let noise = Self.noise([[90.4837, 110.5171], [818.731, 1_221.403], [7]])
        #expect(noise.freedom == 2)
        // Squares of 0.02 and 0.08, over two degrees.
        #expect(abs(noise.deviation - 0.2236) < 0.001)
        #expect(Self.noise([[7], []]) == Self.noise([]))
    }

    @Test func oneRoundIsNotJudged() throws {
        let noise = Self.noise([[1, 1.1], [2, 2.1]])
        let (one, two) = (try #require(Spread([1])), try #require(Spread([1, 2])))
        #expect(noise.isTie(one, two) == nil)
        #expect(noise.isTie(two, one) == nil)
    }

    @Test func whatOverlapsIsATieAndWhatIsNearMayBe() throws {
        let calm = Self.noise([[100, 101], [120, 121], [140, 141], [160, 161]])
        let (low, high) = (try #require(Spread([100, 101])), try #require(Spread([120, 121])))
        #expect(calm.isTie(low, high) == false)
        #expect(calm.isTie(low, try #require(Spread([101, 109]))) == true, "they overlap")
        // The same two beside strategies whose rounds differ by a third.
        let restless = Self.noise([[100, 101], [120, 121], [140, 190], [160, 120]])
        #expect(restless.isTie(low, high) == true)
        #expect(restless.isTie(high, low) == true)
    }

    @Test(arguments: [(1, 63.66), (4, 4.60), (10, 3.17)])
    func fewRoundsAreJudgedWithCare(_ freedom: Int, _ quantile: Double) {
        #expect(RoundNoise.quantile(freedom) == quantile)
    }

    @Test func theQuantileFallsTowardsTheNormalOne() {
        for freedom in 1..<200 {
            #expect(RoundNoise.quantile(freedom) > RoundNoise.quantile(freedom + 1))
        }
        #expect(RoundNoise.quantile(100_000) < 2.61)
    }

    /// Rounds that differ by a few per cent, the same each time the test runs.
    private struct Simulation {
        private var state: UInt64 = 20_261_130

        private mutating func uniform() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / Double(UInt64(1) << 53)
        }

        /// Near a rate; four together are nearly a normal deviate.
        mutating func around(_ rate: Double) -> Double {
            let sum = uniform() + uniform() + uniform() + uniform() - 2
            return rate * (1 + 0.05 * sum)
        }

        /// Eight strategies of so many rounds, of which the first has its own rate.
        mutating func section(first: Double, rounds: Int = 2) -> BenchReport.Section {
            var rates: [(String, [Double])] = []
            for strategy in 0..<8 {
                var measured: [Double] = []
                for _ in 0..<rounds { measured.append(around(strategy == 0 ? first : 1_000)) }
                rates.append(("strategy-\(strategy)", measured))
            }
            return Made.section(rates)
        }
    }

    @Test func whatIsTheSameIsSeldomCalledDifferent() throws {
        var simulation = Simulation()
        var (different, apart, all) = (0, 0, 0)
        for _ in 0..<200 {
            let places = Verdict(simulation.section(first: 1_000)).places
            let first = try #require(places.first)
            for place in places.dropFirst() {
                all += 1
                if place.isTieWithFirst == false { different += 1 }
                if !place.rate.overlaps(first.rate) { apart += 1 }
            }
        }
        #expect(all == 1_400)
        #expect(different * 10 < all, "\(different)")
        #expect(apart * 3 > all, "rounds that do not overlap say nothing: \(apart)")
    }

    @Test func whatIsTwiceAsFastIsToldApart() {
        var simulation = Simulation()
        for _ in 0..<200 {
            let places = Verdict(simulation.section(first: 2_000)).places
            #expect(places.first?.strategy == "strategy-0")
            #expect(places.dropFirst().allSatisfy { $0.isTieWithFirst == false })
        }
    }
}
