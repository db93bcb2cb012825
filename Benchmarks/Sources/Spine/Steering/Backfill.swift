import SluiceSandbox
import Synchronization

/// A run of the `sluice` program over a table of the cluster, ended when it was watched enough.
final class Backfill: Sendable {
    let cluster: SteeringCluster
    let sluicePath: String
    let table: String
    let name: String
    /// Assignment and limits beside the defaults.
    let assignment: String
    let limits: [String]
    private let isEnding = Mutex(false)
    private let outcome = Mutex<MeasuredProgram?>(nil)

    init(
        _ cluster: SteeringCluster, sluicePath: String, table: String, name: String = "",
        assignment: String = "value = value + 1", limits: [String] = []
    ) {
        self.cluster = cluster
        self.sluicePath = sluicePath
        self.table = table
        self.name = name.isEmpty ? "fill \(table)" : name
        self.assignment = assignment
        self.limits = limits
    }

    private var dsn: String { cluster.primary.dsn(database: SteeringCluster.database) }

    /// What the program used, once it has ended.
    var measured: MeasuredProgram? { outcome.withLock { $0 } }

    /// Works until paused.
    func run() async throws {
        let ended = try await MeasuredProgram.run(
            sluicePath,
            [
                "run", "--name", name, "--table", table, "--set", assignment,
                "--verify", "off", "--progress", "none", "--dsn", dsn,
            ] + limits)
        outcome.withLock { $0 = ended }
        guard ended.exitCode == 0 || isEnding.withLock({ $0 }) else {
            throw BenchError("sluice run over \(table) ended with exit code \(ended.exitCode)")
        }
    }

    /// Pauses the run, and with it the program.
    func pause() async throws {
        isEnding.withLock { $0 = true }
        guard measured == nil else { return }
        _ = try await MeasuredProgram.run(sluicePath, ["pause", name, "--dsn", dsn])
    }
}
