/// The hours of the day in which a run may work, in one time zone.
///
/// Minutes are those of the clock on the wall: whoever asks computes them in the zone, daylight
/// saving included. A minute that the clock skips is skipped here, and one that it shows twice
/// counts twice.
public struct RunWindow: Sendable, Equatable {
    /// From one minute of the day up to, but without, another; it may cross midnight.
    public struct Span: Sendable, Equatable {
        /// The first minute, from 0 to 1439.
        public let from: Int
        /// The minute at which it ends, from 0 to 1440; before `from`, it is tomorrow's.
        public let to: Int

        /// Takes the ends as they are; ``isSound`` judges them.
        public init(from: Int, to: Int) {
            self.from = from
            self.to = to
        }

        /// Whether the ends are minutes of a day and something lies between them.
        public var isSound: Bool {
            (0..<RunWindow.minutesOfDay).contains(from) && (0...RunWindow.minutesOfDay).contains(to)
                && from != to
        }

        /// Whether a minute of the day lies within.
        public func contains(_ minute: Int) -> Bool {
            from < to ? from <= minute && minute < to : from <= minute || minute < to
        }

        /// `22:00-06:00`.
        public var text: String { RunWindow.clock(from) + "-" + RunWindow.clock(to) }
    }

    /// Minutes between two midnights by the clock on the wall.
    public static let minutesOfDay = 1_440

    /// When work is allowed: within any of these.
    public let spans: [Span]
    /// The zone's name, such as `Europe/Stockholm`.
    public let zone: String

    /// Takes the parts as they are; ``isSound`` judges them.
    public init(spans: [Span], zone: String) {
        self.spans = spans
        self.zone = zone
    }

    /// Whether there is a zone and at least one span, and each span is sound.
    public var isSound: Bool {
        !spans.isEmpty && !zone.isEmpty && spans.allSatisfy(\.isSound)
    }

    /// Whether work is allowed in this minute of the day.
    public func isOpen(minuteOfDay: Int) -> Bool {
        spans.contains { $0.contains(minuteOfDay) }
    }

    /// Minutes until work is allowed: 0 where it is, `nil` where it never will be.
    ///
    /// In minutes of the clock on the wall: an hour more or less where it is changed meanwhile.
    public func minutesUntilOpen(minuteOfDay: Int) -> Int? {
        if isOpen(minuteOfDay: minuteOfDay) { return 0 }
        return spans.map { span in
            let ahead = span.from - minuteOfDay
            return ahead > 0 ? ahead : ahead + Self.minutesOfDay
        }.min()
    }

    /// The share of a day in which work is allowed, from 0 to 1.
    public var openShare: Double {
        let open = (0..<Self.minutesOfDay).count { isOpen(minuteOfDay: $0) }
        return Double(open) / Double(Self.minutesOfDay)
    }

    /// The spans as they are typed: `22:00-06:00,12:00-13:00`.
    public var hours: String { spans.map(\.text).joined(separator: ",") }

    /// The whole as it is typed: `22:00-06:00@Europe/Stockholm`.
    public var text: String { hours + "@" + zone }

    private static func clock(_ minute: Int) -> String {
        let (hours, minutes) = minute.quotientAndRemainder(dividingBy: 60)
        return (hours < 10 ? "0" : "") + "\(hours):" + (minutes < 10 ? "0" : "") + "\(minutes)"
    }
}
