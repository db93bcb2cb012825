import Foundation
import SluiceCore

/// What the control law saw and decided in a run, as `--trace` wrote it.
struct TraceFile: Sendable {
    let events: [ControlTrace.Event]

    init(path: String) throws {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        // The last line of a program that is running may not be whole.
        events = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            .compactMap { try? decoder.decode(ControlTrace.Event.self, from: Data($0.utf8)) }
    }

    /// A finished batch beside the duration that was wanted of it.
    struct Batch: Sendable {
        let sample: BatchSample
        let targetSeconds: Double
    }

    /// Every batch that ended, with what was decided last before it.
    var batches: [Batch] {
        var target = 0.0
        return events.compactMap { event in
            guard case .finished(_, let sample, _, let next) = event else { return nil }
            defer { target = next.targetSeconds }
            return target > 0 ? Batch(sample: sample, targetSeconds: target) : nil
        }
    }

    /// From the first to the last poll.
    var seconds: Double {
        let times = events.compactMap { event -> Double? in
            guard case .poll(let seen, _) = event else { return nil }
            return seen.replicas.nowSeconds
        }
        guard let first = times.first, let last = times.last else { return 0 }
        return last - first
    }
}
