import Foundation
import SluiceBench
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite struct HTMLReportTests {
    private static var report: BenchReport {
        var report = BenchReport(
            serverVersion: "15.1 <b>", settings: ["fsync": "on"], cores: 2, rounds: 2)
        report.sections = [
            Made.section([("single", [100, 110]), ("sluice", [400, 390])]),
            Made.section([("single", [90, 95]), ("sluice", [400, 450])]),
        ]
        report.sections[1].rows = 5_000
        report.sections[1].entries[0].rule = "a rule with \"quotes\" & <tags>"
        return report
    }

    @Test func thePageStandsAlone() {
        let page = HTMLReport.page(Self.report)
        #expect(page.hasPrefix("<!doctype html>"))
        for outside in ["<script", "http:", "https:", "url(", "@import"] {
            #expect(!page.contains(outside), "\(outside)")
        }
        #expect(page.contains("15.1 &lt;b&gt;"))
        #expect(page.contains("a rule with &quot;quotes&quot; &amp; &lt;tags&gt;"))
        #expect(page.contains(">395 rows/s<"))
        #expect(page.contains("rate by size of the table"))
    }

    @Test func itsDrawingsAreWellFormed() throws {
        let page = HTMLReport.page(Self.report)
        let drawings = page.components(separatedBy: "<svg").dropFirst()
        #expect(drawings.count == 3, "two sections and the sizes")
        for drawing in drawings {
            let end = try #require(drawing.range(of: "</svg>"))
            let parser = XMLParser(data: Data(("<svg" + drawing[..<end.upperBound]).utf8))
            #expect(parser.parse(), "\(parser.parserError?.localizedDescription ?? "")")
        }
    }

    private static var limited: BenchReport {
        var report = Self.report
        report.notes = ["a note with <b>"]
        report.sections[0].limit = "the application's p95 at most 2× what it is alone"
        for (index, milliseconds) in [40.0, 1.5].enumerated() {
            for round in report.sections[0].entries[index].rounds.indices {
                var figures = report.sections[0].entries[index].rounds[round]
                figures.applicationP95Seconds = milliseconds / 1e3
                figures.keepsLimit = milliseconds < 2
                figures.lagSeries = [
                    LagPoint(atSeconds: 0, lagSeconds: 0),
                    LagPoint(atSeconds: 9, lagSeconds: milliseconds),
                ]
                report.sections[0].entries[index].rounds[round] = figures
            }
        }
        return report
    }

    @Test func whatALimitIsAboutIsDrawn() throws {
        let page = HTMLReport.page(Self.limited)
        #expect(page.components(separatedBy: "<svg").count - 1 == 5, "latency and lag beside")
        #expect(page.contains("Rate against the application"))
        #expect(page.contains("9.0 s; up to 40.0 s behind"))
        #expect(page.contains("<tr class=\"over\"><td>single</td>"))
        #expect(page.contains("<tr><td>sluice</td>"))
        #expect(page.contains("a note with &lt;b&gt;."))
        // All of it, and not the drawings alone.
        let body = try #require(page.range(of: "<body>"))
        let text = page[body.lowerBound...].replacing("</html>", with: "")
        let parser = XMLParser(data: Data(text.utf8))
        #expect(parser.parse(), "\(parser.parserError?.localizedDescription ?? "")")
    }

    @Test func theTableHasPlacesRatiosAndWhatOthersPaid() {
        var report = Self.limited
        for round in 0..<2 {
            report.sections[0].entries[0].rounds[round].secondsAboveLag = 4
            report.sections[0].entries[1].rounds[round].secondsAboveLag = 0
            report.sections[0].entries[0].rounds[round].clientPeakBytes = 50 * 1_048_576
            report.sections[0].entries[1].rounds[round].applicationAloneP95Seconds = 0.0012
            report.sections[0].entries[1].rounds[round].transactionsPerRow = 0.0021
        }
        let page = HTMLReport.page(report)
        for head in [
            "place", "× single", "page images", "transactions/row", "client MiB",
            "s above lag limit", "application alone p95 ms", "application p95 ms",
        ] {
            #expect(page.contains("<th>\(head)</th>"), "\(head)")
        }
        for cell in ["first", "over", "3.76", "50", "4.0", "0.0021", "1.2", "1.5"] {
            #expect(page.contains("<td>\(cell)</td>"), "\(cell)")
        }
        #expect(!page.contains("× best fixed"), "none was run")
        #expect(!page.contains("application p99"), "nobody looked")
        // The other section has no limit that anybody was above.
        #expect(page.components(separatedBy: "s above lag limit").count == 2)
    }

    @Test func aPageHasTheCaveatsOfTheText() {
        var report = Self.report
        #expect(HTMLReport.page(report).contains("medians of 2 interleaved rounds; tie: the"))
        #expect(!HTMLReport.page(report).contains("class=\"warning\""))
        report.sections[1].entries[0].rounds[0].rowsPerSecond = 50
        report.rounds = 1
        report.loadBefore = 1.5
        let page = HTMLReport.page(report)
        #expect(page.contains("one round: nothing is known of how much it varies (--rounds 3)."))
        #expect(!page.contains("interleaved rounds"))
        #expect(page.contains("(load 1.5): the figures are worth little."))
        #expect(page.contains("<p class=\"warning\">the rounds of 1 of 2 strategies (single) "))
    }

    /// Draws the page as a person would see it.
    @Test(.enabled(if: Browser.path != nil, "no headless browser on this machine"))
    func aBrowserShowsItsDrawings() async throws {
        let browser = try #require(Browser.path)
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let page = folder.appending(path: "page.html")
        try Data(HTMLReport.page(Self.limited).utf8).write(to: page)
        let document = try Browser.dump(page, folder: folder, browser)
        // What scripts measured in the page: a drawing that is not drawn has no size.
        #expect(document.contains("data-drawn=\"5\""), "\(document.suffix(400))")
    }

    @Test func aReportSurvivesItsJSON() throws {
        let data = try JSONEncoder().encode(Self.report)
        #expect(try JSONDecoder().decode(BenchReport.self, from: data) == Self.report)
    }
}

/// A browser that draws without a screen.
enum Browser {
    /// Where one is; `nil` where there is none.
    static var path: String? {
        ["chromium", "chromium-browser", "google-chrome"].lazy.map { "/usr/bin/\($0)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// The document of a page once a script has counted its drawings that have a size.
    static func dump(_ page: URL, folder: URL, _ browser: String) throws -> String {
        let counting = """
            <script>document.body.dataset.drawn=[...document.querySelectorAll('svg')]\
            .filter(s=>s.getBoundingClientRect().height>20\
            &&s.querySelector('text').getBoundingClientRect().width>5).length</script></body>
            """
        let text = try String(contentsOf: page, encoding: .utf8)
            .replacing("</body>", with: counting)
        try Data(text.utf8).write(to: page)
        let process = Process()
        process.executableURL = URL(filePath: browser)
        process.arguments = [
            "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
            "--user-data-dir=\(folder.path)/profile", page.absoluteString,
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
