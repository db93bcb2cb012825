import SluiceBench

/// What changed from one report to the next.
enum BenchComparison {
    /// A line for each strategy that both have on the same table.
    static func text(from before: BenchReport, to after: BenchReport) -> String {
        var lines = ["since \(before.serverVersion), \(Format.count(before.rounds, "round")):"]
        for section in after.sections {
            guard
                let old = before.sections.first(where: {
                    // A table of one's own is told by its title: rows of a sample differ.
                    $0.scenario == section.scenario && $0.title == section.title
                        && ($0.rows == section.rows || section.scenario == BenchReport.ownTable)
                })
            else { continue }
            lines.append("\(section.scenario), \(Format.count(section.rows, "row"))")
            for entry in section.entries {
                guard entry.problem == nil, let now = entry.rate,
                    let then = old.entries.first(where: {
                        $0.strategy == entry.strategy && $0.problem == nil
                    })?.rate
                else { continue }
                lines.append(line(entry.strategy, then, now))
            }
        }
        if lines.count == 1 { lines.append("nothing in both: other strategies, tables or sizes") }
        return "\n" + lines.joined(separator: "\n") + "\n"
    }

    private static func line(_ name: String, _ then: Spread, _ now: Spread) -> String {
        let judgement: String
        switch now.isTie(with: then) {
        case .some(true): judgement = "not told apart"
        case .some(false): judgement = now.median > then.median ? "faster" : "slower"
        case nil: judgement = "one round: not judged"
        }
        let ratio = BenchText.times(now.median / max(then.median, 1e-9))
        return "  " + BenchText.pad(name, 18) + "\(ratio)× the rate  \(judgement)"
    }
}
