import Synchronization

/// How long the batches of a strategy took.
public final class BatchLog: Sendable {
    private let seconds = Mutex<[Double]>([])

    /// Nothing noted.
    public init() {}

    /// Notes a batch.
    public func note(seconds taken: Double) { seconds.withLock { $0.append(taken) } }

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
