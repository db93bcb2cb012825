import Testing

@testable import SluiceBench

struct TransactionLogTests {
    static let text = """
        0 1 2000 0 1700000000 500000 30
        1 1 4000 0 1700000001 0 30
        0 2 skipped 0 1700000001 1000 30
        1 2 12000 0 1700000002 250000 30
        0 3 1
        """

    @Test func whatIsNoFinishedTransactionIsLeftOut() {
        let log = TransactionLog(text: Self.text)
        #expect(log.entries.map(\.latencyMilliseconds) == [2, 4, 12])
        #expect(log.entries.first?.endedAtSeconds == 1_700_000_000.5)
    }

    @Test func figuresAreThoseOfTheSpan() {
        let log = TransactionLog(text: Self.text)
        let figures = log.figures(from: 1_700_000_000, to: 1_700_000_002)
        #expect(
            figures
                == LatencyFigures(
                    meanMilliseconds: 3, p95Milliseconds: 4, p99Milliseconds: 4,
                    transactionsPerSecond: 1))
        #expect(log.figures(from: 0, to: 1) == nil)
        #expect(TransactionLog(text: "").figures(from: 0, to: 1) == nil)
    }

    @Test func whatWasDueInTheSpanCountsThoughItEndedLater() {
        let log = TransactionLog(text: "0 1 9000000 1 1700000009 500000 0")
        #expect(log.figures(from: 1_700_000_000, to: 1_700_000_001)?.p99Milliseconds == 9_000)
        #expect(log.figures(from: 1_700_000_009, to: 1_700_000_010) == nil)
        #expect(log.entries.first?.script == 1)
    }

    @Test func theNinetyFifthPercentileIsAMeasuredLatency() {
        let lines = (1...100).map { "0 \($0) \($0 * 1_000) 0 1700000000 0 0" }
        let log = TransactionLog(text: lines.joined(separator: "\n"))
        #expect(log.figures(from: 1_699_999_999, to: 1_700_000_001)?.p95Milliseconds == 95)
    }
}
