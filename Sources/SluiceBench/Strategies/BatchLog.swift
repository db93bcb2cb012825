import SluiceCore
import Synchronization

/// How long the batches of a strategy took, and of Sluice what it did with the rest of its time.
public final class BatchLog: Sendable {
    private let seconds = Mutex<[Double]>([])
    private let noted = Mutex(RunTimes())

    /// Nothing noted.
    public init() {}

    /// Notes a batch.
    public func note(seconds taken: Double) { seconds.withLock { $0.append(taken) } }

    /// Notes what a run of Sluice tells of itself.
    func note(_ events: [ControlTrace.Event]) {
        noted.withLock { $0.note(events) }
        for case .finished(_, let sample, _, _) in events { note(seconds: sample.latencySeconds) }
    }

    /// What the run did with its time; nothing of any other strategy.
    var times: RunTimes { noted.withLock { $0 } }

    /// All of them, in seconds.
    public var all: [Double] { seconds.withLock { $0 } }

    /// Runs a batch and notes it.
    func time<Value>(_ batch: () async throws -> Value) async rethrows -> Value {
        let began = ContinuousClock.now
        let value = try await batch()
        note(seconds: began.duration(to: .now) / .seconds(1))
        return value
    }
}
