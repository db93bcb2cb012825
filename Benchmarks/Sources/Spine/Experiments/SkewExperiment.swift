import Sluice
import SluiceCore
import SluicePostgres
import SluiceSandbox

/// How long workers stand idle at the end of a run over keys that are spread unevenly.
struct SkewExperiment {
    let cluster: BenchCluster
    let plan: BenchPlan
    let recorder: Recorder

    /// As many as the promise is made for.
    static let workers = 4

    init(_ cluster: BenchCluster, _ plan: BenchPlan, _ recorder: Recorder) {
        self.cluster = cluster
        self.plan = plan
        self.recorder = recorder
    }

    func measure() async throws {
        for table in SkewedTable.all {
            for analyzed in [false, true] {
                try await measure(table, analyzed: analyzed)
            }
        }
    }

    private func measure(_ table: SkewedTable, analyzed: Bool) async throws {
        let setting = "\(table.title), \(analyzed ? "analyzed" : "never analyzed")"
        recorder.expect(
            Bar(
                title: "percent of the run after the first of \(Self.workers) workers ran dry",
                experiment: "skew", setting: setting, metric: "tail_percent", subject: "sluice",
                over: nil, bound: .atMost(5)))
        for round in 1...plan.rounds {
            let database = try await table.create(cluster, rows: plan.rows, analyzed: analyzed)
            var options = RunOptions()
            options.limits.workers = Self.workers...Self.workers
            options.limits.batchKeys = plan.batchKeys
            let report = try await Sluice(
                try ConnectionParameters(dsn: cluster.server.dsn(database: database))
            ).run(SkewedTable.job, options: options)
            let right = try await cluster.server.psql(
                "SELECT count(*) FILTER (WHERE value = 1) = count(*) FROM skewed",
                database: database)
            guard report.exitCode == 0, right == "t", let tail = report.tailSeconds else {
                throw BenchError("skew, \(setting): \(report.message), right: \(right)")
            }
            let splits = try await cluster.server.psql(
                "SELECT count(*) FROM sluice.event WHERE kind = 'split'", database: database)
            try recorder.add(
                Sample(
                    experiment: "skew", setting: setting, subject: "sluice", round: round,
                    metrics: [
                        "seconds": report.seconds, "tail_seconds": tail,
                        "tail_percent": tail / report.seconds * 100,
                        "rows_per_second": Double(plan.rows) / report.seconds,
                        "splits": Double(splits) ?? .nan, "load": LoadAverage.oneMinute,
                    ]))
            try await cluster.server.dropDatabase(database)
        }
    }
}
