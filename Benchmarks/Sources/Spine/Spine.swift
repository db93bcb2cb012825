import ArgumentParser
import Foundation

/// Measures whether the engine keeps its promises about speed, on a throwaway cluster.
@main
struct Spine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spine",
        abstract: "Measures backfills side by side on a throwaway cluster.",
        discussion: "Every figure that is compared is a ratio of two runs of the same round.")

    @Option(help: "What to measure: \(Self.choices).")
    var only = "speed,client,network,planning,skew"

    @Option(help: "Rows of the table that speed and network change.")
    var rows = 2_000_000

    @Option(help: "Rounds; each runs every case once.")
    var rounds = 3

    @Option(help: "Numbers of workers.")
    var workers = "2,4"

    @Option(help: "Indexes besides the primary key; speed is measured with each number of them.")
    var indexes = "2,0"

    @Option(help: "Keys in one batch.")
    var batch = 5_000

    @Option(help: "Sizes of table for the client's CPU and memory.")
    var clientRows = "100000,2000000,10000000"

    @Option(help: "Rows of the table that is planned.")
    var planRows = 10_000_000

    @Option(help: "Sizes of narrow table that scale compares, the smallest first.")
    var scaleRows = "1000000,100000000"

    @Option(help: "Rows of the table over which a run is steered through a fault.")
    var steeringRows = 30_000_000

    @Option(help: "How many of the fixed settings foreground compares, the gentlest first.")
    var fixedSettings = 16

    @Option(help: "The sluice program, for what is measured from outside.")
    var sluice: String

    @Option(help: "The folder for results; made if missing.")
    var output: String

    func run() async throws {
        let wanted = try only.split(separator: ",").flatMap { name in
            if name == "steering" { return ExperimentKind.steering }
            guard let kind = ExperimentKind(rawValue: String(name)) else {
                throw ValidationError("--only takes \(Self.choices), not '\(name)'")
            }
            return [kind]
        }
        let plan = BenchPlan(
            rows: rows, rounds: rounds,
            moreIndexes: try numbers(indexes, "--indexes", from: 0),
            workers: try numbers(workers, "--workers"),
            batchKeys: batch, clientRows: try numbers(clientRows, "--client-rows"),
            planRows: planRows, scaleRows: try numbers(scaleRows, "--scale-rows"),
            steeringRows: steeringRows, fixedSettings: fixedSettings, sluicePath: sluice)
        let recorder = try Recorder(folder: output)
        try await BenchCluster.with { cluster in
            recorder.setup = try await SetupFacts.read(cluster, plan: plan)
            for kind in wanted {
                try await kind.measure(cluster, plan, recorder)
            }
        }
        try recorder.finish()
    }

    private static let choices =
        ExperimentKind.allCases.map(\.rawValue).joined(separator: ", ")
        + "; steering is the last nine of them"

    private func numbers(
        _ text: String, _ option: String, from least: Int = 1
    ) throws -> [Int] {
        try text.split(separator: ",").map { part in
            guard let number = Int(part), number >= least else {
                throw ValidationError(
                    "\(option) takes numbers from \(least), such as 2,4, not '\(text)'")
            }
            return number
        }
    }
}
