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
    func roundsThatOverlapAreATie(_ first: [Double], _ second: [Double], _ isTie: Bool) throws {
        let (a, b) = (try #require(Spread(first)), try #require(Spread(second)))
        #expect(a.isTie(with: b) == isTie)
        #expect(b.isTie(with: a) == isTie)
    }

    @Test func oneRoundIsNotJudged() throws {
        let one = try #require(Spread([1]))
        #expect(one.isTie(with: try #require(Spread([1, 2]))) == nil)
        #expect(one.share == 0)
    }
}
