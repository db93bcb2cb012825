/// Rates of one section as bars with their spread.
enum RateChart {
    private static let width = 900.0
    private static let labels = 160.0
    private static let row = 26.0

    /// The chart; empty where nothing was measured.
    static func svg(_ verdict: Verdict) -> String {
        guard let most = verdict.places.map(\.rate.high).max(), most > 0 else { return "" }
        let scale = (width - labels - 130) / most
        let bars = verdict.places.enumerated().map { index, place in
            bar(place, top: Double(index) * row, scale: scale)
        }
        let height = Double(verdict.places.count) * row + 8
        return """
            <svg viewBox="0 0 \(width) \(height)" role="img" aria-label="rows a second">
            \(bars.joined(separator: "\n"))
            </svg>
            """
    }

    private static func bar(_ place: Verdict.Place, top: Double, scale: Double) -> String {
        let middle = top + row / 2
        let rate = place.rate
        let colour = place.strategy.hasPrefix("sluice") ? "#0b7285" : "#adb5bd"
        let ends = (labels + rate.low * scale, labels + rate.high * scale)
        let name = HTMLReport.escape(place.strategy)
        return """
            <text x="\(labels - 8)" y="\(middle + 4)" text-anchor="end">\(name)</text>
            <rect x="\(labels)" y="\(top + 5)" width="\(rate.median * scale)" \
            height="\(row - 10)" fill="\(colour)"/>
            <line x1="\(ends.0)" x2="\(ends.1)" y1="\(middle)" y2="\(middle)" stroke="#1b2530"/>
            <text x="\(ends.1 + 8)" y="\(middle + 4)">\(Int(rate.median)) rows/s</text>
            """
    }
}
