/// The raw samples, one figure a line.
enum ResultsCSV {
    static func text(_ samples: [Sample]) -> String {
        let header = ["experiment", "setting", "subject", "round", "metric", "value"]
        let lines = samples.flatMap { sample in
            sample.metrics.sorted { $0.key < $1.key }.map { metric, value in
                [
                    sample.experiment, sample.setting, sample.subject, "\(sample.round)", metric,
                    "\(value)",
                ]
            }
        }
        return ([header] + lines).map { $0.map(field).joined(separator: ",") + "\n" }.joined()
    }

    /// Quoted as RFC 4180 has it.
    private static func field(_ text: String) -> String {
        guard text.contains(where: { $0 == "," || $0 == "\"" }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
