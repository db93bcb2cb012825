import SluiceCore
import Testing

/// Slices of a heap, and which of them are read.
struct HeapSliceTests {
    @Test func halvesMeetAndComeDownToSinglePlaces() {
        var left = [HeapSlice(blocks: 3..<10)]
        var places: [HeapPlace] = []
        var steps = 0
        while let slice = left.popLast() {
            steps += 1
            #expect(slice.lower < slice.upper)
            guard let (first, second) = slice.halves else {
                places.append(slice.lower)
                continue
            }
            #expect(first.lower == slice.lower && second.upper == slice.upper)
            #expect(first.upper == second.lower)
            left += [second, first]
        }
        // Every place of every block once, in order.
        #expect(places.count == 7 * HeapSlice.itemsMax)
        #expect(zip(places, places.dropFirst()).allSatisfy { $0 < $1 })
        #expect(places.first == HeapPlace(block: 3, item: 0))
        #expect(steps == 2 * places.count - 1)
    }

    @Test func aSearchForOnePlaceIsShort() {
        // The largest piece that is read at once.
        var slice = HeapSlice(blocks: 0..<4_096)
        let wanted = HeapPlace(block: 4_095, item: 291)
        var steps = 0
        while let (first, second) = slice.halves {
            slice = wanted < second.lower ? first : second
            #expect(slice.lower <= wanted && wanted < slice.upper)
            steps += 1
        }
        #expect(steps == 12 + 11)
        #expect(slice.lower == wanted)
    }

    @Test func splittingTakesSoManyBlocks() {
        let (first, rest) = HeapSlice(blocks: 5..<9).split(afterBlocks: 3)
        #expect(first == HeapSlice(blocks: 5..<8))
        #expect(rest == HeapSlice(blocks: 8..<9))
        #expect(HeapSlice(blocks: 5..<9).split(afterBlocks: 4).1 == nil)
    }

    @Test(arguments: [
        (VerifyScope.full, 1_000_000, 1.0), (.off, 1_000_000, 0), (.sample(0.05), 1_000_000, 0.05),
        (.auto, 1_000_000, 0.01), (.auto, 1_024, 1), (.auto, 2_048, 0.5), (.auto, 0, 1),
    ])
    func shares(_ scope: VerifyScope, _ blocks: Int, _ share: Double) {
        #expect(scope.share(ofBlocks: blocks) == share)
    }

    @Test func whereAnIndexLedToTheRowsLittleIsReadByItself() {
        var generator = SeededGenerator(seed: 1)
        let auto = VerifyScope.auto.slices(
            ofBlocks: 1_000_000, isSparse: true, using: &generator)
        #expect(auto.map(\.blockCount).reduce(0, +) == VerifyScope.autoBlocksSparse)
        #expect(VerifyScope.full.share(ofBlocks: 1_000_000, isSparse: true) == 1)
    }

    @Test(arguments: 0..<200)
    func aSampleIsSpreadDisjointAndAsLargeAsAskedFor(_ seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let blocks = Int.random(in: 0...100_000, using: &generator)
        let share = Double.random(in: 0.001...1, using: &generator)
        let slices = VerifyScope.sample(share).slices(ofBlocks: blocks, using: &generator)
        let total = slices.map(\.blockCount).reduce(0, +)
        #expect(slices.allSatisfy { $0.lower.block >= 0 && $0.upper.block <= blocks }, "\(seed)")
        #expect(zip(slices, slices.dropFirst()).allSatisfy { $0.upper <= $1.lower }, "\(seed)")
        #expect(Double(total) >= Double(blocks) * share, "\(seed)")
        #expect(total < Int(Double(blocks) * share) + 2 * VerifyScope.sampleBlocks + 1, "\(seed)")
        let again = VerifyScope.full.slices(ofBlocks: blocks, using: &generator)
        #expect(again.map(\.blockCount).reduce(0, +) == blocks)
    }

    @Test func everyBlockCanBeDrawn() {
        var generator = SeededGenerator(seed: 7)
        var seen: Set<Int> = []
        for _ in 0..<2_000 {
            for slice in VerifyScope.sample(0.1).slices(ofBlocks: 300, using: &generator) {
                seen.formUnion(slice.lower.block..<slice.upper.block)
            }
        }
        #expect(seen.count == 300)
    }
}
