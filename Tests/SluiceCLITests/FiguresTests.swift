import Foundation
import SluiceBench
import Testing

@testable import SluiceCLI

/// The README's figures come from a committed report and from nowhere else.
@Suite struct FiguresTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let begin = "<!-- figures: "
    private static let end = "<!-- end of figures -->"

    /// The report that the README names, and the text between its comments.
    private static func figures() throws -> (path: String, text: String) {
        let readme = try String(
            contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        let lines = readme.split(separator: "\n", omittingEmptySubsequences: false)
        let first = try #require(lines.firstIndex { $0.hasPrefix(begin) })
        let last = try #require(lines.firstIndex { $0 == end })
        let path = String(lines[first].dropFirst(begin.count)).replacing(" -->", with: "")
        return (path, lines[(first + 1)..<last].joined(separator: "\n") + "\n")
    }

    @Test func theReadmeSaysWhatItsReportSays() throws {
        let (path, text) = try Self.figures()
        #expect(path.hasPrefix("Benchmarks/Runs/"))
        let report = try BenchFiles.read(Self.root.appending(path: path).path)
        #expect(text == BenchMarkdown.text(of: report), "run scripts/figures")
    }

    @Test func itsReportIsOfEveryStrategyAndScenario() throws {
        let report = try BenchFiles.read(
            Self.root.appending(path: "Benchmarks/Runs/2026-11-29-linux-2cores-bench/report.json")
                .path)
        #expect(Set(report.sections.map(\.scenario)) == Set(ScenarioList.all.map(\.name)))
        for section in report.sections {
            #expect(section.entries.map(\.strategy) == StrategyList.all.map(\.name))
            let ours = section.entries.first { $0.strategy == StrategyList.ours }
            #expect(ours?.problem == nil && ours?.rounds.count == report.rounds)
        }
    }
}
