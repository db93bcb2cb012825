import Testing

@testable import SluiceCore

@Suite struct LaneRunsTests {
    private let shape = LaneShape(ends: [3, 5, 6, 7])

    private func request(_ slice: Int = 20) -> LaneRequest {
        LaneRequest(shape: shape, steps: 2, sliceKeys: slice)
    }

    private func lane(_ number: Int64, _ shape: LaneShape) -> Int {
        let slots = Int64(shape.slots)
        let slot = Int((number % slots + slots) % slots)
        return shape.ends.firstIndex { slot < $0 } ?? -1
    }

    private func numbers(_ runs: (low: [Int64], high: [Int64])) -> [Int64] {
        zip(runs.low, runs.high).flatMap { Array($0...$1) }
    }

    /// Every batch of a region, of sizes at random.
    private func batches(
        _ runs: LaneRuns, _ random: inout SeededGenerator
    ) -> [LaneBatch] {
        var batches: [LaneBatch] = []
        for (index, slice) in runs.slices.enumerated() {
            var first = 0
            while first < slice.keys {
                let keys = min(slice.keys - first, Int.random(in: 1...15, using: &random))
                batches.append(
                    LaneBatch(
                        slice: index, first: first, keys: keys,
                        endsRegion: index == runs.slices.count - 1 && first + keys == slice.keys))
                first += keys
            }
        }
        return batches
    }

    private static let bounds: [ClosedRange<Int64>] = [
        1...100, -50...49, 7...7, (Int64.max - 60)...Int64.max, Int64.min...(Int64.min + 33),
        1_000_003...1_000_500,
    ]

    @Test(arguments: bounds)
    func everyNumberIsInOneBatchOfItsLane(_ bounds: ClosedRange<Int64>) {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<20 {
            let runs = LaneRuns(
                LaneRuns.Region(bounds: bounds, keys: 40, shape: shape), request: request())
            var (seen, keys): ([Int64], Int) = ([], 0)
            var last: (lane: Int, cursor: Int64?) = (0, nil)
            for batch in batches(runs, &random) {
                let found = numbers(runs.runs(batch))
                let own = runs.slices[batch.slice].lane
                #expect(found.count == batch.keys && found == found.sorted())
                #expect(found.allSatisfy { lane($0, shape) == own })
                #expect(runs.number(batch.slice, at: batch.first) == found[0])
                #expect(runs.place(before: batch) == last)
                last = (own, found.last)
                seen += found
                keys += runs.keys(batch)
            }
            #expect(seen.sorted() == Array(bounds))
            #expect(keys == 40)
            #expect(runs.slices.map(\.lane) == runs.slices.map(\.lane).sorted())
        }
    }

    /// Somebody takes a region over after any batch, lanes that were merged among them: every
    /// number once, and its keys as well.
    @Test(arguments: bounds, [UInt64](1...6))
    func whoeverTakesItOverGoesOnWhereItStands(_ bounds: ClosedRange<Int64>, _ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var state = LaneRuns.Region(bounds: bounds, keys: 1_000, shape: shape)
        var (seen, keys): ([Int64], Int) = ([], 0)
        for _ in 0..<200 {
            let runs = LaneRuns(state, request: request(Int.random(in: 1...30, using: &random)))
            let all = batches(runs, &random)
            if all.isEmpty { break }
            for batch in all.prefix(Int.random(in: 0...8, using: &random)) {
                let found = numbers(runs.runs(batch))
                seen += found
                keys += runs.keys(batch)
                state = LaneRuns.Region(
                    bounds: bounds, keys: 1_000, shape: shape,
                    lane: runs.slices[batch.slice].lane, cursor: found.last,
                    isMerged: state.isMerged, mergedFrom: state.mergedFrom)
            }
            if !state.isMerged, Int.random(in: 0..<12, using: &random) == 0 {
                state = LaneRuns.Region(
                    bounds: bounds, keys: 1_000, shape: shape, lane: state.lane, cursor: nil,
                    isMerged: true, mergedFrom: state.cursor)
            }
        }
        #expect(seen.sorted() == Array(bounds))
        #expect(keys == 1_000)
    }

    @Test func aBatchNamesAsFewRunsAsThereAre() {
        let runs = LaneRuns(
            LaneRuns.Region(bounds: 1...28, keys: 28, shape: shape), request: request(100))
        let whole = runs.runs(
            LaneBatch(slice: 0, first: 0, keys: runs.slices[0].keys, endsRegion: false))
        // Slots 0 to 2 of cycles of 7: the first one has lost its beginning.
        #expect(whole.low == [1, 7, 14] && whole.high == [2, 9, 14])
    }

    /// What merged lanes have left is a run in each cycle, and nothing of it lies twice in a page.
    @Test func mergedLanesGoThroughTheRegionOnce() {
        let runs = LaneRuns(
            LaneRuns.Region(
                bounds: 7...34, keys: 28, shape: shape, lane: 1, cursor: nil, isMerged: true,
                mergedFrom: 18), request: request(100))
        let found = runs.slices.indices.flatMap { index in
            numbers(
                runs.runs(
                    LaneBatch(
                        slice: index, first: 0, keys: runs.slices[index].keys,
                        endsRegion: false)))
        }
        #expect(found == [12, 13] + [19, 20] + [24, 25, 26, 27] + [31, 32, 33, 34])
        #expect(runs.slices.allSatisfy { $0.lane == 1 })
    }
}
