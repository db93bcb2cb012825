/// The comparison of Sluice's control with others', as text.
public enum ControlTable {
    /// What to compare.
    public struct Choice: Sendable {
        /// Names of scenarios (S1 to S14); all where empty.
        public var scenarios: [String]
        /// Names of controllers; all where empty.
        public var controllers: [String]
        /// Runs of each scenario, with the seeds 1, 2 and so on.
        public var seeds: Int
        /// Random plants, and the seed of the first.
        public var plants: Int
        /// The first random plant's seed.
        public var firstPlant: UInt64

        /// A choice.
        public init(
            scenarios: [String] = [], controllers: [String] = [], seeds: Int = 2,
            plants: Int = 30, firstPlant: UInt64 = 1000
        ) {
            self.scenarios = scenarios
            self.controllers = controllers
            self.seeds = seeds
            self.plants = plants
            self.firstPlant = firstPlant
        }

        var contenders: [Contender] {
            Contender.all.filter { controllers.isEmpty || controllers.contains($0.id) }
        }
        var chosen: [Scenario] {
            Scenario.all.filter { scenarios.isEmpty || scenarios.contains($0.id) }
        }
    }

    /// Runs everything and returns Markdown, `progress` getting a line now and then.
    public static func markdown(
        _ choice: Choice, progress: (String) -> Void = { _ in }
    ) async -> String {
        var text = ""
        for scenario in choice.chosen {
            progress(scenario.id)
            text += await table(scenario, choice)
        }
        if choice.plants > 0 {
            progress("random plants")
            text += await plants(choice)
        }
        return text
    }

    /// Runs in parallel what is independent, in the order of the input.
    package static func outcomes(
        _ contender: Contender, _ runs: [(scenario: Scenario, seed: UInt64)]
    ) async -> [Outcome] {
        await withTaskGroup(of: (Int, Outcome).self) { group in
            for (index, run) in runs.enumerated() {
                group.addTask { (index, contender.run(run.scenario, seed: run.seed)) }
            }
            var results = Array(repeating: Outcome(), count: runs.count)
            for await (index, outcome) in group { results[index] = outcome }
            return results
        }
    }

    private static func table(_ scenario: Scenario, _ choice: Choice) async -> String {
        var text = "\n### \(scenario.id): \(scenario.title)\n\n"
        text += "| controller | efficiency | lag max s | s above | violation s | p99 ms "
        text += "| variation | s to 80 % | s to 90 % |\n|---|---|---|---|---|---|---|---|---|\n"
        for contender in choice.contenders {
            let runs = (1...UInt64(max(1, choice.seeds))).map { (scenario, $0) }
            let summary = Summary(await outcomes(contender, runs))
            let cells = [
                contender.title, decimals(summary.efficiency, 3),
                decimals(summary.lagSecondsMax, 1), decimals(summary.aboveSeconds, 1),
                decimals(summary.violationSeconds, 1),
                decimals(summary.batchSecondsP99 * 1000, 0),
                summary.variation.map { decimals($0, 2) } ?? "–",
                summary.secondsTo80.map { decimals($0, 0) } ?? "–",
                summary.secondsTo90.map { decimals($0, 0) } ?? "–",
            ]
            text += "| " + cells.joined(separator: " | ") + " |\n"
        }
        return text
    }

    private static func plants(_ choice: Choice) async -> String {
        let seeds = choice.firstPlant..<(choice.firstPlant + UInt64(choice.plants))
        let runs = seeds.map { (Scenario.random(seed: $0), $0) }
        var text = "\n### \(choice.plants) random plants from seed \(choice.firstPlant)\n\n"
        text += "| controller | median | p10 | least | plants above | lag max s | violation s "
        text += "| p99 ms |\n|---|---|---|---|---|---|---|---|\n"
        for contender in choice.contenders {
            let set = PlantSet(await outcomes(contender, runs))
            let cells = [
                contender.title, decimals(set.efficiencyMedian, 3),
                decimals(set.efficiencyP10, 3), decimals(set.efficiencyMin, 3),
                "\(set.plantsAbove)/\(set.count)", decimals(set.lagSecondsMax, 1),
                decimals(set.violationSeconds, 0),
                decimals(set.batchSecondsP99Median * 1000, 0),
            ]
            text += "| " + cells.joined(separator: " | ") + " |\n"
        }
        return text
    }

    /// A number with so many decimals; a dash for what is none.
    static func decimals(_ value: Double, _ count: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "–" }
        var scale = 1
        for _ in 0..<count { scale *= 10 }
        let scaled = Int((abs(value) * Double(scale)).rounded())
        let sign = value < 0 && scaled != 0 ? "-" : ""
        guard count > 0 else { return "\(sign)\(scaled)" }
        let rest = String(scaled % scale)
        let zeros = String(repeating: "0", count: count - rest.count)
        return "\(sign)\(scaled / scale).\(zeros)\(rest)"
    }
}
