import ArgumentParser
import Foundation
import SluiceControlPlant

/// Compares Sluice's control with others' in simulation.
@main struct ControlTableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "control",
        abstract: "Compares Sluice's control with others' in simulation and prints Markdown.")

    @Option(help: "Scenarios, S1 to S14; all unless given.")
    var only: [String] = []

    @Option(help: "Controllers, such as sluice or gh-ost; all unless given.")
    var controller: [String] = []

    @Option(help: "Runs of each scenario, with different seeds.")
    var seeds = 2

    @Option(help: "Random plants.")
    var plants = 30

    @Option(help: "Seed of the first random plant.")
    var firstPlant: UInt64 = 1000

    func run() async throws {
        let choice = ControlTable.Choice(
            scenarios: only, controllers: controller, seeds: seeds, plants: plants,
            firstPlant: firstPlant)
        let text = await ControlTable.markdown(choice) { line in
            FileHandle.standardError.write(Data("control: \(line)\n".utf8))
        }
        print(text)
    }
}
