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
    /// Rows of the narrow table over which a run is steered through a fault.
    let steeringRows: Int
    /// Fixed settings beside which a budget is measured, the gentlest first.
    let fixedSettings: Int
    /// The `sluice` program.
    let sluicePath: String
}

/// The groups of figures.
enum ExperimentKind: String, CaseIterable, Sendable {
    case speed, client, network, planning, skew, scale, writepath, widepath, touchedpath, uuidpath
    case snapshotpath, trigger
    case quarter, idle, unequal, paused, killed
    case convergence, foreground, rowcost, controlcost

    /// What `steering` stands for: each that shows how a run is steered.
    static let steering: [ExperimentKind] = [
        .quarter, .idle, .unequal, .paused, .killed, .convergence, .foreground, .rowcost,
        .controlcost,
    ]

    func measure(
        _ cluster: BenchCluster, _ plan: BenchPlan, _ recorder: Recorder
    ) async throws {
        switch self {
        case .speed: try await SpeedExperiment(cluster, plan, recorder).measure()
        case .client: try await ClientExperiment(cluster, plan, recorder).measure()
        case .network: try await NetworkExperiment(cluster, plan, recorder).measure()
        case .skew: try await SkewExperiment(cluster, plan, recorder).measure()
        case .writepath:
            let kinds = plan.moreIndexes.sorted().map { WritePathTable.Kind.indexes($0) }
            try await WritePathExperiment(kinds, plan, recorder).measure()
        case .uuidpath:
            try await WritePathExperiment(
                plan.moreIndexes.sorted().map { .uuid($0) }, plan, recorder
            ).measure()
        case .widepath: try await WritePathExperiment([.wide], plan, recorder).measure()
        case .snapshotpath: try await WritePathExperiment([.snapshot], plan, recorder).measure()
        case .touchedpath: try await WritePathExperiment([.touched], plan, recorder).measure()
        case .trigger: try await TriggerCostExperiment(cluster, plan, recorder).measure()
        case .scale: try await ScaleExperiment(plan, recorder).measure()
        case .quarter, .idle, .unequal, .paused, .killed:
            guard let fault = Fault(rawValue: rawValue) else { return }
            try await FaultExperiment(fault, plan, recorder).measure()
        case .convergence: try await ConvergenceExperiment(plan, recorder).measure()
        case .foreground: try await ForegroundExperiment(plan, recorder).measure()
        case .rowcost: try await RowCostExperiment(plan, recorder).measure()
        case .controlcost: try await ControlCostExperiment(plan, recorder).measure()
        case .planning: try await PlanningExperiment(cluster, plan, recorder).measure()
        }
    }
}
