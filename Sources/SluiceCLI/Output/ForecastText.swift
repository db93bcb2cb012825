import Sluice
import SluiceCore

/// What a run is reckoned to cost, for people.
enum ForecastText {
    /// Names and sentences, in order.
    static func fields(_ forecast: Forecast) -> [(name: String, text: String)] {
        var fields = [
            ("log", amount(forecast.walBytes) + " of WAL"),
            (
                "growth",
                "table \(amount(forecast.heapBytes)); indexes \(amount(forecast.indexBytes))"
            ),
            ("time", time(forecast)),
            ("disk", "\(size(forecast.diskBytes)) should be free: growth, and log that is kept"),
        ]
        if forecast.deadBytes > 0 {
            fields.append(("dead", "about \(size(forecast.deadBytes)) for VACUUM to free"))
        }
        fields.append(("basis", basis(forecast)))
        return fields
    }

    /// The forecast beside what was measured, on one line.
    static func outcome(_ outcome: ForecastOutcome) -> String {
        let forecast = outcome.forecast
        var words: [String] = []
        if let bytes = outcome.walBytes {
            words.append("WAL \(size(forecast.walBytes.likely)) / \(size(bytes))")
        }
        words += [
            "table +\(size(forecast.heapBytes.likely)) / \(signed(outcome.heapBytes))",
            "indexes +\(size(forecast.indexBytes.likely)) / \(signed(outcome.indexBytes))",
        ]
        if let seconds = outcome.seconds {
            let likely = Format.duration(Double(forecast.seconds.likely))
            words.append("\(likely) / \(Format.duration(seconds))")
        }
        return "forecast / measured: " + words.joined(separator: " · ")
    }

    /// How rows were changed: within their page, in lanes; `nil` where nothing is known.
    static func shares(_ status: RunStatus) -> String? {
        guard let hot = status.hotShare else { return nil }
        let lanes = status.lanesShare.map { ", lanes used for \(percent($0))" } ?? ""
        return "\(percent(hot)) of rows changed in place (HOT)\(lanes)"
    }

    private static func time(_ forecast: Forecast) -> String {
        let likely = Format.duration(Double(forecast.seconds.likely))
        let most = Format.duration(Double(forecast.seconds.most))
        let end = forecast.seconds.most > forecast.seconds.likely ? ", at most \(most)" : ""
        return forecast.bound.isEmpty ? "none" : "about \(likely)\(end), by \(forecast.bound)"
    }

    private static func basis(_ forecast: Forecast) -> String {
        var words: String
        if let rows = forecast.probedRows {
            words = "statistics, and \(Format.count(rows, "row")) tried on a copy"
        } else {
            words = "statistics alone: " + (forecast.unprobed ?? "")
        }
        if let share = forecast.hotShare { words += "; \(percent(share)) of rows in place" }
        return words
    }

    private static func amount(_ amount: Forecast.Amount) -> String {
        if amount.most == 0 { return "nothing" }
        return "about \(size(amount.likely)), at most \(size(amount.most))"
    }

    /// Whole percents, rounded down: all is all.
    private static func percent(_ share: Double) -> String {
        "\(Int(min(max(share, 0), 1) * 100)) %"
    }

    private static func signed(_ bytes: Int) -> String {
        bytes < 0 ? "−" + size(Int(bytes.magnitude)) : "+" + size(bytes)
    }

    /// A size of which two digits count.
    static func size(_ bytes: Int) -> String {
        var unit = 1
        while unit <= bytes / 1_024 { unit *= 1_024 }
        let inUnit = Double(bytes) / Double(unit)
        guard inUnit >= 100 else { return Format.bytes(bytes) }
        let rounded = (inUnit / 10).rounded() * 10 * Double(unit)
        return Format.bytes(rounded < 9.2e18 ? Int(rounded) : Int.max)
    }
}
