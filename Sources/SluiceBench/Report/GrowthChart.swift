/// How rates change with the size of the table, where a scenario was run with several.
enum GrowthChart {
    private static let width = 900.0
    private static let height = 320.0
    private static let margin = 60.0
    private static let colours = [
        "#0b7285", "#c92a2a", "#e67700", "#5f3dc4", "#2b8a3e", "#364fc7", "#a61e4d", "#495057",
    ]

    /// A chart for each such scenario.
    static func svg(_ sections: [BenchReport.Section]) -> String {
        var seen: [String] = []
        for section in sections where !seen.contains(section.scenario) {
            seen.append(section.scenario)
        }
        return seen.map { name in chart(sections.filter { $0.scenario == name }) }.joined()
    }

    private static func chart(_ sections: [BenchReport.Section]) -> String {
        let sizes = sections.map { Double($0.rows) }
        guard let least = sizes.min(), let most = sizes.max(), most > least else { return "" }
        let rates = sections.flatMap { $0.entries.compactMap { $0.rate?.median } }
        guard let top = rates.max(), top > 0 else { return "" }
        func x(_ rows: Double) -> Double {
            margin + (rows - least) / (most - least) * (width - 4 * margin)
        }
        func y(_ rate: Double) -> Double { height - margin + 30 - rate / top * (height - margin) }
        let names = sections[0].entries.map(\.strategy)
        let lines = names.enumerated().compactMap { index, name -> String? in
            let points = sections.compactMap { section -> (Double, Double)? in
                section.entries.first { $0.strategy == name && $0.problem == nil }?.rate
                    .map { (x(Double(section.rows)), y($0.median)) }
            }
            guard let last = points.last, points.count > 1 else { return nil }
            let colour = colours[index % colours.count]
            let path = points.map { "\($0.0),\($0.1)" }.joined(separator: " ")
            return """
                <polyline points="\(path)" fill="none" stroke="\(colour)" stroke-width="2"/>
                <text x="\(last.0 + 6)" y="\(last.1 + 4)">\(HTMLReport.escape(name))</text>
                """
        }
        return """
            <h2>\(HTMLReport.escape(sections[0].scenario)): rate by size of the table</h2>
            <p>From \(Int(least)) to \(Int(most)) rows, up to \(Int(top)) rows/s.</p>
            <svg viewBox="0 0 \(width) \(height + 20)" role="img" aria-label="rate by size">
            \(lines.joined(separator: "\n"))
            </svg>
            """
    }
}
