/// How far the replica was behind over time, for those whose lag can be told from none.
enum LagChart {
    private static let width = 900.0
    private static let height = 300.0
    private static let margin = 60.0
    /// Less is nothing to look at, in seconds.
    private static let lagSecondsLeast = 1.0
    /// More lines cannot be told apart.
    private static let linesMax = 6
    private static let colours = [
        "#0b7285", "#c92a2a", "#e67700", "#5f3dc4", "#2b8a3e", "#364fc7",
    ]

    /// The chart of the first round; empty where nobody was behind.
    static func svg(_ section: BenchReport.Section) -> String {
        let all = section.entries.compactMap { entry in
            entry.rounds.first?.lagSeries.map { (name: entry.strategy, points: $0) }
        }.filter { $0.points.count > 1 }
        let most = all.flatMap(\.points).map(\.lagSeconds).max() ?? 0
        guard most >= lagSecondsLeast else { return "" }
        // Ours, what people know, and then whoever was furthest behind.
        let known = [StrategyList.ours, StrategyList.reference]
        let lines =
            all.filter { known.contains($0.name) }
            + all.filter { !known.contains($0.name) }.sorted {
                highest($0.points) > highest($1.points)
            }
        let shown = Array(lines.prefix(linesMax))
        let span = shown.flatMap(\.points).map(\.atSeconds).max() ?? 1
        func x(_ seconds: Double) -> Double {
            margin + seconds / max(span, 1e-9) * (width - 4 * margin)
        }
        func y(_ lag: Double) -> Double { height - margin - lag / most * (height - 2 * margin) }
        let drawn = shown.enumerated().map { index, line in
            let path = line.points.map { "\(x($0.atSeconds)),\(y($0.lagSeconds))" }
                .joined(separator: " ")
            let colour = colours[index % colours.count]
            return """
                <polyline points="\(path)" fill="none" stroke="\(colour)" stroke-width="2"/>
                <text x="\(width - 3 * margin + 8)" y="\(30 + Double(index) * 20)" \
                fill="\(colour)" style="fill:\(colour)">\(HTMLReport.escape(line.name))</text>
                """
        }
        return """
            <h3>Lag of the replica</h3>
            <svg viewBox="0 0 \(width) \(height)" role="img" aria-label="lag over time">
            <line x1="\(margin)" x2="\(width - 3 * margin)" y1="\(height - margin)" \
            y2="\(height - margin)" stroke="#868e96"/>
            <text x="\(margin)" y="\(height - margin + 20)">0 s to \
            \(Decimals.text(span, digits: 1)) s; up to \(Decimals.text(most, digits: 1)) s \
            behind</text>
            \(drawn.joined(separator: "\n"))
            </svg>
            """
    }

    private static func highest(_ points: [LagPoint]) -> Double {
        points.map(\.lagSeconds).max() ?? 0
    }
}
