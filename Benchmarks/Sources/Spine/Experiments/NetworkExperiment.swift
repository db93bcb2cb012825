/// The engine over a slow network against the engine over a fast one.
struct NetworkExperiment {
    let cluster: BenchCluster
    let plan: BenchPlan
    let recorder: Recorder

    static let delayMilliseconds = 5

    init(_ cluster: BenchCluster, _ plan: BenchPlan, _ recorder: Recorder) {
        self.cluster = cluster
        self.plan = plan
        self.recorder = recorder
    }

    func measure() async throws {
        let table = AccountsTable(rows: plan.rows, moreIndexes: 2)
        try await table.prepare(cluster)
        for workers in plan.workers {
            let sluice = SluiceCase(
                workers: workers, batchKeys: plan.batchKeys, synchronousCommit: false)
            let cases = [0, Self.delayMilliseconds].map {
                SluiceOverNetwork(sluice: sluice, delayMilliseconds: $0)
            }
            let setting = "\(table.title), \(workers) workers"
            recorder.expect(
                Bar(
                    title: "rate with \(Self.delayMilliseconds) ms each way / without",
                    experiment: "network", setting: setting, metric: "rows_per_second",
                    subject: cases[1].subject, over: cases[0].subject, bound: .atLeast(0.9)))
            try await Rounds(
                cluster: cluster, recorder: recorder, experiment: "network", setting: setting,
                table: table
            ).run(cases, rounds: plan.rounds)
        }
    }
}
