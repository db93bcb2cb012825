import SluiceBench

/// A benchmark as text.
enum BenchText {
    /// What there is to choose from.
    static var list: String {
        let width = 18
        var lines = ["Strategies:"]
        for strategy in StrategyList.all {
            lines.append("  " + pad(strategy.name, width) + strategy.rule)
        }
        lines += ["", "Scenarios:"]
        for scenario in ScenarioList.all {
            lines.append("  " + pad(scenario.name, width) + scenario.title)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Says how it goes, a line at a time.
    static func say(_ event: BenchEvent) {
        switch event {
        case .making(let scenario, let rows):
            Console.error.say("\(scenario): making \(Format.count(rows, "row"))")
        case .creating(let databases):
            Console.error.say(
                "creates the databases \(databases.joined(separator: " and ")) on this server, "
                    + "and drops them at the end; the table itself is only read")
        case .note(let sentence): Console.error.say(sentence)
        case .began(let strategy, _, let round, let rounds):
            guard Terminal.output.isCapable else { return }
            let which = rounds == 1 ? "" : ", round \(round) of \(rounds)"
            Console.error.write("  \(strategy)\(which) …\r")
        case .ended(let strategy, let figures, let problem):
            let outcome =
                problem ?? figures.map { Format.rate($0.rowsPerSecond) } ?? ""
            let clear = Terminal.output.isCapable ? Escape.clearLine : ""
            Console.error.say(clear + "  " + pad(strategy, 18) + outcome)
        }
    }

    /// The whole report.
    static func text(of report: BenchReport) -> String {
        var lines: [String] = []
        for section in report.sections { lines += self.lines(section, report) + [""] }
        lines += notes(report)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(
        _ section: BenchReport.Section, _ report: BenchReport
    ) -> [String] {
        let verdict = Verdict(section)
        let due =
            section.rowsDue == section.rows ? "" : ", \(Format.count(section.rowsDue)) to fill"
        var lines = [
            "",
            "\(section.scenario): \(section.title) · \(Format.count(section.rows, "row"))\(due)",
            "", head,
        ]
        if let limit = section.limit {
            lines.insert(
                "limit: \(limit); whoever keeps it comes before whoever does not", at: 2)
        }
        for place in verdict.places {
            guard let entry = section.entries.first(where: { $0.strategy == place.strategy })
            else { continue }
            lines.append(line(place, entry))
        }
        for entry in section.entries {
            if let problem = entry.problem { lines.append("  \(entry.strategy): \(problem)") }
        }
        lines += ["", detailHead + furtherHead(section)]
        for place in verdict.places {
            guard let entry = section.entries.first(where: { $0.strategy == place.strategy })
            else { continue }
            lines.append(detail(entry) + further(entry, section))
        }
        if let shortfall = Shortfall.sentence(section, verdict) { lines.append(shortfall) }
        if let noise = Caveats.noise(verdict) { lines.append(noise) }
        return lines
    }

    // MARK: Columns

    private static let head =
        pad("strategy", 18) + left("rows/s", 10) + left("±", 7) + left("×single", 9)
        + left("×fixed", 8) + left("WAL/row", 9) + left("heap", 7) + left("index", 7)
        + left("HOT", 6) + "  place"

    private static func line(_ place: Verdict.Place, _ entry: BenchReport.Entry) -> String {
        let row: [(String, Int)] = [
            (Format.count(Int(place.rate.median)), 10),
            (place.rate.count > 1 ? percent(place.rate.share / 2) : "–", 7),
            (place.overSingle.map(times) ?? "–", 9), (place.overFixed.map(times) ?? "–", 8),
            (number(entry, \.walBytesPerRow) { Format.count(Int($0)) + " B" }, 9),
            (number(entry, \.heapGrowth, signed), 7), (number(entry, \.indexGrowth, signed), 7),
            (number(entry, \.hotShare, percent), 6),
        ]
        return pad(place.strategy, 18) + row.map { left($0.0, $0.1) }.joined()
            + (place.word.map { "  " + $0 } ?? "")
    }

    private static let detailHead =
        pad("", 18) + left("updates", 9) + left("transact.", 11) + left("page imgs", 11)
        + left("batch p50", 11) + left("p99", 10) + left("client CPU", 12) + left("memory", 10)
        + left("lag", 8)

    private static func detail(_ entry: BenchReport.Entry) -> String {
        let row: [(String, Int)] = [
            (number(entry, \.updatesPerRow) { times($0) }, 9),
            (number(entry, \.transactionsPerRow, small), 11),
            (number(entry, \.fullPageImages) { Format.count(Int($0)) }, 11),
            (number(entry, \.batchP50Seconds) { Format.milliseconds($0 * 1_000) }, 11),
            (number(entry, \.batchP99Seconds) { Format.milliseconds($0 * 1_000) }, 10),
            (number(entry, \.clientCPUSeconds) { Format.decimal($0) + " s" }, 12),
            (number(entry, \.clientPeakBytes) { Format.bytes(Int($0)) }, 10),
            (number(entry, \.lagSecondsMax) { Format.decimal($0) + " s" }, 8),
        ]
        return pad(entry.strategy, 18) + row.map { left($0.0, $0.1) }.joined()
    }

    /// Columns that most sections have nothing for.
    private static func furtherHead(_ section: BenchReport.Section) -> String {
        (section.hasLagAboveLimit ? left("above", 9) : "")
            + (section.hasApplication ? applicationHead : "")
    }

    /// How long the lag was above the limit, and how the application fared.
    private static func further(
        _ entry: BenchReport.Entry, _ section: BenchReport.Section
    ) -> String {
        let above = left(number(entry, \.secondsAboveLag) { Format.decimal($0) + " s" }, 9)
        return (section.hasLagAboveLimit ? above : "")
            + (section.hasApplication ? application(entry) : "")
    }

    private static let applicationHead = left("app alone", 11) + left("p95", 10) + left("p99", 10)

    private static func application(_ entry: BenchReport.Entry) -> String {
        let figures: [(CellFigures) -> Double?] = [
            \.applicationAloneP95Seconds, \.applicationP95Seconds, \.applicationP99Seconds,
        ]
        return zip(figures, [11, 10, 10]).map { figure, width in
            left(number(entry, figure) { Format.milliseconds($0 * 1_000) }, width)
        }.joined()
    }

    private static func notes(_ report: BenchReport) -> [String] {
        let settings = report.settings.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
        var notes: [String] = []
        if report.rounds > 1 {
            notes.append(
                "medians of \(report.rounds); ± is half of what the rounds differ by; tie: the "
                    + "rounds do not tell it from the first")
        }
        notes += [
            "PostgreSQL \(report.serverVersion)\(cores(report)), with "
                + settings.joined(separator: ", "),
            "updates and transactions are per row that was to be filled; others' strategies are "
                + "their rules and not the products",
        ]
        if report.sections.contains(where: \.hasLagAboveLimit) {
            notes.append("above: how long the lag was above the limit, or else ten seconds")
        }
        return notes + (report.notes ?? []) + Caveats.sentences(report)
    }

    private static func cores(_ report: BenchReport) -> String {
        report.cores > 0 ? ", " + Format.count(report.cores, "core") : ""
    }

    // MARK: Numbers

    private static func number(
        _ entry: BenchReport.Entry, _ figure: (CellFigures) -> Double?,
        _ text: (Double) -> String
    ) -> String {
        entry.spread(figure).map { text($0.median) } ?? "–"
    }

    static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
    private static func signed(_ share: Double) -> String {
        (share < 0 ? "" : "+") + percent(share)
    }

    /// Two digits behind the point.
    static func times(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let rest = abs(hundredths % 100)
        return "\(Format.count(hundredths / 100)).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// As many digits as a small number needs.
    private static func small(_ value: Double) -> String {
        value >= 0.1 ? times(value) : "1/\(Format.count(Int((1 / max(value, 1e-9)).rounded())))"
    }

    static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    private static func left(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }
}
