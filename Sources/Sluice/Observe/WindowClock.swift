import Foundation
import SluiceCore

/// The clock on the wall of a time zone.
enum WindowClock {
    /// The minute of the day there; `nil` for a zone that this host does not know.
    static func minuteOfDay(in zone: String, at moment: Date = Date()) -> Int? {
        guard let timeZone = TimeZone(identifier: zone) else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        let parts = calendar.dateComponents([.hour, .minute], from: moment)
        guard let hour = parts.hour, let minute = parts.minute else { return nil }
        return hour * 60 + minute
    }

    /// Why no batch may start, in words, or `nil` within the window.
    static func reason(_ window: RunWindow, at moment: Date = Date()) -> String? {
        guard let minute = minuteOfDay(in: window.zone, at: moment) else {
            return "the time zone \(window.zone) of the window is not known on this host"
        }
        guard let wait = window.minutesUntilOpen(minuteOfDay: minute), wait > 0 else { return nil }
        let (hours, minutes) = wait.quotientAndRemainder(dividingBy: 60)
        let words =
            [hours > 0 ? "\(hours) h" : nil, minutes > 0 ? "\(minutes) min" : nil]
            .compactMap { $0 }.joined(separator: " ")
        return "the window \(window.hours) opens in \(words) (\(window.zone))"
    }
}
