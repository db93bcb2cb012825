/// The engine against bare UPDATE statements, against the usual loop and against one UPDATE.
struct SpeedExperiment {
    let cluster: BenchCluster
    let plan: BenchPlan
    let recorder: Recorder

    init(_ cluster: BenchCluster, _ plan: BenchPlan, _ recorder: Recorder) {
        self.cluster = cluster
        self.plan = plan
        self.recorder = recorder
    }

    func measure() async throws {
        for indexes in plan.moreIndexes {
            let table = AccountsTable(rows: plan.rows, moreIndexes: indexes)
            try await table.prepare(cluster)
            for workers in plan.workers { try await measure(table, workers: workers) }
        }
    }

    private func measure(_ table: AccountsTable, workers: Int) async throws {
        let rounds = Rounds(
            cluster: cluster, recorder: recorder, experiment: "speed",
            setting: "\(table.title), \(workers) workers", table: table)
        expect(rounds.setting)
        let bare = {
            BareUpdates(workers: workers, batchKeys: plan.batchKeys, synchronousCommit: $0)
        }
        let sluice = {
            SluiceCase(workers: workers, batchKeys: plan.batchKeys, synchronousCommit: $0)
        }
        // A case's divisor runs right before or after it.
        let compared: [any BackfillCase] = [sluice(true), bare(true), sluice(false), bare(false)]
        // One connection whatever the workers: still in each round, for its ratios.
        _ = try await rounds.measure(bare(false))
        try await rounds.run(
            compared + [SelectThenUpdate(), SingleUpdate()], rounds: plan.rounds)
    }

    private func expect(_ setting: String) {
        let bars: [(String, String, String, Bar.Bound)] = [
            ("bare statements, commit on", "sluice, commit on", "bare, commit on", .atLeast(0.93)),
            ("bare statements, commit on", "sluice, commit off", "bare, commit on", .atLeast(1)),
            ("bare statements, commit off", "sluice, commit off", "bare, commit off", .none),
            ("select then update", "sluice, commit off", "select then update", .atLeast(2)),
            ("single update", "sluice, commit off", "single update", .none),
        ]
        for (name, subject, over, bound) in bars {
            recorder.expect(
                Bar(
                    title: "rate of \(subject) / \(name)", experiment: "speed", setting: setting,
                    metric: "rows_per_second", subject: subject, over: over, bound: bound))
        }
        // Steady where other programs take the processor away, which a rate is not.
        for commit in ["on", "off"] {
            recorder.expect(
                Bar(
                    title: "rows per second of server CPU, sluice / bare statements, "
                        + "commit \(commit)",
                    experiment: "speed", setting: setting, metric: "rows_per_server_cpu_second",
                    subject: "sluice, commit \(commit)", over: "bare, commit \(commit)",
                    bound: .none))
        }
    }
}
