/// Whether a run vacuums the tables that it changes, and how often.
public enum VacuumSetting: Sendable, Equatable, Hashable {
    /// Never.
    case off
    /// Whenever it has left behind ``shareAuto`` of a table, more rarely beside an application that
    /// has a latency to keep, and in lanes (``deadRowsWorth(rows:pages:lanes:isGentle:)``).
    case auto
    /// Whenever it has left behind this share of a table, above 0 to 1.
    case share(Double)

    /// The share of `auto`: each time all indexes are read, so rarely; but what is freed can be
    /// filled again, so early enough that a table grows little.
    public static let shareAuto = 0.05
    /// The same beside an application that has a latency to keep: as rarely as autovacuum would, by
    /// its default.
    ///
    /// While a table was vacuumed, however slowly, the application's 95th percentile rose to twice
    /// and more. And in lanes of pages: none is visited again behind them, so that nothing fills
    /// what a vacuum would free, and each would be written to the log once more (2 M rows: a
    /// seventh more log, no less growth).
    public static let shareAutoGentle = 0.2
    /// Dead rows in a page of a table that is filled in lanes along its keys, below which `auto`
    /// does not go over all of its pages: a plain batch leaves pages with nothing else, lanes some
    /// in each (2 M rows of 1 kB, seven in a page: 22 s with a vacuum at 5 % of the rows and 14
    /// without, a tenth more log, no less growth; with 60 in a page it costs nothing).
    public static let deadRowsOfPageMin = 1.0
    /// Fewest dead rows worth a vacuum: reading every index of a table for less than what a second
    /// of the run leaves behind is not, and autovacuum's own threshold sees to small tables.
    public static let deadRowsMin = 20_000.0

    /// The lanes that a table is filled in.
    public enum Lanes: Sendable, Equatable {
        /// Along its keys.
        case ofKeys
        /// In the order of its pages.
        case ofPages
    }

    /// How many dead rows are worth a vacuum of a table of so many rows and pages; `nil` for none.
    ///
    /// With `isGentle` an application has a latency to keep. Who names a share means it, whatever
    /// else is so.
    public func deadRowsWorth(
        rows: Double, pages: Double, lanes: Lanes?, isGentle: Bool
    ) -> Double? {
        guard var share else { return nil }
        var least = Self.deadRowsMin
        if self == .auto {
            if isGentle || lanes == .ofPages { share = Self.shareAutoGentle }
            if lanes == .ofKeys { least = max(least, Self.deadRowsOfPageMin * pages) }
        }
        return max(least, share * max(0, rows))
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
