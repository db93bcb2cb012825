import SluiceCore
import Testing

@testable import Sluice

@Suite struct LanePagesTests {
    private func pages(
        _ first: Int, _ end: Int, lanes: Int, rowsPerPage: Double = 60, isMerged: Bool = false,
        lane: Int = 0, page: Int? = nil
    ) -> LanePages {
        LanePages(
            first: first, end: end, shape: LaneShape(uniform: lanes),
            visits: PageVisit.visits(LaneShape(uniform: lanes), LaneFacts()), steps: 4,
            rowsPerPage: rowsPerPage,
            isMerged: isMerged, lane: lane, page: page)
    }

    /// The batches of a region, each of about so many keys, as the scheduler cuts them.
    private func batches(_ pages: LanePages, keys: Int) -> [LaneBatch] {
        var batches: [LaneBatch] = []
        for (index, slice) in pages.slices.enumerated() {
            var first = 0
            while first < slice.slice.keys {
                let count = min(keys, slice.slice.keys - first)
                batches.append(
                    LaneBatch(
                        slice: index, first: first, keys: count,
                        endsRegion: index == pages.slices.count - 1
                            && first + count == slice.slice.keys))
                first += count
            }
        }
        return batches
    }

    @Test func everyLaneVisitsEveryPageOnceAndInOrder() {
        for (first, end, lanes, rows, keys) in [
            (0, 1_000, 16, 60.0, 100), (7, 8, 2, 1.0, 1), (0, 3, 8, 200.0, 2_500),
            (100, 2_767, 32, 7.3, 311), (5, 10, 1, 60.0, 50),
        ] {
            let region = pages(first, end, lanes: lanes, rowsPerPage: rows)
            var reached: [Int: Int] = [:]
            var place: (lane: Int, page: Int?) = (0, nil)
            for batch in batches(region, keys: keys) {
                let before = region.place(before: batch)
                #expect(before.lane == place.lane && before.page == place.page)
                let lane = region.slices[batch.slice].slice.lane
                let visited = region.pages(batch)
                #expect(visited.first == reached[lane] ?? first)
                #expect(visited.end >= visited.first)
                reached[lane] = visited.end
                place = (lane, visited.end)
            }
            // The last visit is a lane of its own.
            #expect(reached == Dictionary(uniqueKeysWithValues: (0...lanes).map { ($0, end) }))
        }
    }

    /// Whoever takes a region over goes on where the ledger says that it is.
    @Test func aRegionIsTakenUpWhereItWas() {
        let whole = pages(0, 400, lanes: 4)
        for batch in batches(whole, keys: 500).dropLast() {
            let lane = whole.slices[batch.slice].slice.lane
            let page = whole.pages(batch).end
            let rest = pages(0, 400, lanes: 4, lane: lane, page: page)
            guard let next = batches(rest, keys: 500).first else {
                Issue.record("nothing is left of lane \(lane) from page \(page)")
                return
            }
            #expect(rest.place(before: next) == (lane, page))
            let isLaneDone = page == 400
            #expect(lane < 4 || !isLaneDone)
            #expect(rest.slices[0].slice.lane == (isLaneDone ? lane + 1 : lane))
            #expect(rest.pages(next).first == (isLaneDone ? 0 : page))
            let left = rest.slices.filter { $0.slice.lane > lane }
            #expect(left.count == (4 - lane) * 4)
        }
    }

    @Test func lanesThatAreOneVisitAllPagesAgain() {
        let merged = pages(10, 410, lanes: 4, isMerged: true, lane: 1)
        #expect(merged.visit(batches(merged, keys: 9_999)[0]) == nil)
        #expect(merged.slices.map(\.first) == [10, 110, 210, 310])
        #expect(merged.slices.allSatisfy { $0.slice.lane == 1 })
        // Three lanes of four are left.
        #expect(merged.slices[0].slice.keys == 4_500)
        let resumed = pages(10, 410, lanes: 4, isMerged: true, lane: 1, page: 260)
        #expect(resumed.slices.map(\.first) == [260, 310])
        #expect(resumed.place(before: batches(resumed, keys: 9_999)[0]) == (1, 260))
    }

    /// Each lane has its own visit, and behind them all that is left is changed.
    @Test func lanesTakeTheirShareAndTheLastVisitTheRest() {
        let shape = LaneShape(ends: [9, 17, 40, 62])
        var facts = LaneFacts()
        facts.isPhysical = true
        facts.rowsPerPage = 62
        let visits = PageVisit.visits(shape, facts)
        let region = LanePages(
            first: 0, end: 400, shape: shape, visits: visits, steps: 1, rowsPerPage: 62,
            isMerged: false, lane: 0, page: nil)
        let own = batches(region, keys: 99_999).map { region.visit($0) }
        #expect(own == visits.map(Optional.some) + [nil])
        #expect(own[0]?.leavingShare == 9 / 62.0 && own[1]?.leavingShare == 0)
        // The first lane's share of the rows is what its batches are taken to have.
        let keys = region.slices.map(\.slice.keys)
        #expect(keys == [3_600, 3_200, 9_200, 8_800, Int(24_800 * LanePages.lastVisitShare)])
    }
}
