import Testing

@testable import SluiceCore

@Suite struct LaneShapeTests {
    private func page(
        _ slots: Int, rows: Double? = nil, growth: Double = 8
    ) -> LaneShape.Page {
        let rows = rows ?? Double(slots)
        return LaneShape.Page(
            slots: slots, rowsPerPage: rows,
            room: PageRoom(rowsPerPage: rows, growthBytes: growth))
    }

    private func cheapest(
        _ page: LaneShape.Page, move: Double = 15.8, most: Int = 32
    ) -> LaneShape {
        .cheapest(page, lanesMost: most, moveMicroseconds: move, visitMicroseconds: 1)
    }

    /// Goes through a page's rows lane by lane, pruning before each, and counts who leaves.
    private func leaving(_ shape: LaneShape, rows: Int, growth: Double) -> Int {
        let row = PageRoom.pageBytes / Double(rows) - PageRoom.pointerBytes
        let (old, new) = (row, row + growth)
        var free = (old + PageRoom.pointerBytes) * PageRoom.slackRows
        var left = 0
        for lane in 0..<shape.count {
            var (room, stayed, moved) = (free, 0, 0)
            for _ in 0..<shape.width(lane) {
                if room >= new + PageRoom.pointerBytes {
                    room -= new + PageRoom.pointerBytes
                    stayed += 1
                } else {
                    moved += 1
                }
            }
            free = room + Double(stayed + moved) * old
            left += moved
        }
        return left
    }

    @Test(arguments: [(66, 8.0), (66, 0), (40, 16), (120, 8), (30, 60), (12, 8), (7, 8), (200, 4)])
    func whoIsToLeaveLeavesAndNobodyElse(_ rows: Int, _ growth: Double) {
        for move in [2.0, 15.8, 30] {
            let shape = cheapest(page(rows, growth: growth), move: move)
            let asked = Int(((shape.leavingShare ?? 0) * Double(rows)).rounded())
            let found = leaving(shape, rows: rows, growth: growth)
            #expect(abs(found - asked) <= 1, "\(shape) \(found) of \(asked)")
            // The same number of visits, each with an equal share.
            let equal = LaneShape(uniform: shape.count, slots: rows)
            #expect(found <= leaving(equal, rows: rows, growth: growth), "\(shape)")
        }
    }

    @Test func lanesFollowOnEachOtherAndNoneIsEmpty() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<500 {
            let slots = Int.random(in: 2...291, using: &random)
            let growth = Double.random(in: 0...200, using: &random)
            let page = page(
                slots, rows: Double.random(in: 2...291, using: &random), growth: growth)
            let lanes = Int.random(in: 2...max(2, min(64, slots)), using: &random)
            for shape in [cheapest(page), LaneShape.fitted(lanes: lanes, page)] {
                #expect(shape.ends.first ?? 0 > 0)
                #expect(zip(shape.ends, shape.ends.dropFirst()).allSatisfy { $0 < $1 })
                #expect((0..<shape.count).reduce(0) { $0 + shape.width($1) } == shape.slots)
            }
            #expect(cheapest(page).count <= 32)
            #expect(LaneShape.fitted(lanes: lanes, page).count == lanes)
        }
    }

    /// What more than a tenth at once does to the key's index was measured.
    @Test func noLaneSendsAwayMoreThanATenth() {
        for growth in [8.0, 40, 100] {
            let page = page(66, growth: growth)
            let shape = cheapest(page, move: 2)
            var free = PageRoom.slackRows
            for lane in 0..<shape.count {
                let staying = lane == 0 ? 0 : min(shape.width(lane), Int(free))
                let moving = shape.width(lane) - staying
                #expect(moving <= 6, "\(shape) \(lane)")
                free += Double(moving) * page.room.freed - Double(staying) * page.room.taken
            }
        }
    }

    /// A hash is told by its low bits.
    @Test func slotsOfAHashStayAPowerOfTwo() {
        for lanes in 2...64 {
            for growth in [0.0, 8, 100] {
                let shape = LaneShape.fitted(
                    lanes: lanes, page(1_024, rows: 60, growth: growth))
                #expect(shape.slots == 1_024 && shape.count == lanes)
                #expect(zip(shape.ends, shape.ends.dropFirst()).allSatisfy { $0 < $1 })
            }
        }
    }

    @Test func whatRowsGrowByDecidesHowManyLeave() {
        let shares = [0.0, 8, 40, 120].compactMap {
            cheapest(page(66, growth: $0)).leavingShare
        }
        #expect(shares == shares.sorted() && shares[0] < 0.08 && shares[3] > 0.4, "\(shares)")
        #expect(
            cheapest(page(66)).ends == [
                6, 12, 18, 23, 28, 32, 36, 40, 43, 46, 49, 52, 54, 56, 58, 60, 62, 63, 64, 65, 66,
            ])
    }

    @Test func askedForLanesAreAsManyAsAreAskedFor() {
        #expect(LaneShape.fitted(lanes: 2, page(60)).count == 2)
        #expect(LaneShape.fitted(lanes: 60, page(60)).count == 60)
        let uniform = LaneShape(uniform: 4)
        #expect(uniform.ends == [1, 2, 3, 4] && uniform.leavingShare == nil)
        #expect(LaneShape(uniform: 3, slots: 10).ends == [3, 6, 10])
    }
}
