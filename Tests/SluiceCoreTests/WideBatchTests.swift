import SluiceCore
import Testing

@Suite struct WideBatchTests {
    private static func counts(
        _ keys: Int, bytes: Int? = 1, finished: Bool = false
    ) -> BatchCounts {
        BatchCounts(keysScanned: keys, rowsChanged: keys, finishedRange: finished, bytes: bytes)
    }

    @Test(arguments: [
        (fitted: 3, asked: 6), (0, 2), (1, 2), (2_000, 4_000), (2_499, 4_998), (2_500, 5_000),
        (5_000, 5_000), (.max, 5_000),
    ])
    func aBatchAsksForTwiceWhatFitted(fitted: Int, asked: Int) {
        var wide = WideBatch()
        #expect(wide.keys(limit: 5_000) == 5_000)
        wide.observe(Self.counts(fitted))
        #expect(wide.keys(limit: 5_000) == asked)
        #expect(wide.keys(limit: 1) == 1)
    }

    @Test func smallRowsBringTheFullBatchBack() {
        var wide = WideBatch()
        wide.observe(Self.counts(1))
        var asked: [Int] = []
        for _ in 0..<12 {
            asked.append(wide.keys(limit: 1_000))
            wide.observe(Self.counts(wide.keys(limit: 1_000)))
        }
        #expect(asked == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1_000, 1_000, 1_000])
    }

    @Test func theLastBatchOfARangeSaysNothing() {
        var wide = WideBatch()
        wide.observe(Self.counts(400))
        wide.observe(Self.counts(1, finished: true))
        #expect(wide.keys(limit: 5_000) == 800)
    }

    @Test func batchesOfANarrowTableAreFull() {
        var wide = WideBatch()
        wide.observe(Self.counts(1))
        wide.observe(Self.counts(1, bytes: nil))
        #expect(wide.keys(limit: 5_000) == 5_000)
    }

    @Test func theSchedulerAsksForWhatFits() {
        var scheduler = RunScheduler(limits: Limits(), seed: 1)
        let range = HeldRange(number: 1, epoch: 1, hasCursor: true, batches: 0)
        _ = scheduler.workersToStart()
        _ = scheduler.next(worker: 0, after: .connected, nowSeconds: 0)
        let first = scheduler.next(worker: 0, after: .claimed(range), nowSeconds: 0)
        #expect(first == .send(range, keys: 5_000, firstOfRange: false))
        let second = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        #expect(second == .send(range, keys: 5_000, firstOfRange: false))
        _ = scheduler.next(worker: 0, after: .sent, nowSeconds: 0)
        let third = scheduler.next(
            worker: 0, after: .committed(Self.counts(3)), nowSeconds: 0)
        #expect(third == .send(range, keys: 6, bytes: 64 << 10, firstOfRange: false))
    }

    /// Rows of 40 bytes, and then of 16 kB: the first batch of those ends after a few.
    @Test func rowsThatTurnHeavyEndTheirFirstBatch() {
        var wide = WideBatch()
        #expect(wide.bytes(keys: 9_000) == nil)
        wide.observe(Self.counts(9_000, bytes: 360_000))
        #expect(wide.bytes(keys: 9_000) == 4 * 360_000)
        #expect(wide.bytes(keys: 10) == 64 << 10)
        let fitting = 4 * 360_000 / 16_000
        wide.observe(Self.counts(fitting, bytes: fitting * 16_000))
        // Known by then: the next one may have as many again as it asks for.
        let keys = wide.keys(limit: 9_000)
        #expect(keys == 2 * fitting)
        #expect(wide.bytes(keys: keys) == 4 * keys * 16_000)
    }

    /// A light stretch does not make the usual batch behind it end early.
    @Test func whatARowWeighsFallsSlowly() {
        var wide = WideBatch()
        wide.observe(Self.counts(1_000, bytes: 1_000_000))
        for _ in 0..<5 { wide.observe(Self.counts(1_000, bytes: 1_000)) }
        let bytes = wide.bytes(keys: 1_000) ?? 0
        #expect(bytes > 1_000_000 && bytes < 2_000_000)
        wide.observe(Self.counts(1_000, bytes: nil))
        #expect(wide.bytes(keys: 1_000) == nil)
    }

    @Test func aBatchOfNoKeysSaysNothingOfThem() {
        var wide = WideBatch()
        wide.observe(Self.counts(0, bytes: 0))
        #expect(wide.bytes(keys: 100) == nil)
    }
}
