import Testing

@testable import SluiceCore

/// What statements are found to take alone while a run works beside them.
@Suite struct ForegroundLeastTests {
    /// Looks four times a second, from a second on, at a latency that may change.
    private static func looks(
        _ least: inout ForegroundLeast, alone: Double, from: Double = 0, seconds: Double,
        _ latency: (Double) -> Double
    ) -> (atSeconds: Double, alone: Double)? {
        for look in 0...Int(seconds * 4) {
            let now = from + Double(look) / 4
            let found = least.observe(
                latencySeconds: latency(now), aloneSeconds: alone, nowSeconds: now)
            if let found { return (now, found) }
        }
        return nil
    }

    @Test func lessThanWasMeasuredIsFoundAfterTwoLooksSpans() throws {
        var least = ForegroundLeast()
        let found = try #require(Self.looks(&least, alone: 0.5, seconds: 60) { _ in 0.3 })
        #expect(found.alone == 0.3)
        #expect(found.atSeconds == ForegroundLeast.spanSecondsMin)
        // Then it is known, and no news.
        #expect(Self.looks(&least, alone: 0.3, from: 7, seconds: 60) { _ in 0.3 } == nil)
    }

    @Test func whatIsNotClearlyLessIsNoNews() {
        var least = ForegroundLeast()
        #expect(Self.looks(&least, alone: 0.5, seconds: 120) { _ in 0.48 } == nil)
        #expect(Self.looks(&least, alone: 0.5, from: 121, seconds: 120) { _ in 0.9 } == nil)
    }

    /// A quarter of the looks may be quicker by luck.
    @Test func theQuickestLooksDoNotCount() {
        var least = ForegroundLeast()
        let found = Self.looks(&least, alone: 0.5, seconds: 120) { now in
            Int(now * 4).isMultiple(of: 5) ? 0.1 : 0.5
        }
        #expect(found == nil)
    }

    @Test func itIsNeverTakenForLessThanHalf() throws {
        var least = ForegroundLeast()
        var alone = 0.8
        var now = 0.0
        while let found = Self.looks(&least, alone: alone, from: now, seconds: 60, { _ in 0.01 }) {
            alone = found.alone
            now = found.atSeconds + 0.25
        }
        #expect(alone == 0.4)
    }

    @Test func looksOfLongAgoAreForgotten() throws {
        var least = ForegroundLeast()
        // Quick for five seconds, and slow ever since.
        let found = Self.looks(&least, alone: 0.5, seconds: 120) { $0 < 5 ? 0.2 : 0.6 }
        #expect(found?.atSeconds == ForegroundLeast.spanSecondsMin)
        var slow = ForegroundLeast()
        _ = Self.looks(&slow, alone: 0.5, seconds: 5.75) { _ in 0.2 }
        // Nothing for a while: batches were held back.
        #expect(Self.looks(&slow, alone: 0.5, from: 60, seconds: 60) { _ in 0.6 } == nil)
    }
}
