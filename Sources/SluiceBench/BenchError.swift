/// What keeps a benchmark from being made, in one sentence.
public struct BenchError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The sentence.
    public let description: String

    /// An error.
    public init(_ description: String) { self.description = description }
}
