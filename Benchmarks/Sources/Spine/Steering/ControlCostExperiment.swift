import Foundation
import SluiceCore
import SluiceSandbox

/// What it costs to look and to decide: while every batch waits, that is all that goes on.
struct ControlCostExperiment {
    let plan: BenchPlan
    let recorder: Recorder

    private static let setting = "one replica, every batch held"
    private static let seconds = 60.0
    /// Long enough that a run has begun and rests.
    private static let briefSeconds = 10.0
    /// A run that works, for the law's own cost.
    private static let busySeconds = 20.0
    /// More than two cores were seen to change in a second, with next to nothing to change.
    private static let rowsPerSecondMost = 800_000

    init(_ plan: BenchPlan, _ recorder: Recorder) {
        self.plan = plan
        self.recorder = recorder
    }

    func measure() async throws {
        try await SteeringCluster.with(replicas: 1) { cluster in
            for round in 1...plan.rounds {
                try await cluster.makeTable(
                    "load", rows: Int(Self.busySeconds) * Self.rowsPerSecondMost)
                try await held(cluster, round: round)
                try await law(cluster, round: round)
            }
        }
        expect()
    }

    /// CPU of the client and of the server while held, beyond that of a server left alone, and
    /// beyond that of a run that is held for a moment only: to begin costs as much, however long it
    /// is held.
    private func held(_ cluster: SteeringCluster, round: Int) async throws {
        let idle = try await Self.usage(cluster) {
            try await Task.sleep(for: .seconds(Self.seconds))
        }
        let brief = try await hold(
            cluster, name: "brief \(round)", seconds: Self.briefSeconds, idle: idle)
        let long = try await hold(
            cluster, name: "held \(round)", seconds: Self.briefSeconds + Self.seconds, idle: idle)
        let percent = 100 / (long.seconds - brief.seconds)
        try recorder.add(
            Sample(
                experiment: "controlcost", setting: Self.setting, subject: "held", round: round,
                metrics: [
                    "client_cpu_percent": (long.clientSeconds - brief.clientSeconds) * percent,
                    "server_cpu_percent": (long.serverSeconds - brief.serverSeconds) * percent,
                    "cpu_percent": (long.cpuSeconds - brief.cpuSeconds) * percent,
                    "brief_cpu_seconds": brief.cpuSeconds,
                    "transactions_per_second":
                        (long.transactions - brief.transactions) * percent / 100,
                    "load": LoadAverage.oneMinute,
                ]))
    }

    private struct Held {
        let seconds: Double
        let clientSeconds: Double
        let serverSeconds: Double
        let transactions: Double
        var cpuSeconds: Double { clientSeconds + serverSeconds }
    }

    /// What a run takes that is held for so long, beyond a server left alone.
    private func hold(
        _ cluster: SteeringCluster, name: String, seconds: Double, idle: Usage
    ) async throws -> Held {
        let stop = NSTemporaryDirectory() + "sluice-held-\(getpid())"
        try Data().write(to: URL(filePath: stop))
        defer { try? FileManager.default.removeItem(atPath: stop) }
        let backfill = Backfill(
            cluster, sluicePath: plan.sluicePath, table: "load", name: name,
            limits: ["--throttle-file", stop])
        let held = try await Self.usage(cluster) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await backfill.run() }
                try await Task.sleep(for: .seconds(seconds))
                try await backfill.pause()
                try await group.waitForAll()
            }
        }
        guard let client = backfill.measured else { throw BenchError("the run has not ended") }
        let share = held.seconds / idle.seconds
        return Held(
            seconds: held.seconds, clientSeconds: client.cpuSeconds,
            serverSeconds: held.cpuSeconds - idle.cpuSeconds * share,
            transactions: held.transactions - idle.transactions * share)
    }

    /// What the law takes for the polls and batches of a run that works.
    private func law(_ cluster: SteeringCluster, round: Int) async throws {
        let path = NSTemporaryDirectory() + "sluice-law-\(getpid()).ndjson"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let backfill = Backfill(
            cluster, sluicePath: plan.sluicePath, table: "load", name: "busy \(round)",
            limits: ["--trace", path])
        _ = try await Recording(cluster: cluster, backfill: backfill)
            .play([Scene("busy", seconds: Self.busySeconds)])
        let trace = try TraceFile(path: path)
        let began = ContinuousClock.now
        let difference = ControlTrace.firstDifference(in: trace.events)
        let seconds = began.duration(to: .now) / .seconds(1)
        guard difference == nil else {
            throw BenchError("the law decided event \(difference ?? 0) otherwise")
        }
        try recorder.add(
            Sample(
                experiment: "controlcost", setting: Self.setting, subject: "law, run at work",
                round: round,
                metrics: [
                    "events": Double(trace.events.count),
                    "cpu_percent": seconds / max(1, trace.seconds) * 100,
                    "microseconds_per_event": seconds / Double(max(1, trace.events.count)) * 1e6,
                ]))
    }

    private struct Usage {
        let seconds: Double
        let cpuSeconds: Double
        let transactions: Double
    }

    private static func usage(
        _ cluster: SteeringCluster, _ work: () async throws -> Void
    ) async throws -> Usage {
        let query = """
            SELECT xact_commit + xact_rollback FROM pg_stat_database
            WHERE datname = current_database()
            """
        let ask = {
            Double(
                try await cluster.primary.psql(query, database: SteeringCluster.database)) ?? 0
        }
        let transactions = try await ask()
        let cpu = ServerCPU.seconds(cluster.primary) ?? 0
        let began = ContinuousClock.now
        try await work()
        let seconds = began.duration(to: .now) / .seconds(1)
        return Usage(
            seconds: seconds, cpuSeconds: (ServerCPU.seconds(cluster.primary) ?? 0) - cpu,
            transactions: try await ask() - transactions)
    }

    private func expect() {
        let bars: [(String, String, String, Bar.Bound)] = [
            ("CPU of client and server, percent of a core", "held", "cpu_percent", .atMost(0.5)),
            ("transactions a second", "held", "transactions_per_second", .none),
            ("CPU seconds of a run held for 10 s", "held", "brief_cpu_seconds", .none),
            (
                "CPU of the law itself, percent of a core", "law, run at work", "cpu_percent",
                .atMost(0.5)
            ),
        ]
        for (title, subject, metric, bound) in bars {
            recorder.expect(
                Bar(
                    title: title, experiment: "controlcost", setting: Self.setting,
                    metric: metric, subject: subject, over: nil, bound: bound))
        }
    }
}
