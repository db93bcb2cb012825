/// What the `sluice` program itself uses, whatever the table's size.
struct ClientExperiment {
    let cluster: BenchCluster
    let plan: BenchPlan
    let recorder: Recorder

    init(_ cluster: BenchCluster, _ plan: BenchPlan, _ recorder: Recorder) {
        self.cluster = cluster
        self.plan = plan
        self.recorder = recorder
    }

    func measure() async throws {
        for rows in plan.clientRows {
            let table = AccountsTable(rows: rows, moreIndexes: 2)
            try await table.prepare(cluster)
            let workers = plan.workers.max() ?? 4
            let setting = "\(table.title), \(workers) workers"
            let rounds = Rounds(
                cluster: cluster, recorder: recorder, experiment: "client", setting: setting,
                table: table)
            expect(setting)
            let program = SluiceProgram(
                path: plan.sluicePath, workers: workers, batchKeys: plan.batchKeys)
            try await rounds.run([program], rounds: rows > 5_000_000 ? 1 : plan.rounds)
        }
    }

    private func expect(_ setting: String) {
        let bars = [
            ("client CPU, percent of the server's", "client_cpu_percent_of_server", 3.0),
            ("client's peak memory, MiB", "client_resident_mebibytes", 64.0),
        ]
        for (title, metric, most) in bars {
            recorder.expect(
                Bar(
                    title: title, experiment: "client", setting: setting, metric: metric,
                    subject: "sluice run", over: nil, bound: .atMost(most)))
        }
    }
}
