import Testing

@testable import SluiceBench

/// Others' rules for the size of the next batch, as their sources have them.
@Suite struct SizeRuleTests {
    @Test(arguments: [
        (10_000, 1.0, 20_000), (10_000, 90, 20_000), (10_000, 120, 15_000), (10_000, 180, 10_000),
        (10_000, 360, 5_000), (10_000, 0, 20_000),
    ])
    func graphNodeAimsAtThreeMinutes(_ keys: Int, _ seconds: Double, _ expected: Int) {
        var past = AdaptiveWalk.Past()
        let next = AdaptiveWalk.graphNode.next(keys, seconds, &past)
        #expect(next == expected)
        #expect(past == AdaptiveWalk.Past(), "it remembers nothing")
    }

    @Test func ptOSCWeighsByTime() {
        let rule = AdaptiveWalk.ptOSC
        #expect(rule.first == 1_000)
        var past = AdaptiveWalk.Past()
        // 4,000 keys a second, and half a second of that.
        let second = rule.next(1_000, 0.25, &past)
        #expect(second == 2_000)
        // 750 + 2,000 keys in 0.1875 + 1 s: not the mean of the rates, which would be 1,750.
        let third = rule.next(2_000, 1, &past)
        #expect(third == 1_157)
        #expect(past == AdaptiveWalk.Past(keys: 2_750, seconds: 1.1875))
    }

    @Test func spiritLooksAtTen() {
        var size = SpiritChunks.Size()
        for _ in 0..<10 { size.note(seconds: 1) }
        #expect(size.keys == 1_000 && size.recent.count == 10)
        size.note(seconds: 1)
        #expect(size.keys == 1_500 && size.recent.isEmpty, "at most half as large again")
        // The slowest tenth of them counts.
        for seconds in [10, 10] + Array(repeating: 1.0, count: 9) { size.note(seconds: seconds) }
        #expect(size.keys == 750)
        size.note(seconds: 25.1)
        #expect(size.keys == 75, "five times too slow")
        size.note(seconds: 26)
        size.note(seconds: 26)
        #expect(size.keys == 10, "not fewer")
        for _ in 0..<1_100 { size.note(seconds: 0.001) }
        #expect(size.keys == 100_000, "not more")
    }
}
