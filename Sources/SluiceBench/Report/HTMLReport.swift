/// A report as one HTML page that needs nothing else: no script, no font, no network.
public enum HTMLReport {
    /// The page.
    public static func page(_ report: BenchReport) -> String {
        let sections = report.sections.map { section($0) }.joined(separator: "\n")
        let settings = report.settings.sorted { $0.key < $1.key }
            .map { "\($0.key) = \($0.value)" }.joined(separator: ", ")
        let rounds =
            report.rounds == 1
            ? "one round"
            : "medians of \(report.rounds) interleaved rounds; tie: the rounds do not tell it from "
                + "the first"
        let notes = ((report.notes ?? []) + Caveats.sentences(report))
            .map { " " + escape($0) + "." }.joined()
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>sluice bench</title><style>\(style)</style></head><body>
            <h1>sluice bench</h1>
            <p>PostgreSQL \(escape(report.serverVersion))\
            \(report.cores > 0 ? ", \(report.cores) cores" : ""), \(rounds). \
            \(escape(settings)).\(notes)</p>
            \(GrowthChart.svg(report.sections))
            \(sections)
            <p>Others&#8217; strategies are their rules, written from their descriptions, and not \
            the products.</p>
            </body></html>

            """
    }

    private static func section(_ section: BenchReport.Section) -> String {
        let verdict = Verdict(section)
        let rules = section.entries.map { entry in
            let problem = entry.problem.map { " <b>\(escape($0))</b>" } ?? ""
            return "<dt>\(escape(entry.strategy))</dt><dd>\(escape(entry.rule))\(problem)</dd>"
        }.joined(separator: "\n")
        let limit = section.limit.map { " Limit: \(escape($0)); who keeps it comes first." } ?? ""
        let shortfall =
            Shortfall.sentence(section, verdict).map { "<p>\(escape($0)).</p>" } ?? ""
        let noise =
            Caveats.noise(verdict).map { "<p class=\"warning\">\(escape($0)).</p>" } ?? ""
        return """
            <h2>\(escape(section.scenario)): \(escape(section.title))</h2>
            <p>\(section.rows) rows, \(section.rowsDue) of them filled. Bars are medians, lines \
            reach from the slowest to the fastest round.\(limit)</p>\(shortfall)\(noise)
            \(RateChart.svg(verdict))
            \(ParetoChart.svg(section))
            \(LagChart.svg(section))
            \(FigureTable.html(section, verdict))
            <details><summary>What each does</summary><dl>\(rules)</dl></details>
            """
    }

    private static let style = """
        body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
        color:#1b2530;background:#fff}svg{width:100%;height:auto}dt{font-weight:600}\
        .warning,.over{color:#a33}table{border-collapse:collapse;font-size:14px;width:100%}\
        td,th{text-align:right;padding:.15rem .4rem;border-bottom:1px solid #dee2e6}\
        td:first-child,th:first-child{text-align:left}.wide{overflow-x:auto}\
        h2{margin-top:2.5rem}text{font:13px system-ui,sans-serif;fill:#1b2530}
        """

    /// Text as it may stand in a page.
    static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }
}
