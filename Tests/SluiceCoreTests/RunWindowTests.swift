import SluiceCore
import Testing

@Suite struct RunWindowTests {
    private static let day = RunWindow.minutesOfDay

    private static func window(_ spans: (Int, Int)...) -> RunWindow {
        RunWindow(spans: spans.map { RunWindow.Span(from: $0.0, to: $0.1) }, zone: "UTC")
    }

    @Test func aSpanIsClosedBelowAndOpenAbove() {
        let noon = Self.window((720, 780))
        #expect(noon.isOpen(minuteOfDay: 720) && noon.isOpen(minuteOfDay: 779))
        #expect(!noon.isOpen(minuteOfDay: 719) && !noon.isOpen(minuteOfDay: 780))
        #expect(noon.minutesUntilOpen(minuteOfDay: 719) == 1)
        #expect(noon.minutesUntilOpen(minuteOfDay: 780) == Self.day - 60)
        #expect(noon.minutesUntilOpen(minuteOfDay: 750) == 0)
    }

    @Test func aSpanMayCrossMidnight() {
        let night = Self.window((1_320, 360))
        for minute in [1_320, 1_439, 0, 359] { #expect(night.isOpen(minuteOfDay: minute)) }
        for minute in [360, 1_319] { #expect(!night.isOpen(minuteOfDay: minute)) }
        #expect(night.minutesUntilOpen(minuteOfDay: 1_128) == 192)
        #expect(Self.window((1_320, 0)).minutesUntilOpen(minuteOfDay: 0) == 1_320)
    }

    @Test func theWholeDayIsAlwaysOpen() {
        for minute in 0..<Self.day {
            #expect(Self.window((0, Self.day)).isOpen(minuteOfDay: minute))
        }
    }

    @Test func adjacentSpansLeaveNoGap() {
        let both = Self.window((60, 120), (120, 180))
        for minute in 60..<180 { #expect(both.isOpen(minuteOfDay: minute)) }
        #expect(!both.isOpen(minuteOfDay: 59) && !both.isOpen(minuteOfDay: 180))
    }

    /// Against a day that is coloured in minute by minute.
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func whatIsOpenAndWhenIsWhatAColouredDaySays(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var spans: [RunWindow.Span] = []
        var day = Array(repeating: false, count: Self.day)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let from = Int.random(in: 0..<Self.day, using: &random)
            let length = Int.random(in: 1..<Self.day, using: &random)
            // An end at midnight may be written as the day's first minute or as its last.
            let end = (from + length) % Self.day
            let to = end == 0 && Bool.random(using: &random) ? Self.day : end
            spans.append(RunWindow.Span(from: from, to: to))
            for minute in from..<(from + length) { day[minute % Self.day] = true }
        }
        let window = RunWindow(spans: spans, zone: "UTC")
        #expect(window.isSound)
        // From the day's end backwards, twice round: how far the next coloured minute is.
        var waits = Array(repeating: Int?.none, count: Self.day)
        var next: Int?
        for minute in (0..<2 * Self.day).reversed() {
            if day[minute % Self.day] { next = minute }
            waits[minute % Self.day] = next.map { $0 - minute }
        }
        let wrong = (0..<Self.day).filter {
            window.isOpen(minuteOfDay: $0) != day[$0]
                || window.minutesUntilOpen(minuteOfDay: $0) != waits[$0]
        }
        #expect(wrong == [])
    }

    @Test func whatIsNoWindowIsNotSound() {
        for (from, to) in [(-1, 5), (1_440, 5), (5, 1_441), (5, 5)] {
            #expect(!Self.window((from, to)).isSound)
        }
        #expect(!RunWindow(spans: [], zone: "UTC").isSound)
        #expect(!RunWindow(spans: [.init(from: 0, to: 1)], zone: "").isSound)
        #expect(Self.window().minutesUntilOpen(minuteOfDay: 0) == nil)
        #expect(Self.window((65, 360), (0, 1_440)).text == "01:05-06:00,00:00-24:00@UTC")
    }
}
