import Testing

@testable import SluiceCore

@Suite struct OrderChoiceTests {
    /// A table of 1 GB with random keys, without lanes, under checkpoints of 67 MB of log.
    private func facts(_ change: (inout OrderFacts) -> Void = { _ in }) -> OrderFacts {
        var facts = OrderFacts()
        facts.lanes = .off
        facts.hasPredicate = true
        facts.correlation = 0.01
        facts.pages = 133_000
        facts.rowsPerPage = 15
        facts.server.maxWalBytes = 67e6 * 1.9
        facts.server.cacheBytes = 4e9
        change(&facts)
        return facts
    }

    private func isPhysical(_ choice: OrderChoice) -> Bool {
        if case .physical = choice { return true }
        return false
    }

    @Test func aTableLargerThanTheCacheGoesByPages() {
        let huge = facts {
            $0.server.maxWalBytes = 1e15 * 1.9
            $0.server.cacheBytes = 200e6
        }
        #expect(isPhysical(OrderChoice.decide(huge, .auto)))
        var known = huge
        known.server.cacheBytes = 0
        #expect(!isPhysical(OrderChoice.decide(known, .auto)))
    }

    @Test func aKeyThatFollowsThePagesOrIsUnknownGoesByKey() {
        #expect(!isPhysical(OrderChoice.decide(facts { $0.correlation = 1 }, .auto)))
        #expect(!isPhysical(OrderChoice.decide(facts { $0.correlation = -0.5 }, .auto)))
        #expect(!isPhysical(OrderChoice.decide(facts { $0.correlation = nil }, .auto)))
        // A customer's rows lie together, customers anywhere.
        let near = facts {
            $0.isScattered = false
            $0.lanes = .auto
        }
        #expect(!isPhysical(OrderChoice.decide(near, .auto)))
        #expect(isPhysical(OrderChoice.decide(near, .physical)))
        #expect(isPhysical(OrderChoice.decide(facts { $0.correlation = nil }, .physical)))
        #expect(!isPhysical(OrderChoice.decide(facts(), .key)))
    }

    @Test func whatMakesItImpossibleIsRefusedOnlyWhereItWasAskedFor() {
        let obstacles: [((inout OrderFacts) -> Void, String)] = [
            ({ $0.isUpdate = false }, "update"), ({ $0.hasPredicate = false }, "--where"),
            ({ $0.scansPages = false }, "14"), ({ $0.isWide = true }, "out of line"),
            ({ $0.isDriven = true }, "partial index"), ({ $0.planProblem = "a reason" }, "reason"),
        ]
        for (change, word) in obstacles {
            let asked = OrderChoice.decide(facts(change), .physical)
            guard case .refused(let reason) = asked else {
                Issue.record("\(word) is not refused")
                continue
            }
            #expect(reason.contains(word))
            #expect(asked.sentence.hasPrefix("--order physical is not possible: "))
            guard case .key(let same) = OrderChoice.decide(facts(change), .auto) else {
                Issue.record("\(word) goes by pages")
                continue
            }
            #expect(same == reason)
        }
    }

    /// With lanes it is faster however rare checkpoints are.
    @Test func aRandomKeyGoesByPagesWhereThereAreLanes() {
        let scattered = facts {
            $0.lanes = .auto
            $0.pages = 33_000
            $0.rowsPerPage = 60
            $0.server.maxWalBytes = 1e15
        }
        for isScattered in [true, nil] {
            var known = scattered
            known.isScattered = isScattered
            #expect(isPhysical(OrderChoice.decide(known, .auto)))
            // What other indexes write is as much in either order.
            known.laneFacts.otherIndexes = 1
            #expect(!isPhysical(OrderChoice.decide(known, .auto)))
            known.server.cacheBytes = 1e8
            #expect(isPhysical(OrderChoice.decide(known, .auto)))
        }
        // Plain batches of pages double the table, and a lane that gains nothing is none.
        for change: (inout OrderFacts) -> Void in [
            { $0.lanes = .off }, { $0.rowsPerPage = 185 }, { $0.rowsPerPage = 2 },
            { $0.laneFacts.indexesInTheWay = ["t_v"] }, { $0.laneFacts.planProblem = "reads all" },
            { $0.isScattered = false }, { $0.correlation = 0.9 },
        ] {
            var other = scattered
            change(&other)
            #expect(!isPhysical(OrderChoice.decide(other, .auto)))
        }
    }
}

@Suite struct PageRangesTests {
    @Test func rangesFollowEachOtherAndCoverAllPages() {
        for (pages, count, keys) in [
            (1, 8, 60), (7, 3, 420), (1_000, 8, 60_001), (33_333, 64, 2_000_000), (8, 8, 3),
            (4_294_967_295, 1_000, Int.max / 2),
        ] {
            let ranges = PageRanges.ranges(
                pages: pages, count: count, keysTotalEstimate: keys, part: 3)
            #expect(ranges.count == min(pages, count))
            #expect(ranges.first?.lower == ["0"])
            #expect(ranges.last?.upper == ["\(pages)"])
            for (before, after) in zip(ranges, ranges.dropFirst()) {
                #expect(before.upper == after.lower)
            }
            let sizes = ranges.map {
                (Int($0.upper[0]) ?? 0) - (Int($0.lower?[0] ?? "") ?? 0)
            }
            #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
            #expect((sizes.min() ?? 0) > 0)
            #expect(ranges.reduce(0) { $0 + $1.keysEstimate } == keys)
            #expect(ranges.allSatisfy { $0.isPhysical && $0.part == 3 && $0.keysEstimate >= 0 })
        }
        #expect(PageRanges.ranges(pages: 0, count: 4, keysTotalEstimate: 10).isEmpty)
    }
}
