/// A promise: a figure, or a ratio of two figures of the same round, and its bound.
struct Bar: Sendable {
    enum Bound: Sendable {
        case atLeast(Double)
        case atMost(Double)
        /// For information.
        case none
    }

    let title: String
    let experiment: String
    let setting: String
    let metric: String
    let subject: String
    /// The case whose figure is the divisor; nil takes the figure itself.
    let over: String?
    let bound: Bound

    /// The values, one a round.
    func values(_ samples: [Sample]) -> [Double] {
        let mine = samples.filter { $0.experiment == experiment && $0.setting == setting }
        return mine.filter { $0.subject == subject }.compactMap { sample in
            guard let value = sample.metrics[metric] else { return nil }
            guard let over else { return value }
            let divisor = mine.first { $0.subject == over && $0.round == sample.round }
            return divisor?.metrics[metric].map { value / $0 }
        }
    }

    /// Whether the median keeps the bound; nil without a bound.
    func isMet(_ median: Double) -> Bool? {
        switch bound {
        case .atLeast(let least): median >= least
        case .atMost(let most): median <= most
        case .none: nil
        }
    }
}
