import SluiceCore
import Testing

@testable import Sluice

@Suite struct LaneKeysTests {
    private let request = LaneRequest(shape: LaneShape(uniform: 2), steps: 2, sliceKeys: 2)

    private func keys(
        _ arrays: [String], _ lanes: String, isMerged: Bool = false
    ) -> LaneKeys {
        LaneKeys(
            arrays: arrays, lanes: lanes, request: request, isMerged: isMerged, lane: 0,
            cursor: nil)
    }

    @Test func keysAreToldByLaneAndThenByWhatLiesTogether() {
        let keys = keys(["{1,2,3,4,5,6,7,8}"], "{0,1,0,1,0,1,0,1}")
        #expect(keys.slices.map(\.arrays) == [["{1,3}"], ["{5,7}"], ["{2,4}"], ["{6,8}"]])
        #expect(keys.slices.map(\.slice.lane) == [0, 0, 1, 1])
        #expect(keys.slices.map(\.slice.step) == [0, 1, 0, 1])
        #expect(keys.slices.map(\.slice.keys) == [2, 2, 2, 2])
    }

    @Test func whatIsDoneIsLeftOutAndStillCountsForWhatLiesTogether() {
        let keys = keys(["{1,2,3,4,5,6,7,8}"], "{-1,1,-1,1,0,1,0,1}")
        #expect(keys.slices.map(\.arrays) == [["{5,7}"], ["{2,4}"], ["{6,8}"]])
        #expect(keys.slices.map(\.slice.step) == [1, 0, 1])
    }

    @Test func mergedLanesAreSlicesInKeyOrder() {
        let keys = keys(["{1,2,3,4,5}"], "{-1,1,0,1,0}", isMerged: true)
        #expect(keys.slices.map(\.arrays) == [["{2,3}"], ["{4,5}"]])
        #expect(keys.slices.map(\.slice.lane) == [0, 0])
    }

    @Test func nothingIsNoSlice() {
        #expect(keys(["{}"], "{}").slices.isEmpty)
        #expect(keys(["{1,2}"], "{-1,-1}").slices.isEmpty)
        #expect(keys([], "{}").slices.isEmpty)
    }

    @Test func quotedKeysOfSeveralColumnsStayWhole() {
        let names = ["a", "b,c", "}{", "quo\"te", "back\\slash", "", "NULL", "ä"]
        let arrays = [TextArray.literal(names), "{1,2,3,4,5,6,7,8}"]
        let keys = keys(arrays, "{0,0,0,0,0,0,0,0}")
        #expect(keys.slices.count == 2)
        for place in 0..<4 {
            #expect(keys.key(0, at: place) == [names[place], "\(place + 1)"])
            #expect(keys.key(1, at: place) == [names[place + 4], "\(place + 5)"])
        }
        let part = keys.arrays(LaneBatch(slice: 0, first: 1, keys: 2, endsRegion: false))
        #expect(part.map(TextArray.parse) == [["b,c", "}{"], ["2", "3"]])
        let whole = keys.arrays(LaneBatch(slice: 1, first: 0, keys: 4, endsRegion: true))
        #expect(whole == keys.slices[1].arrays)
    }

    @Test func aBatchNamesTheKeyBeforeIt() {
        var keys = LaneKeys(
            arrays: ["{1,2,3,4,5,6,7,8}"], lanes: "{-1,-1,0,1,0,1,0,1}", request: request,
            isMerged: false, lane: 0, cursor: ["1"])
        func before(_ slice: Int, _ first: Int) -> (lane: Int, cursor: [String]?) {
            keys.place(before: LaneBatch(slice: slice, first: first, keys: 1, endsRegion: false))
        }
        #expect(before(0, 0) == (0, ["1"]) as (Int, [String]?))
        #expect(before(1, 0) == (0, ["3"]) as (Int, [String]?))
        #expect(before(1, 1) == (0, ["5"]) as (Int, [String]?))
        #expect(before(2, 0) == (0, ["7"]) as (Int, [String]?))
        #expect(before(3, 0) == (1, ["4"]) as (Int, [String]?))
    }

    @Test func anArrayOfManyKeysIsGoneThroughOnce() {
        let count = 100_000
        let literal = "{" + (0..<count).map { "\($0 - 50_000)" }.joined(separator: ",") + "}"
        var elements = ArrayElements(literal)
        for number in 0..<count { #expect(elements.nextNumber() == number - 50_000) }
        #expect(elements.nextNumber() == nil)
        #expect(ArrayElements.count(literal) == count)
        #expect(ArrayElements.count("{}") == 0 && ArrayElements.count("{7}") == 1)
    }
}

private func == (left: (lane: Int, cursor: [String]?), right: (Int, [String]?)) -> Bool {
    left.lane == right.0 && left.cursor == right.1
}
