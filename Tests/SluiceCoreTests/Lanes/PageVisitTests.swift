import Testing

@testable import SluiceCore

/// Pages of rows of many lengths, filled in lanes as the server fills them.
@Suite struct PageVisitTests {
    /// A page as `heap_update` and pruning leave it, in bytes.
    private struct HeapPage {
        /// Rows that are not changed yet, with their pointers.
        var due: [Double]
        var grown: [Double] = []
        var moved = 0.0
        var free: Double

        /// Changes so many rows, each in its page if there is room: how many left it.
        mutating func change(_ count: Int, growth: Double) -> Int {
            // What the lane before left is pruned; what this one leaves is not yet.
            var (room, left) = (free, 0)
            for _ in 0..<min(count, due.count) {
                let row = due.removeFirst()
                if row + growth <= room {
                    room -= row + growth
                    free -= growth + PageRoom.pointerBytes
                    grown.append(row + growth)
                } else {
                    left += 1
                    moved += 1
                    free += row - PageRoom.pointerBytes
                }
            }
            return left
        }
    }

    private func facts(rows: Double, growth: Double = 8, free: Double = 0) -> LaneFacts {
        var facts = LaneFacts()
        facts.isPhysical = true
        facts.rowsPerPage = rows
        facts.growthBytes = growth
        facts.freePageBytes = free
        return facts
    }

    private func shape(_ facts: LaneFacts) -> LaneShape {
        guard case .lanes(let shape) = LaneChoice.decide(facts, .auto) else {
            return LaneShape(uniform: 1)
        }
        return shape
    }

    /// Full pages of rows of about so many bytes, and what leaves them in all lanes and last.
    private func fill(
        pages: Int, bytes: (inout SeededGenerator) -> Double, facts: LaneFacts, fill: Double = 1
    ) -> (moved: Double, strays: Double, last: Double) {
        let shape = shape(facts)
        let visits = PageVisit.visits(shape, facts)
        var random = SeededGenerator(seed: 7)
        var (rows, moved, strays, last) = (0, 0, 0, 0)
        for _ in 0..<pages {
            var page = HeapPage(due: [], free: PageRoom.pageBytes)
            while true {
                let row = bytes(&random)
                guard row <= page.free - PageRoom.pageBytes * (1 - fill) else { break }
                page.due.append(row)
                page.free -= row
            }
            rows += page.due.count
            for visit in visits {
                let seen = Double(page.due.count + page.grown.count)
                let leaving = visit.leaving(rows: seen)
                let count = leaving + max(0, Int(visit.room(rows: seen)))
                let left = page.change(count, growth: facts.growthBytes)
                moved += left
                strays += max(0, left - leaving)
            }
            // The last visit changes what is left.
            last += page.due.count
            let left = page.change(page.due.count, growth: facts.growthBytes)
            (moved, strays) = (moved + left, strays + left)
        }
        return (
            Double(moved) / Double(rows), Double(strays) / Double(rows),
            Double(last) / Double(rows)
        )
    }

    @Test func rowsOfOneLengthLeaveInTheFirstLanesOnly() {
        for bytes in [96.0, 132, 260, 520] {
            let rows = (PageRoom.pageBytes / bytes).rounded(.down)
            let filled = fill(pages: 50, bytes: { _ in bytes }, facts: facts(rows: rows))
            // No more than a row of each page, where there are few.
            let most = max(0.035, 1.01 / rows)
            #expect(filled.strays < most && filled.last <= 0.2, "\(bytes): \(filled)")
            #expect(filled.moved < 0.25, "\(bytes): \(filled)")
        }
    }

    /// Lengths that differ from row to row, as rows of text do.
    @Test func rowsOfManyLengthsMostlyLeaveInTheFirstLanes() {
        let filled = fill(
            pages: 400, bytes: { 8 * (12 + Double($0.next() % 10)) }, facts: facts(rows: 61.9))
        #expect(filled.strays < 0.05 && filled.last < 0.02, "\(filled)")
        #expect(filled.moved < 0.2, "\(filled)")
    }

    /// A part of a table has shorter rows than the rest, or longer ones: a page's own count says
    /// so.
    @Test func pagesOfShorterOrLongerRowsAreFilledAsWell() {
        for bytes in [104.0, 120, 144, 152] {
            let filled = fill(pages: 100, bytes: { _ in bytes }, facts: facts(rows: 62))
            #expect(filled.strays < 0.1 && filled.last < 0.15, "\(bytes): \(filled)")
        }
    }

    /// With room from the beginning nobody need leave.
    @Test func roomFromTheBeginningIsUsed() {
        let free = PageRoom.pageBytes * 0.3
        let filled = fill(
            pages: 100, bytes: { _ in 132 }, facts: facts(rows: 43, free: free), fill: 0.7)
        #expect(filled.moved < 0.02 && filled.last < 0.02, "\(filled)")
    }

    /// A page that is nearly empty among full ones is done at once, and its rows stay.
    @Test func aSparsePageHasRoomForAll() {
        let facts = facts(rows: 62)
        let visits = PageVisit.visits(shape(facts), facts)
        #expect(visits[1].room(rows: 8) >= 8)
        #expect(visits[0].room(rows: 0) > 0)
    }

    /// Whoever takes a region over knows only where its lanes end.
    @Test func visitsFollowFromTheEndsOfLanes() {
        let facts = facts(rows: 62)
        let shape = shape(facts)
        let visits = PageVisit.visits(shape, facts)
        #expect(PageVisit.visits(LaneShape(ends: shape.ends), facts) == visits)
        #expect(visits.map { $0.leaving(rows: 62) }.prefix(2) == [9, 0])
        #expect(visits.dropFirst().allSatisfy { $0.movedShare == 9 / 62.0 })
        // A page of more rows has as large a share of them leave.
        #expect(visits[0].leaving(rows: 78) == 11)
        let taken = visits.map(\.takenBytes)
        #expect(taken == taken.sorted() && taken[0] == 0)
        // Lanes of an older run, or of another table.
        for other in [LaneShape(uniform: 16), LaneShape(uniform: 1), LaneShape(ends: [62])] {
            let visits = PageVisit.visits(other, facts)
            #expect(visits.count == other.count)
            #expect(visits.allSatisfy { $0.leavingShare >= 0 && $0.numbers.allSatisfy(\.isFinite) })
        }
    }
}
