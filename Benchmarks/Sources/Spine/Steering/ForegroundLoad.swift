import SluiceSandbox

/// An application at work on the primary, by `pgbench`.
struct ForegroundLoad: Sendable {
    enum Work: Sendable {
        /// Transactions like TPC-B's, so many a second.
        case writing(perSecond: Int)
        /// Reads of one account, so many a second.
        case reading(perSecond: Int)
    }

    let cluster: SteeringCluster
    let work: Work
    /// Where each transaction's latency goes; nothing by default.
    var logPrefix: String?

    /// Sessions of the application.
    static let clients = 4
    /// Longer than any recording, which ends it.
    private static let secondsMax = 3_600

    /// Works until cancelled.
    func run() async throws {
        var arguments = ["-n", "-c", "\(Self.clients)", "-T", "\(Self.secondsMax)"]
        switch work {
        case .writing(let perSecond): arguments += ["-R", "\(perSecond)"]
        case .reading(let perSecond): arguments += ["-S", "-M", "prepared", "-R", "\(perSecond)"]
        }
        if let logPrefix { arguments += ["-l", "--log-prefix", logPrefix] }
        do {
            try await cluster.primary.run("pgbench", cluster.pgbenchTarget(arguments))
        } catch {
            guard Task.isCancelled else { throw error }
        }
    }
}
