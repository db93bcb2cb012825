import SluiceBench
import Testing

@Suite struct SpreadTests {
    @Test func theMiddleAndTheEnds() throws {
        #expect(Spread([]) == nil)
        let odd = try #require(Spread([3, 1, 2]))
        #expect(odd.median == 2 && odd.low == 1 && odd.high == 3 && odd.count == 3)
        #expect(odd.share == 1)
        let even = try #require(Spread([4, 1, 2, 3]))
        #expect(even.median == 2.5)
    }

    @Test(arguments: [
        ([1.0, 2, 3], [2.5, 4, 5], true), ([1, 2, 3], [3, 4, 5], true),
        ([1, 2, 3], [3.1, 4, 5], false), ([9, 10, 11], [1, 2, 3], false),
    ])
    func roundsOverlap(_ first: [Double], _ second: [Double], _ overlap: Bool) throws {
        let (a, b) = (try #require(Spread(first)), try #require(Spread(second)))
        #expect(a.overlaps(b) == overlap)
        #expect(b.overlaps(a) == overlap)
    }

    @Test func oneRoundHasNoShare() throws {
        let one = try #require(Spread([1]))
        #expect(one.share == 0)
    }
}
