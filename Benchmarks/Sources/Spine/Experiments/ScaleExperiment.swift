import SluiceSandbox

/// Whether planning and changing a table take more for a row, the more rows it has.
///
/// Narrow rows, in a cluster of its own whose shared memory holds the largest table: what is
/// compared is Sluice, not the machine's cache.
struct ScaleExperiment {
    let plan: BenchPlan
    let recorder: Recorder

    private static let settings = ["shared_buffers": "12GB", "max_wal_size": "32GB"]

    init(_ plan: BenchPlan, _ recorder: Recorder) {
        self.plan = plan
        self.recorder = recorder
    }

    func measure() async throws {
        for rows in plan.scaleRows {
            // Small tables are done in seconds: more rounds for the same certainty.
            let rounds = rows < 10_000_000 ? plan.rounds : 1
            for round in 1...rounds {
                try await BenchCluster.with(more: Self.settings) { cluster in
                    try await measure(cluster, rows: rows, round: round)
                }
            }
        }
        expect()
    }

    private func measure(_ cluster: BenchCluster, rows: Int, round: Int) async throws {
        Progress.say("making \(rows) narrow rows")
        let database = try await cluster.server.createDatabase("narrow")
        try await cluster.server.psql(
            """
            CREATE TABLE narrow (id bigint NOT NULL, value int NOT NULL DEFAULT 0)
            WITH (autovacuum_enabled = off);
            INSERT INTO narrow SELECT generate_series(1, \(rows));
            ALTER TABLE narrow ADD PRIMARY KEY (id);
            ANALYZE narrow;
            """, database: database)
        try await cluster.server.psql("CHECKPOINT")
        let job = [
            "--table", "narrow", "--set", "value = value + 1", "--workers",
            "\(plan.workers.max() ?? 2)", "--dsn", cluster.server.dsn(database: database),
        ]
        let planned = try await MeasuredProgram.run(plan.sluicePath, ["plan"] + job)
        let ran = try await MeasuredProgram.run(
            plan.sluicePath, ["run"] + job + ["--progress", "none"])
        let right = try await cluster.server.psql(
            "SELECT count(*) FILTER (WHERE value = 1) FROM narrow", database: database)
        guard planned.exitCode == 0, ran.exitCode == 0, right == "\(rows)" else {
            throw BenchError("scale: \(right) of \(rows) rows are right, code \(ran.exitCode)")
        }
        try recorder.add(
            Sample(
                experiment: "scale", setting: "narrow rows", subject: "\(rows) rows", round: round,
                metrics: [
                    "plan_milliseconds": planned.seconds * 1_000,
                    "plan_resident_mebibytes": Double(planned.residentBytesMax) / 1_048_576,
                    "run_seconds": ran.seconds, "rows_per_second": Double(rows) / ran.seconds,
                    "run_resident_mebibytes": Double(ran.residentBytesMax) / 1_048_576,
                    "client_cpu_seconds": ran.cpuSeconds, "load": LoadAverage.oneMinute,
                ]))
    }

    private func expect() {
        guard let small = plan.scaleRows.first, let large = plan.scaleRows.last else { return }
        recorder.expect(
            Bar(
                title: "rate at \(large) rows / at \(small)", experiment: "scale",
                setting: "narrow rows", metric: "rows_per_second", subject: "\(large) rows",
                over: "\(small) rows", bound: .atLeast(0.9)))
        let most = [
            ("time of sluice plan, ms", "plan_milliseconds", 1_000.0),
            ("peak memory of sluice plan, MiB", "plan_resident_mebibytes", 64),
            ("peak memory of sluice run, MiB", "run_resident_mebibytes", 64),
        ]
        for (title, metric, bound) in most {
            recorder.expect(
                Bar(
                    title: title, experiment: "scale", setting: "narrow rows", metric: metric,
                    subject: "\(large) rows", over: nil, bound: .atMost(bound)))
        }
    }
}
