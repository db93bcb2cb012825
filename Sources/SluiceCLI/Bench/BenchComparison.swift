import SluiceBench

/// What changed from one report to the next.
enum BenchComparison {
    /// A line for each strategy that both have on the same table.
    static func text(from before: BenchReport, to after: BenchReport) -> String {
        var lines = ["since \(before.serverVersion), \(Format.count(before.rounds, "round")):"]
        lines += differences(before, after)
        var isEmpty = true
        for section in after.sections {
            guard let old = before.sections.first(where: { isSame($0, section) }) else { continue }
            isEmpty = false
            lines.append("\(section.scenario), \(Format.count(section.rows, "row"))")
            let noise = RoundNoise(old.entries + section.entries)
            for entry in section.entries {
                guard let then = old.entries.first(where: { $0.strategy == entry.strategy }),
                    let change = words(then, entry, noise)
                else { continue }
                lines.append("  " + BenchText.pad(entry.strategy, 18) + change)
            }
        }
        if isEmpty { lines.append("nothing in both: other strategies, tables or sizes") }
        return "\n" + lines.joined(separator: "\n") + "\n"
    }

    private static func isSame(
        _ one: BenchReport.Section, _ other: BenchReport.Section
    ) -> Bool {
        guard one.scenario == other.scenario else { return false }
        guard one.scenario == BenchReport.ownTable else { return one.rows == other.rows }
        // Rows of a sample differ, and so does the count in the title, by which older reports are
        // told.
        guard let work = one.work, let wanted = one.rowsWanted, other.work != nil else {
            return one.title == other.title
        }
        return work == other.work && wanted == other.rowsWanted
    }

    /// Where the two were not measured alike: what differs below may come from that.
    private static func differences(_ before: BenchReport, _ after: BenchReport) -> [String] {
        var lines: [String] = []
        func compare(_ what: String, _ then: String, _ now: String) {
            if then != now { lines.append("\(what): \(then) before, \(now) now") }
        }
        func cores(_ count: Int) -> String { count > 0 ? Format.count(count) : "unknown" }
        compare("PostgreSQL", before.serverVersion, after.serverVersion)
        compare("cores", cores(before.cores), cores(after.cores))
        for name in Set(before.settings.keys).union(after.settings.keys).sorted() {
            compare(
                name, before.settings[name] ?? "unknown", after.settings[name] ?? "unknown")
        }
        return lines
    }

    /// What became of a strategy; `nil` where there is nothing to compare.
    private static func words(
        _ then: BenchReport.Entry, _ now: BenchReport.Entry, _ noise: RoundNoise
    ) -> String? {
        if let problem = now.problem {
            return problem == then.problem ? nil : "now fails: \(problem)"
        }
        if then.problem != nil { return "works now" }
        guard let old = then.rate, let new = now.rate else { return nil }
        let judgement: String
        switch noise.isTie(new, old) {
        case .some(true): judgement = "not told apart"
        case .some(false): judgement = new.median > old.median ? "faster" : "slower"
        case nil: judgement = "one round: not judged"
        }
        let rate = BenchText.times(new.median / max(old.median, 1e-9))
        let all = ["\(rate)× the rate  \(judgement)"] + besideTheRate(then, now)
        return all.joined(separator: ", ")
    }

    // MARK: Beside the rate

    /// What a change of the log has to be outside of to be named, as a ratio: it hardly varies.
    private static let walUnnamed = 0.95...1.05
    /// The same of the application's latency, which varies much.
    private static let latencyUnnamed = 0.8...1.25
    /// What growth has to differ by, as a share of the table.
    private static let growthUnnamed = 0.05
    /// What the highest lag has to differ by, in seconds.
    private static let lagSecondsUnnamed = 1.0

    /// What else is worth naming: the same rate may be paid for by more log.
    private static func besideTheRate(
        _ then: BenchReport.Entry, _ now: BenchReport.Entry
    ) -> [String] {
        var words: [String] = []
        if then.keepsLimit == true, now.keepsLimit == false { words.append("now over the limit") }
        if then.keepsLimit == false, now.keepsLimit == true {
            words.append("keeps the limit now")
        }
        if let times = ratio(then, now, \.walBytesPerRow), !walUnnamed.contains(times) {
            words.append("\(BenchText.times(times))× the WAL a row")
        }
        if let (old, new) = medians(then, now, \.heapGrowth), abs(new - old) > growthUnnamed {
            words.append(
                "table grows by \(BenchText.percent(new)) after \(BenchText.percent(old))")
        }
        if let (old, new) = medians(then, now, \.lagSecondsMax),
            abs(new - old) > lagSecondsUnnamed
        {
            words.append("lag \(Format.decimal(new)) s after \(Format.decimal(old)) s")
        }
        if let times = ratio(then, now, \.applicationP95Seconds),
            !latencyUnnamed.contains(times)
        {
            words.append("\(BenchText.times(times))× the application's p95")
        }
        return words
    }

    private static func medians(
        _ then: BenchReport.Entry, _ now: BenchReport.Entry, _ figure: (CellFigures) -> Double?
    ) -> (Double, Double)? {
        guard let old = then.spread(figure)?.median, let new = now.spread(figure)?.median
        else { return nil }
        return (old, new)
    }

    private static func ratio(
        _ then: BenchReport.Entry, _ now: BenchReport.Entry, _ figure: (CellFigures) -> Double?
    ) -> Double? {
        guard let (old, new) = medians(then, now, figure), old > 0 else { return nil }
        return new / old
    }
}
