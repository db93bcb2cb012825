/// The figures of one section as a table.
enum FigureTable {
    /// A column: its head, and what stands below it.
    private typealias Column = (
        head: String, text: (Verdict.Place, BenchReport.Entry) -> String?
    )

    private static func columns(_ section: BenchReport.Section) -> [Column] {
        var columns = places + work + client
        if section.hasLagAboveLimit {
            columns.append(column("s above lag limit", digits: 1) { $0.secondsAboveLag })
        }
        return columns + application
    }

    private static var places: [Column] {
        [
            ("place", { place, _ in place.word }),
            column("rows/s", digits: 0) { $0.rowsPerSecond },
            ("× single", { place, _ in place.overSingle.map { Decimals.text($0, digits: 2) } }),
            ("× best fixed", { place, _ in place.overFixed.map { Decimals.text($0, digits: 2) } }),
        ]
    }

    private static var work: [Column] {
        [
            column("WAL B/row", digits: 0) { $0.walBytesPerRow },
            column("page images", digits: 0) { $0.fullPageImages },
            column("heap %", digits: 1) { $0.heapGrowth * 100 },
            column("indexes %", digits: 1) { $0.indexGrowth * 100 },
            column("HOT %", digits: 0) { $0.hotShare * 100 },
            column("updates/row", digits: 2) { $0.updatesPerRow },
            column("transactions/row", digits: 4) { $0.transactionsPerRow },
        ]
    }

    private static var client: [Column] {
        [
            column("batch p50 ms", digits: 1) { milliseconds($0.batchP50Seconds) },
            column("p99 ms", digits: 1) { milliseconds($0.batchP99Seconds) },
            column("client CPU s", digits: 2) { $0.clientCPUSeconds },
            column("client MiB", digits: 0) { figures in
                figures.clientPeakBytes.map { $0 / bytesPerMebibyte }
            },
            column("lag s", digits: 1) { $0.lagSecondsMax },
        ]
    }

    private static var application: [Column] {
        [
            column("application alone p95 ms", digits: 1) {
                milliseconds($0.applicationAloneP95Seconds)
            },
            column("application p95 ms", digits: 1) { milliseconds($0.applicationP95Seconds) },
            column("application p99 ms", digits: 1) { milliseconds($0.applicationP99Seconds) },
        ]
    }

    private static let bytesPerMebibyte = 1_048_576.0

    /// A column with the middle of the rounds of a figure.
    private static func column(
        _ head: String, digits: Int, _ figure: @escaping (CellFigures) -> Double?
    ) -> Column {
        (
            head,
            { _, entry in
                entry.spread(figure).map { Decimals.text($0.median, digits: digits) }
            }
        )
    }

    private static func milliseconds(_ seconds: Double?) -> Double? { seconds.map { $0 * 1e3 } }

    /// The table; columns without any figure are left out.
    static func html(_ section: BenchReport.Section, _ verdict: Verdict) -> String {
        let entries = verdict.places.compactMap { place in
            section.entries.first { $0.strategy == place.strategy }.map { (place, $0) }
        }
        guard !entries.isEmpty else { return "" }
        let shown = columns(section).filter { column in
            entries.contains { column.text($0.0, $0.1) != nil }
        }
        let heads = shown.map { "<th>\($0.head)</th>" }.joined()
        let rows = entries.map { place, entry in
            let cells = shown.map { "<td>\($0.text(place, entry) ?? "–")</td>" }.joined()
            let mark = place.keepsLimit == false ? " class=\"over\"" : ""
            return "<tr\(mark)><td>\(HTMLReport.escape(entry.strategy))</td>\(cells)</tr>"
        }
        return """
            <div class="wide"><table><thead><tr><th>strategy</th>\(heads)</tr></thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody></table></div>
            """
    }
}
