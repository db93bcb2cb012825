/// What is compared, on what, and how often.
public struct BenchPlan: Sendable {
    /// The strategies, in the order in which each round runs them.
    public var strategies: [any BatchStrategy]
    /// The scenarios.
    public var scenarios: [Scenario]
    /// Sizes of the table; each scenario is run with each.
    public var rows: [Int]
    /// How often each strategy runs.
    public var rounds: Int
    /// How many replicas follow.
    public var replicas: Int
    /// A table of one's own that is worked on instead of the scenarios.
    public var ownTable: OwnTable?

    /// A plan; one replica follows unless it is said otherwise.
    public init(
        strategies: [any BatchStrategy], scenarios: [Scenario], rows: [Int], rounds: Int,
        replicas: Int = 1
    ) {
        self.replicas = replicas
        self.strategies = strategies
        self.scenarios = scenarios
        self.rows = rows
        self.rounds = rounds
    }

    /// Bytes that have to be free: on each server the table, its copy, which grows to twice its
    /// size, as much again for what is sorted to make indexes, and the log.
    public var diskBytesNeeded: Int {
        let largest =
            scenarios.map { scenario in
                (rows.max() ?? 0) * (80 + scenario.padBytes + 45 * (1 + scenario.indexes))
            }.max() ?? 0
        let log = min(Self.logBytesMax, 20 * largest + Self.logBytesLeast)
        return (5 * largest + log) * (1 + replicas)
    }

    /// The log's most, as the sandbox is set.
    static let logBytesMax = 4 << 30
    /// What a server takes that holds nothing yet, and its log.
    static let logBytesLeast = 256 << 20
}

/// What a benchmark tells while it goes on.
public enum BenchEvent: Sendable {
    /// A table is being made.
    case making(scenario: String, rows: Int)
    /// Databases are being made on a server that others use.
    case creating(databases: [String])
    /// What has to be known, in a sentence.
    case note(String)
    /// A strategy begins.
    case began(strategy: String, scenario: String, round: Int, of: Int)
    /// It has ended, well or not.
    case ended(strategy: String, figures: CellFigures?, problem: String?)
}
