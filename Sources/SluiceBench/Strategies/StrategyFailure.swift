/// A strategy did not do what it was told: its own failure, and nobody else's.
struct StrategyFailure: Error, CustomStringConvertible {
    let description: String
}
