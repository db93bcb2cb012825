import SluiceCore

extension Scenario {
    /// A plant drawn by a seed: constant, but for the replicas slowing from 120 to 220 s.
    package static func random(seed: UInt64) -> Scenario {
        var generator = SeededGenerator(seed: seed)
        func uniform(_ low: Double, _ high: Double) -> Double {
            low + (high - low) * generator.nextUnit()
        }
        func decades(_ low: Double, _ high: Double) -> Double {
            Exponential.power(10, uniform(low, high))
        }
        func pick(_ values: [Double]) -> Double {
            values[Int(generator.nextUnit() * Double(values.count))]
        }
        var plant = Scenario("R\(seed)", "random plant \(seed)")
        plant.seconds = 300
        plant.cores = pick([4, 8, 16, 32])
        plant.fixedSeconds = decades(-3, -1.7)
        let rowSeconds = decades(-5, -3)
        plant.rowSeconds = { _ in rowSeconds }
        let bytesPerRow = decades(2, 3.7)
        plant.bytesPerRow = { _ in bytesPerRow }
        plant.superlinearRows = decades(3.3, 6)
        plant.contention = uniform(0, 0.1)
        plant.coherence = decades(-4, -1.7)
        plant.latencySigma = uniform(0.05, 0.5)
        plant.outlierShare = uniform(0, 0.03)
        plant.applySigma = uniform(0.02, 0.3)
        plant.transportSeconds = pick([0.02, 0.1, 0.3, 0.8])
        plant.replicas = Int(pick([1, 1, 2, 3]))
        let apply = decades(6.5, 8)
        let slowdown = pick([1, 2, 4, 6])
        plant.apply = { replica, seconds in
            let slowed = seconds >= 120 && seconds < 220 ? apply / slowdown : apply
            return slowed * (1 + 0.3 * Double(replica))
        }
        let load = uniform(0.05, 0.45)
        plant.load = { _ in load }
        let foregroundBytes = uniform(0, 0.12) * apply
        plant.foregroundBytes = { _ in foregroundBytes }
        let facts = [
            "cores \(Int(plant.cores))", "fixed \(milli(plant.fixedSeconds)) ms",
            "row \(Int(rowSeconds * 1e6)) us", "\(Int(bytesPerRow)) B/row",
            "apply \(Int(apply / 1e6)) MB/s", "slows \(Int(slowdown))x",
            "load \(Int(load * 100)) %", "transport \(plant.transportSeconds) s",
            "replicas \(plant.replicas)", "superlinear \(Int(plant.superlinearRows))",
        ]
        plant.title += ": " + facts.joined(separator: ", ")
        return plant
    }

    private static func milli(_ seconds: Double) -> Double {
        (seconds * 10_000).rounded() / 10
    }
}
