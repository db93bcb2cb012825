import Foundation
import SluiceBench
import SluiceSandbox

/// pgbench's own TPC-B load on the demo's primary.
struct DemoLoad: Sendable {
    /// Transactions offered each second.
    ///
    /// What two cores carry beside a backfill, so that the figures show what the backfill does
    /// and not what an overloaded machine does.
    static let transactionsPerSecond = 100
    static let clients = 4
    /// Longer than any demo; it is ended when the backfill is verified.
    static let secondsMax = 600

    let server: Server
    let database: String

    /// Makes the tables.
    func initialize(scale: Int) async throws {
        try await server.run(
            "pgbench", ["-i", "-q", "-s", String(scale)] + connection)
    }

    /// Runs until the task is cancelled.
    func run() async throws {
        try await server.run(
            "pgbench",
            [
                "-n", "-M", "prepared", "-c", String(Self.clients), "-j", "1",
                "-R", String(Self.transactionsPerSecond), "-T", String(Self.secondsMax),
                "--log", "--log-prefix=\(server.host)/\(Self.logName)",
            ] + connection)
    }

    /// What its log holds so far; the last few lines may still be in pgbench's memory.
    func log() -> TransactionLog {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: server.host)) ?? []
        let texts = names.filter { $0.hasPrefix(Self.logName + ".") }.compactMap { name in
            FileManager.default.contents(atPath: "\(server.host)/\(name)")
        }
        return TransactionLog(text: texts.map { String(decoding: $0, as: UTF8.self) }.joined())
    }

    private static let logName = "transactions"

    private var connection: [String] {
        ["-h", server.host, "-p", String(server.port), "-U", server.superuser, database]
    }
}
