/// What a section says, with what it cannot say.
public struct Verdict: Sendable, Equatable {
    /// A strategy's place.
    public struct Place: Sendable, Equatable {
        /// The strategy.
        public let strategy: String
        /// Rows a second.
        public let rate: Spread
        /// How many times the single UPDATE's; `nil` where that was not run.
        public let overSingle: Double?
        /// How many times the best fixed setting's; `nil` where none was run.
        public let overFixed: Double?
        /// Whether it kept the scenario's limit in every round; `nil` where there is none.
        public let keepsLimit: Bool?
        /// Whether it cannot be told from the first; `nil` for the first, and where one round says
        /// nothing of that.
        public let isTieWithFirst: Bool?
    }

    /// A reference that varies by more than this share tells little: the machine is too noisy.
    public static let noiseShareMax = 0.25

    /// The strategies that filled the table, the fastest first; where there is a limit, those that
    /// kept it before the others.
    public let places: [Place]
    /// How far the strategies' rounds are apart in the middle, as a share; `nil` with one round.
    public let noiseShare: Double?

    /// Judges a section.
    public init(_ section: BenchReport.Section) {
        let rated = section.entries.filter { $0.problem == nil }.compactMap { entry in
            entry.rate.map { (name: entry.strategy, rate: $0, keeps: entry.keepsLimit) }
        }
        .sorted { first, second in
            let keeps = (first.keeps ?? true, second.keeps ?? true)
            return keeps.0 == keeps.1 ? first.rate.median > second.rate.median : keeps.0
        }
        let single = rated.first { $0.name == StrategyList.reference }?.rate.median
        let fixed = rated.filter { StrategyList.fixed.contains($0.name) }.map(\.rate.median).max()
        places = rated.map { name, rate, keeps in
            Place(
                strategy: name, rate: rate, overSingle: single.map { rate.median / $0 },
                overFixed: fixed.map { rate.median / $0 }, keepsLimit: keeps,
                isTieWithFirst: name == rated.first?.name || keeps == false
                    ? nil : rated.first.flatMap { rate.isTie(with: $0.rate) })
        }
        let shares = rated.filter { $0.rate.count > 1 }.map(\.rate.share)
        noiseShare = Spread(shares)?.median
    }

    /// Whether differences mean little here.
    public var isNoisy: Bool { (noiseShare ?? 0) > Self.noiseShareMax }
}
