import Foundation

/// Latencies of an application's transactions, as `pgbench` logged them.
struct LatencyLog: Sendable {
    /// When each ended, in seconds since 1970, and how long it took from when it was due.
    private let transactions: [(endSeconds: Double, latencySeconds: Double)]

    /// Reads the files that begin with the prefix in the folder.
    init(folder: String, prefix: String) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasPrefix(prefix + ".") }
        transactions = try names.flatMap { name in
            try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
                .split(separator: "\n").compactMap { line in
                    // Client, transaction, latency in µs, script, end in s and µs.
                    let fields = line.split(separator: " ").prefix(6).map { Double($0) }
                    guard fields.count == 6, let micros = fields[2], let end = fields[4],
                        let fraction = fields[5]
                    else { return nil }
                    return (end + fraction / 1e6, micros / 1e6)
                }
        }.sorted { $0.0 < $1.0 }
    }

    /// The 95th percentile of each whole window of the span in which any transaction ended, with
    /// when the window began, in seconds from the span's begin.
    func windows(
        ofSeconds windowSeconds: Double, within span: ClosedRange<Double>
    ) -> [(beginSeconds: Double, p95Seconds: Double)] {
        let count = Int((span.upperBound - span.lowerBound) / windowSeconds)
        var windows = [[Double]](repeating: [], count: max(0, count))
        for (end, latency) in transactions where span.contains(end) {
            let window = Int((end - span.lowerBound) / windowSeconds)
            if window < windows.count { windows[window].append(latency) }
        }
        return windows.enumerated().compactMap { number, latencies in
            Self.p95(latencies).map { (Double(number) * windowSeconds, $0) }
        }
    }

    /// The 95th percentile of all of the span.
    func p95Seconds(within span: ClosedRange<Double>) -> Double? {
        Self.p95(transactions.filter { span.contains($0.endSeconds) }.map(\.latencySeconds))
    }

    private static func p95(_ latencies: [Double]) -> Double? {
        guard !latencies.isEmpty else { return nil }
        return latencies.sorted()[min(latencies.count - 1, Int(Double(latencies.count) * 0.95))]
    }
}
