import Benchmark

/// What the core costs: everything here runs beside every batch, or once for a plan.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .instructions], scalingFactor: .kilo, maxDuration: .seconds(2),
        maxIterations: .kilo(5))
    addControl()
    addScheduling()
    addPlanning()
}
