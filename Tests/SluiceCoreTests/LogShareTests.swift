import SluiceCore
import Testing

/// Telling the run's log from everybody else's.
struct LogShareTests {
    /// Polls four times a second with a rate that changes, a row of `bytes`, and others' log.
    private func share(
        bytes: Double, others: Double, rates: [Int], seed: UInt64 = 1
    ) -> Double? {
        var share = LogShare()
        var generator = SeededGenerator(seed: seed)
        var position = 1_000_000.0
        share.observe(position: UInt64(position), rows: 0, nowSeconds: 0)
        for poll in 1...80 {
            let rows = rates[poll / 8 % rates.count] / 4
            let noise = 0.9 + 0.2 * generator.nextUnit()
            position += (Double(rows) * bytes + others / 4) * noise
            share.observe(
                position: UInt64(position), rows: rows, nowSeconds: Double(poll) * 0.25)
        }
        return share.bytesPerRow
    }

    @Test(arguments: 0..<50)
    func aRateThatChangesTellsThemApart(seed: Int) throws {
        let found = try #require(
            share(
                bytes: 400, others: 8_000_000, rates: [40_000, 10_000, 0],
                seed: UInt64(seed)))
        #expect(abs(found - 400) < 60, "seed \(seed): \(found)")
    }

    @Test func aSteadyRateTakesAllForItsOwn() throws {
        let alone = try #require(share(bytes: 400, others: 0, rates: [20_000]))
        #expect(abs(alone - 400) < 20, "\(alone)")
        let beside = try #require(share(bytes: 400, others: 4_000_000, rates: [20_000]))
        #expect(beside > 400 && beside < 620, "\(beside)")
    }

    @Test func withoutRowsNothingIsKnown() {
        #expect(share(bytes: 400, others: 1_000_000, rates: [0]) == nil)
        #expect(LogShare().bytesPerRow == nil)
    }

    @Test func aLogThatBeginsAnewSaysNothing() {
        var share = LogShare()
        share.observe(position: 1_000_000, rows: 0, nowSeconds: 0)
        share.observe(position: 10, rows: 100, nowSeconds: 1)
        #expect(share.bytesPerRow == nil)
        share.observe(position: 40_010, rows: 100, nowSeconds: 2)
        #expect(share.bytesPerRow.map { abs($0 - 400) < 1 } == true)
    }
}
