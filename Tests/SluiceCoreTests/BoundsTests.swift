import SluiceCore
import Testing

@Suite struct BoundsTests {
    @Test(arguments: [
        (Int64.min, Int64.max, 100), (0, 10, 3), (-5, 5, 100), (7, 8, 4), (7, 7, 4),
        (Int64.max - 1, Int64.max, 2), (Int64.min, Int64.min + 1, 2), (1, 1_000_000, 1),
    ])
    func integerBoundsAreInsideAscendingAndDistinct(low: Int64, high: Int64, count: Int) {
        let bounds = IntegerBounds.interior(minimum: low, maximum: high, count: count)
        #expect(bounds.count <= count - 1)
        #expect(bounds.allSatisfy { $0 > low && $0 < high })
        #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func integerBoundsCutEvenly() {
        #expect(
            IntegerBounds.interior(minimum: 0, maximum: 100, count: 4) == [25, 50, 75])
        #expect(
            IntegerBounds.interior(minimum: .min, maximum: .max, count: 2) == [-1])
    }

    @Test func rowsAddedSinceTheLastAnalyzeAreCutInTheHistogramsSteps() {
        let known: [Int64] = [10, 20, 30, 40]
        let bounds = IntegerBounds.completed(known, minimum: 0, maximum: 140, count: 50)
        #expect(bounds == [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130])
        #expect(IntegerBounds.completed(known, minimum: 5, maximum: 45, count: 50) == known)
    }

    @Test(arguments: 0..<500)
    func completedBoundsStayInsideAscendingAndDistinct(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let edges = [
            Int64.random(in: .min ... .max, using: &random), .random(in: -9...9, using: &random),
        ]
        let low = edges.min() ?? 0
        let high = edges.max() ?? 0
        guard low < high else { return }
        let known = Set((0..<6).map { _ in Int64.random(in: low...high, using: &random) })
            .filter { $0 > low && $0 < high }.sorted()
        let bounds = IntegerBounds.completed(known, minimum: low, maximum: high, count: 64)
        #expect(bounds.allSatisfy { $0 > low && $0 < high }, "seed \(seed)")
        #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "seed \(seed)")
    }

    @Test func uuidBoundsAreInsideAndAscending() {
        let bounds = UUIDBounds.interior(
            minimum: "00000000-0000-0000-0000-000000000001",
            maximum: "ffffffff-ffff-ffff-ffff-ffffffffffff", count: 4)
        #expect(
            bounds == [
                "3fffffff-ffff-ffff-0000-000000000000", "7fffffff-ffff-ffff-0000-000000000000",
                "bfffffff-ffff-ffff-0000-000000000000",
            ])
        #expect(UUIDBounds.interior(minimum: "x", maximum: "y", count: 4).isEmpty)
    }

    @Test func rangesAreDisjointCoverEverythingAndBeginOpen() {
        let ranges = RangeChain.ranges(
            interior: [["10"], ["20"]], upper: ["30"], keysTotalEstimate: 31)
        #expect(ranges.map(\.lower) == [nil, ["10"], ["20"]])
        #expect(ranges.map(\.upper) == [["10"], ["20"], ["30"]])
        #expect(ranges.map(\.keysEstimate).reduce(0, +) == 31)
    }

    @Test func smallTablesAreOneRangeAndHugeOnesTwoForEachWorker() {
        let limits = Limits(workers: 1...4)
        #expect(RangeCount.wanted(keysEstimate: 0, limits: limits) == 1)
        #expect(RangeCount.wanted(keysEstimate: 19_999, limits: limits) == 1)
        #expect(RangeCount.wanted(keysEstimate: 1_000_000_000, limits: limits) == 8)
        #expect(
            RangeCount.wanted(keysEstimate: .max, limits: Limits(workers: 1...64)) == 128)
    }
}
