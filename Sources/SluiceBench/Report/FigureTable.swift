/// The figures of one section as a table.
enum FigureTable {
    /// A column: its head, and what stands below it.
    private typealias Column = (head: String, text: (BenchReport.Entry) -> String?)

    private static var columns: [Column] {
        [
            ("rows/s", { text($0, \.rowsPerSecond, digits: 0) }),
            ("WAL B/row", { text($0, \.walBytesPerRow, digits: 0) }),
            ("heap %", { text($0, { $0.heapGrowth * 100 }, digits: 1) }),
            ("indexes %", { text($0, { $0.indexGrowth * 100 }, digits: 1) }),
            ("HOT %", { text($0, { $0.hotShare * 100 }, digits: 0) }),
            ("updates/row", { text($0, \.updatesPerRow, digits: 2) }),
            ("batch p50 ms", { text($0, { $0.batchP50Seconds.map { $0 * 1e3 } }, digits: 1) }),
            ("p99 ms", { text($0, { $0.batchP99Seconds.map { $0 * 1e3 } }, digits: 1) }),
            ("client CPU s", { text($0, \.clientCPUSeconds, digits: 2) }),
            ("lag s", { text($0, \.lagSecondsMax, digits: 1) }),
            (
                "application p95 ms",
                { text($0, { $0.applicationP95Seconds.map { $0 * 1e3 } }, digits: 1) }
            ),
        ]
    }

    /// The table; columns without any figure are left out.
    static func html(_ section: BenchReport.Section, _ verdict: Verdict) -> String {
        let entries = verdict.places.compactMap { place in
            section.entries.first { $0.strategy == place.strategy }.map { (place, $0) }
        }
        guard !entries.isEmpty else { return "" }
        let shown = columns.filter { column in entries.contains { column.text($0.1) != nil } }
        let heads = shown.map { "<th>\($0.head)</th>" }.joined()
        let rows = entries.map { place, entry in
            let cells = shown.map { "<td>\($0.text(entry) ?? "–")</td>" }.joined()
            let mark = place.keepsLimit == false ? " class=\"over\"" : ""
            return "<tr\(mark)><td>\(HTMLReport.escape(entry.strategy))</td>\(cells)</tr>"
        }
        return """
            <div class="wide"><table><thead><tr><th>strategy</th>\(heads)</tr></thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody></table></div>
            """
    }

    private static func text(
        _ entry: BenchReport.Entry, _ figure: (CellFigures) -> Double?, digits: Int
    ) -> String? {
        entry.spread(figure).map { Decimals.text($0.median, digits: digits) }
    }
}
