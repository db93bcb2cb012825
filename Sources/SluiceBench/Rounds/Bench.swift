import Foundation
import SluicePostgres
import SluiceSandbox

/// Compares strategies on servers that exist for that alone.
public struct Bench: Sendable {
    let plan: BenchPlan
    let report: @Sendable (BenchEvent) -> Void

    /// A benchmark; `report` is told how it goes.
    public init(_ plan: BenchPlan, report: @escaping @Sendable (BenchEvent) -> Void = { _ in }) {
        self.plan = plan
        self.report = report
    }

    /// Makes servers, or a copy of a sample of one's own table, runs every strategy in every round
    /// on a copy of the same table, and deletes all of it again, on every way out.
    ///
    /// - Throws: `BenchError` where there is too little room, or the table cannot be copied; what
    ///   the servers could not do; never for a strategy that fails, which the report says.
    public func run() async throws -> BenchReport {
        if let own = plan.ownTable { return try await OwnTableBench(plan, own, report).run() }
        try Self.requireDisk(plan.diskBytesNeeded)
        return try await withSandbox(BenchSandbox.options(replicas: plan.replicas)) { sandbox in
            try await run(on: sandbox)
        }
    }

    private func run(on sandbox: Sandbox) async throws -> BenchReport {
        let outside = try ConnectionParameters(dsn: sandbox.primary.dsn)
        return try await outside.withSession { admin in
            let databases = BenchDatabases(outside: outside, admin: admin, prefix: "bench")
            let rounds = Rounds(
                plan: plan, databases: databases,
                surroundings: Surroundings(
                    primary: sandbox.primary, replicas: sandbox.replicas),
                report: report)
            var result = BenchReport(
                serverVersion: try await admin.query("SHOW server_version").scalar ?? "",
                settings: BenchSandbox.settings,
                cores: ProcessInfo.processInfo.activeProcessorCount, rounds: plan.rounds)
            result.loadBefore = LoadAverage.oneMinute
            for scenario in plan.scenarios {
                for rows in plan.rows {
                    report(.making(scenario: scenario.name, rows: rows))
                    try await databases.makeTemplate()
                    try await databases.template.withSession { connection in
                        for statement in ScenarioSQL.make(scenario, rows: rows) {
                            _ = try await connection.query(statement)
                        }
                    }
                    do {
                        let table = BenchTable(scenario, rows: rows)
                        result.sections.append(try await rounds.run(table))
                    } catch let cut as Rounds.Interrupted {
                        result.sections.append(cut.section)
                        result.problem = cut.description
                        return result
                    }
                }
            }
            return result
        }
    }

    /// Refuses what would fill the disk.
    static func requireDisk(_ needed: Int) throws {
        // As the sandbox chooses it.
        let temporary = ProcessInfo.processInfo.environment["TMPDIR"] ?? ""
        let folder = temporary.hasPrefix("/") ? temporary : "/tmp"
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder)
        guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.int64Value,
            free < Int64(needed)
        else { return }
        throw BenchError(
            "the benchmark may need \(needed >> 20) MiB in \(folder), where \(free >> 20) MiB are "
                + "free: compare fewer rows (--rows), or set TMPDIR to a larger disk")
    }
}
