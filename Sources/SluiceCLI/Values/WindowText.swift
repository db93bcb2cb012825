import Foundation
import Sluice
import SluiceCore

/// Reads the hours in which a run may work: `22:00-06:00,12:00-13:00@Europe/Stockholm`.
enum WindowText {
    /// The window; without a zone, in that of this host.
    static func window(_ text: String, for option: String) throws(UsageError) -> RunWindow {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        guard parts.count <= 2, let hours = parts.first else { throw malformed(text, for: option) }
        var spans: [RunWindow.Span] = []
        for piece in hours.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = piece.split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count == 2, let from = minute(ends[0]), let to = minute(ends[1]) else {
                throw malformed(text, for: option)
            }
            let span = RunWindow.Span(from: from, to: to)
            guard span.isSound else {
                throw UsageError(
                    from == to
                        ? "\(option) \(quote(span.text)) is no time at all: the whole day is "
                            + "00:00-24:00, or off"
                        : "\(option) takes spans that begin before 24:00, not \(quote(span.text))")
            }
            spans.append(span)
        }
        let zone = parts.count == 2 ? try zone(parts[1], for: option) : TimeZone.current.identifier
        return RunWindow(spans: spans, zone: zone)
    }

    /// The zone's name as the time zone database spells it.
    private static func zone(_ name: String, for option: String) throws(UsageError) -> String {
        let known = TimeZone.knownTimeZoneIdentifiers
        if let exact = known.first(where: { $0.lowercased() == name.lowercased() }) { return exact }
        // Other spellings, such as Asia/Calcutta or UTC, are in the database but not in the list.
        if !name.isEmpty, TimeZone(identifier: name) != nil { return name }
        let cities = known.compactMap { $0.split(separator: "/").last.map { String($0) } }
        let city = NearestWord.to(name, among: cities.map { $0.lowercased() })
        let hint =
            nearest(name, among: known)
            ?? known.first { $0.lowercased().hasSuffix("/" + (city ?? "?")) }
        throw UsageError(
            "\(option) names a time zone that is not known: \(quote(name)); "
                + (hint.map { "did you mean \($0)?" } ?? "write it as in Europe/Stockholm"))
    }

    /// The zone that a slip was meant to be, spelled as it is.
    private static func nearest(_ name: String, among zones: [String]) -> String? {
        let nearest = NearestWord.to(name, among: zones.map { $0.lowercased() })
        return zones.first { $0.lowercased() == nearest }
    }

    /// A minute of the day from `22:00`, `6:30` or `24:00`.
    private static func minute(_ text: Substring) -> Int? {
        let parts = text.trimmingCharacters(in: .whitespaces)
            .split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...2).contains(parts[0].count), parts[1].count == 2,
            parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } }),
            let hours = Int(parts[0]), let minutes = Int(parts[1]), minutes < 60,
            hours * 60 + minutes <= RunWindow.minutesOfDay
        else { return nil }
        return hours * 60 + minutes
    }

    private static func malformed(_ text: String, for option: String) -> UsageError {
        UsageError(
            "\(option) takes hours such as 22:00-06:00 or 22:00-06:00@Europe/Stockholm, with "
                + "commas between several, or off, not \(quote(text))")
    }
}
