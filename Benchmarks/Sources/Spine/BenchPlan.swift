/// What is measured and how often.
struct BenchPlan: Sendable {
    let rows: Int
    let rounds: Int
    /// Indexes besides the primary key, one table for each number, for speed.
    let moreIndexes: [Int]
    let workers: [Int]
    let batchKeys: Int
    let clientRows: [Int]
    let planRows: Int
    /// Sizes of narrow table whose rates are compared, the smallest first.
    let scaleRows: [Int]
    /// The `sluice` program.
    let sluicePath: String
}

/// The groups of figures.
enum ExperimentKind: String, CaseIterable, Sendable {
    case speed, client, network, planning, skew, scale

    func measure(
        _ cluster: BenchCluster, _ plan: BenchPlan, _ recorder: Recorder
    ) async throws {
        switch self {
        case .speed: try await SpeedExperiment(cluster, plan, recorder).measure()
        case .client: try await ClientExperiment(cluster, plan, recorder).measure()
        case .network: try await NetworkExperiment(cluster, plan, recorder).measure()
        case .skew: try await SkewExperiment(cluster, plan, recorder).measure()
        case .scale: try await ScaleExperiment(plan, recorder).measure()
        case .planning: try await PlanningExperiment(cluster, plan, recorder).measure()
        }
    }
}
