import SluiceCore
import Testing

@Suite struct BoundsTests {
    private func bound(_ value: String, _ mass: Double, place: Double? = nil) -> KeyPoint {
        KeyPoint(value: value, mass: mass, isCommon: false, place: place)
    }

    private func common(_ value: String, _ mass: Double, place: Double? = nil) -> KeyPoint {
        KeyPoint(value: value, mass: mass, isCommon: true, place: place)
    }

    @Test func arithmeticCutsAtEqualSteps() {
        let plan = CutPlan.even(parts: 4)
        #expect(plan.cuts.map(\.target) == [.place(0.25), .place(0.5), .place(0.75)])
        #expect(CutPlan.even(parts: 1).cuts.isEmpty)
        #expect(CutPlan.even(parts: 0).cuts.isEmpty)
    }

    @Test func aHistogramIsThinnedToTheRangesWanted() {
        let points = (0...100).map { bound("\($0)", $0 == 0 ? 0 : 0.01) }
        let plan = CutPlan.fitted(to: points, parts: 4)
        #expect(plan.cuts.map(\.target) == [.value("25"), .value("50"), .value("75")])
        #expect(plan.cuts.map(\.position).map { ($0 * 100).rounded() } == [25, 50, 75])
        #expect(plan.giants.isEmpty)
    }

    @Test func aGiantValueIsCutInsideAsOftenAsItsFrequencyDeserves() {
        let points = [
            bound("a", 0), bound("b", 0.06), common("g", 0.8), bound("h", 0.05),
            common("k", 0.09),
        ]
        let plan = CutPlan.fitted(to: points, parts: 10)
        #expect(plan.giants.map(\.value) == ["g"])
        #expect(plan.giants.map(\.parts) == [8])
        #expect(plan.cuts.map(\.target) == [.value("h")])
    }

    @Test func valuesOfWhichSomeAreLeftByADeleteCountInFull() {
        let plan = CutPlan.fitted(to: [common("x", 0.1), common("y", 0.1)], parts: 4)
        #expect(plan.cuts.map(\.target) == [.value("y")])
        #expect(plan.cuts.map(\.position) == [0.5])
        #expect(plan.giants.map(\.parts) == [2, 2])
    }

    @Test func rowsAddedSinceTheLastAnalyzeAreCutInTheHistogramsSteps() {
        let points = (0...4).map { bound("\($0)", $0 == 0 ? 0 : 0.25, place: Double($0) / 16) }
        let plan = CutPlan.fitted(to: points, parts: 50)
        let places = plan.cuts.compactMap { cut -> Double? in
            if case .place(let place) = cut.target { place } else { nil }
        }
        #expect(places == (5...15).map { Double($0) / 16 })
        #expect(plan.cuts.filter { $0.step == nil }.count == 4)
        let grown = plan.cuts.filter { $0.step != nil }
        #expect(grown.allSatisfy { $0.step == 0.25 })
        let few = CutPlan.fitted(to: points, parts: 5)
        #expect(few.cuts.filter { $0.step != nil }.count == 4)
    }

    @Test(arguments: 0..<300)
    func cutsAscendStayInsideAndAreNoMoreThanWanted(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let parts = Int.random(in: 2...70, using: &random)
        let points = (0..<Int.random(in: 1...200, using: &random)).map { index in
            KeyPoint(
                value: "\(index)", mass: Double.random(in: 0...0.01, using: &random),
                isCommon: Bool.random(using: &random), place: nil)
        }
        let plan = CutPlan.fitted(to: points, parts: parts)
        #expect(plan.cuts.count < parts, "seed \(seed)")
        let positions = plan.cuts.map(\.position)
        #expect(zip(positions, positions.dropFirst()).allSatisfy { $0 <= $1 }, "seed \(seed)")
        #expect(positions.allSatisfy { $0 >= 0 && $0 <= 1 }, "seed \(seed)")
        #expect(plan.giants.allSatisfy { $0.parts > 1 }, "seed \(seed)")
    }

    @Test func rangesWeighWhatLiesBetweenTheirCuts() {
        #expect(Cut.weights([]) == [1])
        #expect(Cut.weights([(0.5, nil), (0.75, nil)]) == [0.5, 0.25, 0.25])
        #expect(Cut.weights([(0.5, nil), (1, 0.1), (1, 0.1)]) == [0.5, 0.1, 0.1, 0.1])
    }

    @Test func rangesAreDisjointCoverEverythingAndBeginOpen() {
        let ranges = RangeChain.ranges(
            interior: [["10"], ["20"]], upper: ["30"], keysTotalEstimate: 31)
        #expect(ranges.map(\.lower) == [nil, ["10"], ["20"]])
        #expect(ranges.map(\.upper) == [["10"], ["20"], ["30"]])
        #expect(ranges.map(\.keysEstimate).reduce(0, +) == 31)
    }

    @Test func estimatesFollowTheWeightsAndAddUp() {
        let ranges = RangeChain.ranges(
            interior: [["a"], ["b"]], upper: ["c"], keysTotalEstimate: 101,
            weights: [1, 8, 1])
        #expect(ranges.map(\.keysEstimate) == [10, 81, 10])
        let odd = RangeChain.ranges(
            interior: [["a"]], upper: ["c"], keysTotalEstimate: 7, weights: [0, 0])
        #expect(odd.map(\.keysEstimate).reduce(0, +) == 7)
    }

    @Test func severalTablesShareTheRangesByTheirBatches() {
        let limits = Limits(workers: 1...4)
        func shares(_ keys: [Int], _ batches: [Int]? = nil) -> [Int] {
            RangeCount.shares(
                keysEstimates: keys, batchKeys: batches ?? keys.map { _ in 5_000 }, limits: limits)
        }
        #expect(shares([1_000_000_000]) == [8])
        #expect(shares([600_000, 200_000, 0]) == [6, 2, 1])
        #expect(shares([10, 10, 10]) == [1, 1, 1])
        #expect(shares([0, 0]) == [1, 1])
        #expect(shares([]) == [])
        // 300 rows of which a batch holds four are as much work as a table of many.
        #expect(shares([300], [4]) == [8])
        #expect(shares([300, 600_000], [4, 5_000]) == [3, 5])
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
