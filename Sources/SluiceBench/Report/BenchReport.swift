/// What a benchmark found, round by round.
public struct BenchReport: Sendable, Codable, Equatable {
    /// One strategy on one table.
    public struct Entry: Sendable, Codable, Equatable {
        /// The strategy.
        public var strategy: String
        /// Its rule, in a sentence.
        public var rule: String
        /// What each round measured.
        public var rounds: [CellFigures] = []
        /// Why there is no more of that.
        public var problem: String?

        /// An entry without rounds.
        public init(strategy: String, rule: String, problem: String? = nil) {
            self.strategy = strategy
            self.rule = rule
            self.problem = problem
        }

        /// The rounds of one figure.
        public func spread(_ figure: (CellFigures) -> Double?) -> Spread? {
            Spread(rounds.compactMap(figure))
        }

        /// Whether every round kept the limit; `nil` where there is none.
        public var keepsLimit: Bool? {
            let kept = rounds.compactMap(\.keepsLimit)
            return kept.isEmpty ? nil : kept.allSatisfy { $0 }
        }

        /// Rows a second.
        public var rate: Spread? { spread(\.rowsPerSecond) }
    }

    /// One scenario at one size.
    public struct Section: Sendable, Codable, Equatable {
        /// The scenario.
        public var scenario: String
        /// What it is, in a few words.
        public var title: String
        /// Rows of the table.
        public var rows: Int
        /// Those that were to be filled.
        public var rowsDue: Int
        /// The strategies, in the order of the rounds.
        public var entries: [Entry]
        /// The table of one's own and what was done to it; `nil` of a scenario.
        public var work: String?
        /// How many of its rows were asked for; `nil` of a scenario.
        public var rowsWanted: Int?
        /// What strategies should keep to, in words; `nil` where there is no limit.
        public var limit: String?

        /// A section.
        public init(
            scenario: String, title: String, rows: Int, rowsDue: Int, entries: [Entry]
        ) {
            self.scenario = scenario
            self.title = title
            self.rows = rows
            self.rowsDue = rowsDue
            self.entries = entries
        }
    }

    /// What stands in place of a scenario's name where the table is one's own.
    public static let ownTable = "own-table"

    /// The server.
    public var serverVersion: String
    /// What it was told.
    public var settings: [String: String]
    /// Processors of the server's machine; 0 where they are not known.
    public var cores: Int
    /// How often each strategy was to run.
    public var rounds: Int
    /// What ran on the machine before anything began, as a load average.
    public var loadBefore = 0.0
    /// What has to be known of how it was measured, a sentence each.
    public var notes: [String]?
    /// Why there is no more of it, or what it left behind; `nil` where all is well.
    public var problem: String?
    /// What was compared.
    public var sections: [Section] = []

    /// A report without sections.
    public init(serverVersion: String, settings: [String: String], cores: Int, rounds: Int) {
        self.serverVersion = serverVersion
        self.settings = settings
        self.cores = cores
        self.rounds = rounds
    }
}

extension BenchReport {
    /// Whether a strategy that can do a job did not do it, or not right, or the benchmark itself.
    public var hasFailures: Bool {
        problem != nil
            || sections.contains { section in
                section.entries.contains { entry in
                    entry.problem.map { !$0.hasPrefix(Entry.cannot) } ?? false
                }
            }
    }
}

extension BenchReport.Section {
    /// Whether an application worked beside, and was watched.
    public var hasApplication: Bool {
        entries.contains { entry in
            entry.rounds.contains { $0.applicationP95Seconds != nil }
        }
    }

    /// Whether a replica was given up before it had caught up.
    public var hasUnfinishedLag: Bool {
        entries.contains { entry in entry.rounds.contains { $0.isLagUnfinished == true } }
    }

    /// Whether the replica was further behind than it should be, in any round of anybody.
    public var hasLagAboveLimit: Bool {
        entries.contains { entry in
            entry.rounds.contains { ($0.secondsAboveLag ?? 0) > 0 }
        }
    }
}

extension BenchReport.Entry {
    /// How a problem begins that is none of the strategy's work.
    static let cannot = "cannot: "
}
