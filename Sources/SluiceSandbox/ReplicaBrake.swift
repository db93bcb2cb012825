import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Slows a replica: the processes that receive and replay its log are stopped for a share of the
/// time, in turns short beside anything that is measured.
public final class ReplicaBrake: Sendable {
    /// One turn, in seconds.
    private static let turnSeconds = 0.1

    private let pids: [Int32]
    private let share: Double
    private let isOn = Mutex(true)
    private let ended = AsyncStream.makeStream(of: Void.self)

    /// Lets the replica work for this share of the time only, until released.
    ///
    /// - Throws: ``SandboxError`` where it does not stream.
    public static func apply(_ replica: Server, share: Double) async throws -> ReplicaBrake {
        let query = """
            SELECT pid FROM pg_stat_activity WHERE backend_type IN ('startup', 'walreceiver')
            """
        let pids = try await replica.psql(query).split(separator: "\n").compactMap { Int32($0) }
        guard pids.count == 2 else {
            throw SandboxError(
                .serverFailed,
                "\(replica.name) has no process that receives and one that replays")
        }
        let brake = ReplicaBrake(pids: pids, share: share)
        Thread { brake.run() }.start()
        return brake
    }

    private init(pids: [Int32], share: Double) {
        self.pids = pids
        self.share = share
    }

    /// Returns when the replica works freely again.
    public func release() async {
        isOn.withLock { $0 = false }
        for await _ in ended.stream {}
    }

    private func run() {
        while isOn.withLock({ $0 }) {
            signal(SIGSTOP)
            wait(Self.turnSeconds * (1 - share))
            signal(SIGCONT)
            wait(Self.turnSeconds * share)
        }
        ended.continuation.finish()
    }

    private func signal(_ number: Int32) {
        for pid in pids { _ = kill(pid, number) }
    }

    private func wait(_ seconds: Double) {
        Thread.sleep(forTimeInterval: seconds)
    }
}
