/// How many batches run at once: a real number, which the workers keep by resting.
public struct Concurrency: Sendable, Equatable {
    /// Batches at once, on average.
    public let average: Double

    /// A number of batches at once.
    public init(average: Double) {
        self.average = average
    }

    /// Workers that it takes.
    public var workers: Int { max(1, Int((average - 1e-9).rounded(.up))) }

    /// How long a worker rests after a batch that took `latencySeconds`.
    public func restSeconds(afterSeconds latencySeconds: Double, othersRunning: Int) -> Double {
        latencySeconds * (Double(workers) / average - 1)
    }
}
