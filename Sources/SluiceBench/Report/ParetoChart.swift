import Foundation

/// What an application paid for each strategy's rate: the upper left is where one wants to be.
enum ParetoChart {
    private static let width = 900.0
    private static let height = 360.0
    private static let margin = 60.0

    private struct Point {
        let name: String
        let milliseconds: Double
        let rate: Double
        let isKept: Bool
    }

    /// The chart; empty where no application worked beside.
    static func svg(_ section: BenchReport.Section) -> String {
        let points = section.entries.filter { $0.problem == nil }.compactMap { entry in
            entry.spread(\.applicationP95Seconds).flatMap { p95 in
                entry.rate.map {
                    Point(
                        name: entry.strategy, milliseconds: p95.median * 1e3, rate: $0.median,
                        isKept: entry.keepsLimit ?? true)
                }
            }
        }
        guard let top = points.map(\.rate).max(), top > 0,
            let least = points.map(\.milliseconds).min(), least > 0,
            let most = points.map(\.milliseconds).max()
        else { return "" }
        // Latencies differ by powers of ten.
        let decades = max(log10(most / least), 0.1)
        func x(_ milliseconds: Double) -> Double {
            margin + log10(milliseconds / least) / decades * (width - 4 * margin)
        }
        func y(_ rate: Double) -> Double { height - margin - rate / top * (height - 2 * margin) }
        let marks = points.map { point in
            let colour = point.isKept ? "#0b7285" : "#c92a2a"
            let place = (x(point.milliseconds), y(point.rate))
            return """
                <circle cx="\(place.0)" cy="\(place.1)" r="5" fill="\(colour)"/>
                <text x="\(place.0 + 8)" y="\(place.1 + 4)">\(HTMLReport.escape(point.name))</text>
                """
        }
        let floor = height - margin + 12
        return """
            <h3>Rate against the application&#8217;s latency</h3>
            <svg viewBox="0 0 \(width) \(height)" role="img" aria-label="rate against latency">
            <line x1="\(margin)" x2="\(width - margin)" y1="\(floor)" y2="\(floor)" \
            stroke="#868e96"/>
            <text x="\(margin)" y="\(floor + 20)">\(Decimals.text(least, digits: 1)) ms</text>
            <text x="\(x(most))" y="\(floor + 20)">\(Decimals.text(most, digits: 1)) ms</text>
            <text x="\(margin)" y="20">up to \(Int(top)) rows/s; 95th percentile, to the right \
            worse; red: over the limit</text>
            \(marks.joined(separator: "\n"))
            </svg>
            """
    }
}
