import SluiceSandbox

/// Runs cases in interleaved rounds, each from the same starting state, and checks the work.
struct Rounds {
    let cluster: BenchCluster
    let recorder: Recorder
    let experiment: String
    let setting: String
    let table: AccountsTable

    /// Each round begins with another case, so that none is always first.
    func run(_ cases: [any BackfillCase], rounds: Int) async throws {
        for round in 1...rounds {
            let start = (round - 1) % cases.count
            for one in cases[start...] + cases[..<start] {
                let metrics = try await measure(one)
                try recorder.add(
                    Sample(
                        experiment: experiment, setting: setting, subject: one.subject,
                        round: round, metrics: metrics))
            }
        }
    }

    /// One case on one fresh copy of the table.
    func measure(_ one: any BackfillCase) async throws -> [String: Double] {
        try await cluster.withCopy(of: table.template) { database in
            let load = LoadAverage.oneMinute
            let walBefore = try await walBytes()
            let cpuBefore = ServerCPU.seconds(cluster.server)
            let began = ContinuousClock.now
            let more = try await one.change(
                FreshCopy(server: cluster.server, database: database, rows: table.rows))
            let seconds = began.duration(to: .now) / .seconds(1)
            let cpuAfter = ServerCPU.seconds(cluster.server)
            let walAfter = try await walBytes()
            try await table.verify(cluster, database: database, subject: one.subject)
            var metrics = [
                "seconds": seconds, "rows_per_second": Double(table.rows) / seconds,
                "wal_megabytes": (walAfter - walBefore) / 1e6, "load": load,
            ]
            if let cpuBefore, let cpuAfter {
                metrics["server_cpu_seconds"] = cpuAfter - cpuBefore
                metrics["rows_per_server_cpu_second"] =
                    Double(table.rows) / (cpuAfter - cpuBefore)
            }
            return metrics.merging(more) { $1 }
        }
    }

    private func walBytes() async throws -> Double {
        Double(
            try await cluster.server.psql(
                "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")) ?? .nan
    }
}
