/// Whether a run vacuums the tables that it changes, and how often.
public enum VacuumSetting: Sendable, Equatable, Hashable {
    /// Never.
    case off
    /// Whenever it has left behind ``shareAuto`` of a table.
    case auto
    /// Whenever it has left behind this share of a table, above 0 to 1.
    case share(Double)

    /// The share of `auto`: each time all indexes are read, so rarely; but what is freed can be
    /// filled again, so early enough that a table grows little.
    public static let shareAuto = 0.05
    /// The same beside an application that has a latency to keep: as rarely as autovacuum would, by
    /// its default.
    ///
    /// While a table was vacuumed, however slowly, the application's 95th percentile
    /// rose to twice and more.
    public static let shareAutoGentle = 0.2

    /// The setting beside an application that has a latency to keep.
    public var gentle: VacuumSetting { self == .auto ? .share(Self.shareAutoGentle) : self }

    /// Lanes that a table is filled in, where they decide how often it is vacuumed.
    public enum Lanes: Sendable, Equatable {
        /// Along its keys, with so many rows in a page.
        case ofKeys(rowsPerPage: Double)
        /// In the order of its pages.
        case ofPages
    }

    /// Dead rows in a page of a table that is filled in lanes, below which a vacuum is not worth
    /// going over all of its pages: a batch that is plain leaves pages with nothing else, lanes
    /// some in each (2 M rows of 1 kB, seven in a page: 22 s with one at 5 % of the rows and 14
    /// without, a tenth more log, no less growth; of 110 bytes it costs nothing).
    public static let deadRowsOfPageMin = 1.0

    /// The setting for a table that is filled in lanes; `nil` for none.
    ///
    /// In lanes of pages as rarely as beside an application: no page is visited again behind them,
    /// so that nothing fills what a vacuum would free, and each would be written to the log once
    /// more (2 M rows: a seventh more log, no less growth).
    public func inLanes(_ lanes: Lanes?) -> VacuumSetting {
        guard self == .auto, let lanes else { return self }
        switch lanes {
        case .ofPages: return gentle
        case .ofKeys(let rowsPerPage):
            let least = min(1, Self.deadRowsOfPageMin / max(1, rowsPerPage))
            return least > Self.shareAuto ? .share(least) : self
        }
    }

    /// The smallest share that is taken: below it the table is vacuumed without a pause.
    public static let shareMin = 0.001

    /// The share of a table's rows; `nil` where it is off.
    public var share: Double? {
        switch self {
        case .off: nil
        case .auto: Self.shareAuto
        case .share(let share): share
        }
    }

    /// As it is written: `off`, `auto` or `5%`.
    public var text: String {
        switch self {
        case .off: return "off"
        case .auto: return "auto"
        case .share(let share):
            // Thousandths of a percent are more than anybody means.
            let thousandths = Int((share * 100_000).rounded())
            let (whole, rest) = thousandths.quotientAndRemainder(dividingBy: 1_000)
            if rest == 0 { return "\(whole)%" }
            var digits = String("\(1_000 + rest)".dropFirst())
            while digits.hasSuffix("0") { digits.removeLast() }
            return "\(whole).\(digits)%"
        }
    }

    /// Reads what ``text`` writes; `nil` for anything else.
    public init?(text: String) {
        switch text {
        case "off": self = .off
        case "auto": self = .auto
        default:
            guard text.hasSuffix("%"), let percent = Double(text.dropLast()),
                (Self.shareMin...1).contains(percent / 100)
            else { return nil }
            self = .share(percent / 100)
        }
    }
}
