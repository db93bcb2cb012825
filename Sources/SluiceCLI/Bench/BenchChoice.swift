import SluiceBench

/// What was chosen on the command line.
struct BenchChoice {
    var isQuick = false
    var strategies: String?
    var scenarios: String?
    var rows: String?
    var rounds: String?
    var own: OwnTable?

    private static let rowsDefault = 1_000_000
    private static let rowsQuick = 100_000
    /// Of a table of one's own: what a server that others use bears for the strategies' minutes.
    private static let rowsOwn = 200_000
    private static let roundsDefault = 3
    /// Past which a table does not fit onto a machine that one compares on.
    private static let rowsMost = 1_000_000_000
    private static let roundsMost = 99

    /// The plan.
    ///
    /// - Throws: `UsageError` for what there is not.
    func plan() throws(UsageError) -> BenchPlan {
        if own != nil, scenarios != nil {
            throw UsageError("--scenarios and --table cannot be given together")
        }
        var plan = BenchPlan(
            strategies: try chosen(
                strategies, of: StrategyList.all, name: { $0.name }, for: "--strategies"),
            scenarios: try chosenScenarios(), rows: try sizes(), rounds: try count())
        plan.ownTable = own
        return plan
    }

    private func chosenScenarios() throws(UsageError) -> [Scenario] {
        let first = ScenarioList.all.filter { $0.name == ScenarioList.first }
        guard let scenarios else { return first }
        return try chosen(scenarios, of: ScenarioList.all, name: { $0.name }, for: "--scenarios")
    }

    private func chosen<Item>(
        _ text: String?, of all: [Item], name: (Item) -> String, for option: String
    ) throws(UsageError) -> [Item] {
        guard let text, text != "all" else { return all }
        let names = all.map(name)
        var wanted: Set<String> = []
        for word in Self.words(text) {
            guard names.contains(word) else {
                let guess = NearestWord.to(word, among: names).map { "; did you mean \($0)?" }
                throw UsageError(
                    "\(option) knows no \(quote(word))" + (guess ?? "; see sluice bench --list"))
            }
            wanted.insert(word)
        }
        guard !wanted.isEmpty else {
            throw UsageError("\(option) takes names such as \(names[0]); see sluice bench --list")
        }
        return all.filter { wanted.contains(name($0)) }
    }

    private func sizes() throws(UsageError) -> [Int] {
        guard let rows else {
            if isQuick { return [Self.rowsQuick] }
            return [own == nil ? Self.rowsDefault : Self.rowsOwn]
        }
        var sizes: [Int] = []
        for word in Self.words(rows) {
            guard let size = LimitText.integer(word), (1_000...Self.rowsMost).contains(size) else {
                throw UsageError(
                    "--rows takes numbers from 1,000 to 1,000,000,000, not \(quote(word))")
            }
            sizes.append(size)
        }
        guard !sizes.isEmpty else { throw UsageError("--rows takes a number such as 1000000") }
        return sizes
    }

    private func count() throws(UsageError) -> Int {
        guard let rounds else { return isQuick ? 1 : Self.roundsDefault }
        guard let count = LimitText.integer(rounds), (1...Self.roundsMost).contains(count) else {
            throw UsageError("--rounds takes a number from 1 to 99, not \(quote(rounds))")
        }
        return count
    }

    private static func words(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.trimmingCharacters() }.filter { !$0.isEmpty }
    }
}

extension Substring {
    fileprivate func trimmingCharacters() -> String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
