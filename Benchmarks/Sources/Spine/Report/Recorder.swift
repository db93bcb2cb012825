import Foundation

/// Keeps samples and writes them after each one, so that a broken-off measurement is not lost.
final class Recorder {
    /// What the results were taken with.
    var setup = SetupFacts(facts: [])
    private let folder: URL
    private var samples: [Sample] = []
    private var bars: [Bar] = []

    /// Results go to this folder, which is made if missing.
    init(folder: String) throws {
        self.folder = URL(filePath: folder)
        try FileManager.default.createDirectory(
            at: self.folder, withIntermediateDirectories: true)
    }

    func add(_ sample: Sample) throws {
        samples.append(sample)
        let figures = sample.metrics.sorted { $0.key < $1.key }
            .map { "\($0.key) \(Figure.text($0.value))" }.joined(separator: ", ")
        Progress.say(
            "\(sample.experiment), \(sample.setting), round \(sample.round): "
                + "\(sample.subject): \(figures)")
        try write()
    }

    func expect(_ bar: Bar) { bars.append(bar) }

    /// Keeps a file beside the results.
    func keep(_ name: String, _ text: String) throws { try save(Data(text.utf8), name) }

    /// Writes everything and says the verdict.
    func finish() throws {
        try write()
        Progress.say("\n" + SummaryText.text(bars, samples))
    }

    private func write() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try save(encoder.encode(samples), "results.json")
        try save(Data(ResultsCSV.text(samples).utf8), "results.csv")
        try save(Data(SummaryText.text(bars, samples).utf8), "summary.md")
        try save(Data(setup.readme.utf8), "README.md")
    }

    private func save(_ data: Data, _ name: String) throws {
        try data.write(to: folder.appending(path: name), options: .atomic)
    }
}
