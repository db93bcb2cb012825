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
            database, its tables in shared memory, after a checkpoint, and ends with a check that
            every row was changed exactly once. Rounds are interleaved: each runs every case once,
            beginning with another one. Times include connecting and, for Sluice, planning and its
            ledger.

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
