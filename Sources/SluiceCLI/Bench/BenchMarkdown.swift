import SluiceBench

/// A benchmark as a table for a page of text: a line for each table that was filled.
enum BenchMarkdown {
    /// The table, with where it comes from below.
    static func text(of report: BenchReport) -> String {
        var lines = [
            "| table | one UPDATE | fastest other | Sluice | WAL a row | table grows |",
            "|---|--:|---|--:|--:|--:|",
        ]
        for section in report.sections { lines.append(line(section)) }
        let rounds = report.rounds == 1 ? "one round" : "medians of \(report.rounds) rounds"
        lines += [
            "",
            "PostgreSQL \(report.serverVersion)"
                + (report.cores > 0 ? ", \(Format.count(report.cores, "core")), " : ", ")
                + "\(rounds); WAL and growth: Sluice, and one UPDATE in brackets"
                + (report.rounds > 1 ? "; tie: not told from the first." : "."),
        ]
        let noisy = report.sections.filter { Verdict($0).isNoisy }.map(\.scenario)
        if !noisy.isEmpty {
            lines += ["", "Too noisy for small differences: \(noisy.joined(separator: ", "))."]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func line(_ section: BenchReport.Section) -> String {
        let places = Verdict(section).places
        let ours = places.first { $0.strategy == StrategyList.ours }
        let single = places.first { $0.strategy == StrategyList.reference }
        let other = places.first { !$0.strategy.hasPrefix(StrategyList.ours) }
        func entry(_ name: String) -> BenchReport.Entry? {
            section.entries.first { $0.strategy == name }
        }
        func both(_ figure: (CellFigures) -> Double?, _ text: (Double) -> String) -> String {
            let values = [StrategyList.ours, StrategyList.reference].map { name in
                entry(name)?.spread(figure).map { text($0.median) } ?? "–"
            }
            return "\(values[0]) (\(values[1]))"
        }
        let cells = [
            "\(section.scenario), \(Format.count(section.rows))",
            single.map(rate) ?? "–",
            other.map { "\($0.strategy): \(rate($0))" } ?? "–",
            ours.map { place in
                let factor = place.overSingle.map { " (\(BenchText.times($0))×)" } ?? ""
                let word = place.keepsLimit == false ? nil : place.word
                return rate(place) + factor + (word.map { ", \($0)" } ?? "")
            } ?? "–",
            both(\.walBytesPerRow) { "\(Format.count(Int($0.rounded()))) B" },
            both(\.heapGrowth) { "\(Int(($0 * 100).rounded())) %" },
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    /// Rows a second; in brackets where the scenario's limit was not kept.
    private static func rate(_ place: Verdict.Place) -> String {
        let rate = "\(Format.count(Int(place.rate.median)))/s"
        return place.keepsLimit == false ? rate + ", over the limit" : rate
    }
}
