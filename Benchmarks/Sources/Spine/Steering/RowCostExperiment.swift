import Foundation
import SluiceCore
import SluiceSandbox

/// Whether batches keep their duration when rows become fifty times as dear halfway.
struct RowCostExperiment {
    let plan: BenchPlan
    let recorder: Recorder

    private static let setting = "short rows, then 16 kB out of line"
    private static let smallRows = 3_000_000
    private static let largeRows = 60_000
    /// From the first dear batch on, what is looked at by itself.
    private static let turnBatches = 200
    /// Dear rows, by their cost beside the median: far above noise, far below the change.
    private static let dearFactor = 10.0
    private static let rowsMin = 20

    init(_ plan: BenchPlan, _ recorder: Recorder) {
        self.plan = plan
        self.recorder = recorder
    }

    func measure() async throws {
        for round in 1...plan.rounds {
            try await SteeringCluster.with(replicas: 0) { cluster in
                try await measure(cluster, round: round)
            }
        }
        recorder.expect(
            Bar(
                title: "99th percentile of a batch's duration / its target",
                experiment: "rowcost", setting: Self.setting, metric: "p99_over_target",
                subject: "sluice", over: nil, bound: .atMost(3)))
        recorder.expect(
            Bar(
                title: "the same of the \(Self.turnBatches) batches from the change on",
                experiment: "rowcost", setting: Self.setting, metric: "p99_over_target_at_turn",
                subject: "sluice", over: nil, bound: .none))
    }

    private func measure(_ cluster: SteeringCluster, round: Int) async throws {
        // Out of line and not compressed, so that a change writes all of it again.
        try await cluster.primary.psql(
            """
            CREATE TABLE mixed (id bigint NOT NULL, body text NOT NULL);
            ALTER TABLE mixed ALTER body SET STORAGE EXTERNAL;
            INSERT INTO mixed SELECT g, 'short' FROM generate_series(1, \(Self.smallRows)) g;
            INSERT INTO mixed SELECT g, repeat(md5(g::text), 500)
            FROM generate_series(\(Self.smallRows) + 1, \(Self.smallRows + Self.largeRows)) g;
            ALTER TABLE mixed ADD PRIMARY KEY (id);
            VACUUM (FREEZE, ANALYZE) mixed;
            CHECKPOINT;
            """, database: SteeringCluster.database)
        let trace = NSTemporaryDirectory() + "sluice-rowcost-\(getpid()).ndjson"
        defer { try? FileManager.default.removeItem(atPath: trace) }
        let backfill = Backfill(
            cluster, sluicePath: plan.sluicePath, table: "mixed", name: "round \(round)",
            assignment: "body = body || 'x'",
            // One range after the other, or both halves would run beside each other.
            limits: ["--workers", "2..2", "--trace", trace])
        try await backfill.run()
        let right = try await cluster.primary.psql(
            "SELECT count(*) FROM mixed WHERE body LIKE '%x'", database: SteeringCluster.database)
        guard right == "\(Self.smallRows + Self.largeRows)" else {
            throw BenchError("rowcost: \(right) rows are right")
        }
        let batches = try TraceFile(path: trace).batches
        try recorder.keep(
            "rowcost-\(round).csv",
            "at_seconds,keys,overhead_seconds,seconds,target_seconds\n"
                + batches.map { batch in
                    let sample = batch.sample
                    return [
                        sample.nowSeconds, Double(sample.rows), sample.overheadSeconds,
                        sample.latencySeconds, batch.targetSeconds,
                    ].map { String(format: "%.4g", $0) }.joined(separator: ",") + "\n"
                }.joined())
        try recorder.add(
            Sample(
                experiment: "rowcost", setting: Self.setting, subject: "sluice", round: round,
                metrics: Self.metrics(batches).merging(
                    ["seconds": backfill.measured?.seconds ?? 0, "load": LoadAverage.oneMinute]
                ) { $1 }))
    }

    private static func metrics(_ batches: [TraceFile.Batch]) -> [String: Double] {
        let cost = { (batch: TraceFile.Batch) in
            batch.sample.latencySeconds / Double(max(1, batch.sample.rows))
        }
        // Most batches are cheap, and a handful of rows shows only what a batch costs by itself.
        let usual = Figure.median(batches.map(cost)) ?? 0
        let isDear = { (batch: TraceFile.Batch) in
            batch.sample.rows >= rowsMin && cost(batch) > dearFactor * usual
        }
        let turn = batches.firstIndex(where: isDear) ?? batches.count
        let dear = Figure.median(batches.filter(isDear).map(cost)) ?? 0
        let ratio = { (batch: TraceFile.Batch) in
            batch.sample.latencySeconds / batch.targetSeconds
        }
        return [
            "batches": Double(batches.count),
            "row_cost_factor": usual > 0 ? dear / usual : 0,
            "p99_over_target": percentile(batches.map(ratio), 0.99),
            "p50_over_target": percentile(batches.map(ratio), 0.5),
            "p99_over_target_at_turn": percentile(
                batches.dropFirst(turn).prefix(turnBatches).map(ratio), 0.99),
            "p99_seconds": percentile(batches.map(\.sample.latencySeconds), 0.99),
            "most_seconds": batches.map(\.sample.latencySeconds).max() ?? 0,
            "timed_out": Double(batches.count { $0.sample.outcome == .timedOut }),
        ]
    }

    private static func percentile(_ values: [Double], _ share: Double) -> Double {
        guard !values.isEmpty else { return 0 }
        return values.sorted()[min(values.count - 1, Int(Double(values.count) * share))]
    }
}
