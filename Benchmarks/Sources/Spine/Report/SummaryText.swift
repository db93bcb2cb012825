/// The tables that people read.
enum SummaryText {
    static func text(_ bars: [Bar], _ samples: [Sample]) -> String {
        """
        # Summary

        Medians of the rounds, the lowest and the highest in brackets. A ratio is taken within a
        round, between runs that followed each other.

        ## Promises

        \(promises(bars, samples))
        ## Figures

        \(figures(samples))
        """
    }

    private static func promises(_ bars: [Bar], _ samples: [Sample]) -> String {
        let rows = bars.compactMap { bar -> [String]? in
            let values = bar.values(samples)
            guard let median = Figure.median(values) else { return nil }
            let met = bar.isMet(median).map { $0 ? "kept" : "**missed**" } ?? ""
            return [bar.title, bar.setting, spread(values), bound(bar.bound), met]
        }
        return table(["what", "setting", "measured", "promised", ""], rows)
    }

    private static func figures(_ samples: [Sample]) -> String {
        var rows: [[String]] = []
        var seen: Set<[String]> = []
        for sample in samples {
            for metric in sample.metrics.keys.sorted() {
                let name = [sample.experiment, sample.setting, sample.subject, metric]
                guard seen.insert(name).inserted else { continue }
                let values = samples.filter {
                    [$0.experiment, $0.setting, $0.subject] == Array(name[0..<3])
                }.compactMap { $0.metrics[metric] }
                rows.append(name + [spread(values)])
            }
        }
        return table(["experiment", "setting", "case", "figure", "median"], rows)
    }

    private static func spread(_ values: [Double]) -> String {
        guard let median = Figure.median(values), let low = values.min(), let high = values.max()
        else { return "" }
        let middle = Figure.text(median)
        return values.count == 1
            ? middle : "\(middle) [\(Figure.text(low)) – \(Figure.text(high))]"
    }

    private static func bound(_ bound: Bar.Bound) -> String {
        switch bound {
        case .atLeast(let least): "≥ \(Figure.text(least))"
        case .atMost(let most): "≤ \(Figure.text(most))"
        case .none: ""
        }
    }

    private static func table(_ header: [String], _ rows: [[String]]) -> String {
        ([header, header.map { _ in "---" }] + rows)
            .map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    }
}
