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

        /// The place in a word: `first`, `tie` or `over`; `nil` for whoever is none of that.
        public var word: String? {
            switch isTieWithFirst {
            case .some(true): return "tie"
            case .some(false): return nil
            case nil where keepsLimit == false: return "over"
            case nil: return rate.count > 1 ? "first" : nil
            }
        }
    }

    /// A strategy whose rounds differ by more than this share tells little.
    public static let noiseShareMax = 0.25
    /// Where one of so many strategies is like that, the machine is too noisy.
    private static let noisyOneIn = 4

    /// The strategies that filled the table, the fastest first; where there is a limit, those that
    /// kept it before the others.
    public let places: [Place]
    /// How far the strategies' rounds are apart in the middle, as a share; `nil` with one round.
    public let noiseShare: Double?
    /// Strategies whose rounds differ by more than ``noiseShareMax``, in the order of the places.
    public let noisy: [String]
    /// How many strategies have more than one round.
    public let repeatedCount: Int

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
        let noise = RoundNoise(section.entries)
        places = rated.map { name, rate, keeps in
            Place(
                strategy: name, rate: rate, overSingle: single.map { rate.median / $0 },
                overFixed: fixed.map { rate.median / $0 }, keepsLimit: keeps,
                isTieWithFirst: name == rated.first?.name || keeps == false
                    ? nil : rated.first.flatMap { noise.isTie(rate, $0.rate) })
        }
        let repeated = rated.filter { $0.rate.count > 1 }
        noiseShare = Spread(repeated.map(\.rate.share))?.median
        noisy = repeated.filter { $0.rate.share > Self.noiseShareMax }.map(\.name)
        repeatedCount = repeated.count
    }

    /// Whether differences mean little here: the strategies differ much in the middle, or many of
    /// them do, or one of those that everything is compared with.
    public var isNoisy: Bool {
        if (noiseShare ?? 0) > Self.noiseShareMax { return true }
        if noisy.contains(StrategyList.reference) || noisy.contains(StrategyList.ours) {
            return true
        }
        return !noisy.isEmpty && noisy.count * Self.noisyOneIn >= repeatedCount
    }
}
