import Sluice
import SluicePostgres
import SluiceSandbox

/// How long planning a large table takes and how much of the table it reads.
struct PlanningExperiment {
    let cluster: BenchCluster
    let plan: BenchPlan
    let recorder: Recorder

    init(_ cluster: BenchCluster, _ plan: BenchPlan, _ recorder: Recorder) {
        self.cluster = cluster
        self.plan = plan
        self.recorder = recorder
    }

    func measure() async throws {
        for keyed in KeyedTable.all(rows: plan.planRows) {
            let database = try await keyed.create(cluster)
            for analyzed in [false, true] {
                if analyzed {
                    try await cluster.server.psql("ANALYZE keyed", database: database)
                }
                try await measure(keyed, database: database, analyzed: analyzed)
            }
            try await cluster.server.dropDatabase(database)
        }
    }

    private func measure(_ keyed: KeyedTable, database: String, analyzed: Bool) async throws {
        let setting = "\(keyed.title), \(analyzed ? "analyzed" : "never analyzed")"
        expect(setting)
        // After a restart nothing is in shared memory, and no session has warm catalogs.
        try await cluster.server.restart()
        for round in 1...plan.rounds {
            for (subject, work) in [("Sluice.plan", planInProcess), ("sluice plan", planByProgram)]
            {
                let before = try await pagesTouched(database)
                let began = ContinuousClock.now
                try await work(cluster.server.dsn(database: database))
                let milliseconds = began.duration(to: .now) / .milliseconds(1)
                let after = try await pagesTouched(database)
                try recorder.add(
                    Sample(
                        experiment: "planning", setting: setting, subject: subject, round: round,
                        metrics: [
                            "milliseconds": milliseconds,
                            "heap_pages": after.heap - before.heap,
                            "index_pages": after.index - before.index,
                            "load": LoadAverage.oneMinute,
                        ]))
            }
        }
    }

    private func planInProcess(_ dsn: String) async throws {
        let report = try await Sluice(try ConnectionParameters(dsn: dsn)).plan(KeyedTable.job)
        guard report.refusals.isEmpty else {
            throw BenchError("the plan was refused: \(report.refusals.joined(separator: "; "))")
        }
    }

    private func planByProgram(_ dsn: String) async throws {
        let ended = try await MeasuredProgram.run(
            plan.sluicePath,
            ["plan", "--table", KeyedTable.name, "--set", "value = 1", "--dsn", dsn])
        guard ended.exitCode == 0 else {
            throw BenchError("sluice plan ended with exit code \(ended.exitCode)")
        }
    }

    /// Pages of the table and of its index that were read, from memory or disk, until now.
    ///
    /// A session reports its share when it ends, which is waited for.
    private func pagesTouched(_ database: String) async throws -> (heap: Double, index: Double) {
        let others = """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = '\(database)' AND pid <> pg_backend_pid()
            """
        while try await cluster.server.psql(others) != "0" {}
        let counts = try await cluster.server.psql(
            """
            SELECT heap_blks_read + heap_blks_hit, coalesce(idx_blks_read + idx_blks_hit, 0)
            FROM pg_statio_user_tables WHERE relname = 'keyed'
            """, database: database
        ).split(separator: "|").compactMap { Double($0) }
        guard counts.count == 2 else { throw BenchError("the server counts no pages of keyed") }
        return (counts[0], counts[1])
    }

    private func expect(_ setting: String) {
        let bars = [
            ("time to plan in a process that runs, ms", "Sluice.plan", "milliseconds", 200.0),
            ("time of the program, ms", "sluice plan", "milliseconds", 200.0),
            // A probe is a few keys: the first, the last, and one a bound at most.
            ("heap pages read by a plan", "Sluice.plan", "heap_pages", 100.0),
        ]
        for (title, subject, metric, most) in bars {
            recorder.expect(
                Bar(
                    title: title, experiment: "planning", setting: setting, metric: metric,
                    subject: subject, over: nil, bound: .atMost(most)))
        }
    }
}
