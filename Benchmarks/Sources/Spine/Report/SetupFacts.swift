import Foundation
import SluiceSandbox

/// What the results were taken with, and so what they may be compared with.
struct SetupFacts: Sendable {
    let facts: [(name: String, value: String)]

    static func read(_ cluster: BenchCluster, plan: BenchPlan) async throws -> SetupFacts {
        let settings = BenchCluster.settings.sorted { $0.key < $1.key }
            .map { "`\($0.key) = \($0.value)`" }.joined(separator: ", ")
        let version = try await cluster.server.psql("SHOW server_version")
        return SetupFacts(facts: [
            ("Taken", Date().formatted(.iso8601)),
            ("Cores", "\(ProcessInfo.processInfo.activeProcessorCount) (\(processor))"),
            ("Memory", "\(ProcessInfo.processInfo.physicalMemory >> 30) GB"),
            ("System", ProcessInfo.processInfo.operatingSystemVersionString),
            ("PostgreSQL", version),
            ("Settings", "\(settings), `fsync = on`; everything else is PostgreSQL's default"),
            ("Rows", "\(plan.rows) for speed and network"),
            ("Batch", "\(plan.batchKeys) keys"),
            ("Workers", plan.workers.map(String.init).joined(separator: ", ")),
            ("Rounds", "\(plan.rounds)"),
            ("Load at the start", Figure.text(LoadAverage.oneMinute)),
        ])
    }

    var readme: String {
        let lines = facts.map { "| \($0.name) | \($0.value) |\n" }.joined()
        return """
            # Setup

            | | |
            | --- | --- |
            \(lines)
            The table is `accounts (id bigint, branch int, balance int, email text, created_at
            timestamptz, filler char(40))`, fillfactor 100, filled in key order, vacuumed and
            analyzed; the additional indexes are on `email` and `created_at`. The job is
            `balance = balance + 1`. Every run begins with a fresh copy of the same template
            database, its tables in shared memory (their indexes too, where the server has
            `pg_prewarm`), after a checkpoint, and ends with a check that every row was changed
            exactly once. Rounds are interleaved: each runs every case once,
            beginning with another one. Times include connecting and, for Sluice, planning and its
            ledger.

            What is steered (quarter, idle, unequal, paused, killed, convergence, foreground,
            rowcost, controlcost) has a cluster of its own with 1 GB of shared memory, streaming
            replicas on the same machine, the tables of `pgbench` at scale 10 and `load (id bigint
            primary key, value int)`, made anew for each run after a checkpoint. The job is `value =
            value + 1` with Sluice's defaults. A replica at a quarter is one whose processes that
            receive and replay are stopped for 75 ms of each 100 ms. Lag is the time since the
            primary's log ended where the replica has replayed to, looked at five times a second; a
            replica's own view is the age of the last transaction that it replayed. The files
            `NAME-ROUND.csv` have each second.

            `summary.md` has the tables, `results.csv` and `results.json` every run; `load` is the
            machine's load average as a run began.
            """ + "\n"
    }

    private static var processor: String {
        let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = info.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
            ?? "model unknown"
    }
}
