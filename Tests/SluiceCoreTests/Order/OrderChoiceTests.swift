import Testing

@testable import SluiceCore

@Suite struct OrderChoiceTests {
    /// A table of 1 GB with random keys, under checkpoints of 67 MB of log.
    private func facts(_ change: (inout OrderFacts) -> Void = { _ in }) -> OrderFacts {
        var facts = OrderFacts()
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

    @Test func aRandomKeyUnderFrequentCheckpointsGoesByPages() {
        #expect(isPhysical(OrderChoice.decide(facts(), .auto)))
        // A checkpoint less often than the table is gone through.
        #expect(!isPhysical(OrderChoice.decide(facts { $0.server.maxWalBytes = 2e9 * 1.9 }, .auto)))
        #expect(!isPhysical(OrderChoice.decide(facts { $0.server.fullPageWrites = false }, .auto)))
        #expect(!isPhysical(OrderChoice.decide(facts { $0.pages = 0 }, .auto)))
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
        let near = facts { $0.keyBounds = [] }
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

    /// What was measured: 2 M rows with a random key under a `max_wal_size` of 128 MB wrote 1.23 kB
    /// a row in key order and 0.92 in that of pages, where 60 fit into one.
    @Test func aSmallTableGoesByKey() {
        let small = facts {
            $0.pages = 33_000
            $0.rowsPerPage = 60
        }
        let gain = OrderChoice.logGain(small)
        #expect(gain > 1.2 && gain < 1.5)
        #expect(!isPhysical(OrderChoice.decide(small, .auto)))
        // With lanes of keys, as that index alone allows: 0.94 and 0.76 kB.
        let scattered = facts {
            $0.pages = 33_000
            $0.rowsPerPage = 60
            $0.keyBounds = (0...100).map(String.init)
        }
        #expect(isPhysical(OrderChoice.decide(scattered, .auto)))
        // Without a checkpoint it depends on whether the server holds its pages.
        var rare = scattered
        rare.server.maxWalBytes = 1e15
        rare.server.bufferBytes = 1e9
        #expect(!isPhysical(OrderChoice.decide(rare, .auto)))
        rare.server.bufferBytes = 128e6
        #expect(isPhysical(OrderChoice.decide(rare, .auto)))
        // Nor where lanes are not by keys: plain batches of pages double the table.
        for change: (inout OrderFacts) -> Void in [
            { $0.lanes = .off }, { $0.lanes = .fixed(5) }, { $0.rowsPerPage = 185 },
            { $0.rowsPerPage = 15 },
            { $0.keyBounds = nil }, { $0.server.bufferBytes = 0 },
        ] {
            var other = rare
            change(&other)
            #expect(!isPhysical(OrderChoice.decide(other, .auto)))
        }
        rare.otherIndexes = 1
        #expect(!isPhysical(OrderChoice.decide(rare, .auto)))
        var indexed = scattered
        indexed.otherIndexes = 3
        #expect(OrderChoice.logGain(indexed) == gain)
        let large = OrderChoice.logGain(
            facts {
                $0.pages = 165_000
                $0.rowsPerPage = 60
            })
        #expect(large > 2)
    }

    /// The rarer checkpoints are, the less there is to gain, down to nothing.
    @Test func theGainFallsWithTheTimeBetweenCheckpoints() {
        var last = Double.infinity
        for bytes in stride(from: 20e6, through: 6e9, by: 40e6) {
            let gain = OrderChoice.logGain(facts { $0.server.maxWalBytes = bytes * 1.9 })
            #expect(gain <= last + 1e-6)
            #expect(gain > 0.5)
            last = gain
        }
        #expect(last < 1)
        // Checkpoints that go by time, on a table that takes days.
        let slow = OrderChoice.logGain(
            facts {
                $0.server.maxWalBytes = 1e15 * 1.9
                $0.server.checkpointSeconds = 300
                $0.pages = 100_000_000
            })
        #expect(slow > 2.5)
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
