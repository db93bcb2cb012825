import Foundation
import Testing

@testable import SluicePostgres

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

#if os(Linux)
    @Suite struct ResourceTests {
        private func count(_ folder: String) throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: folder).count
        }

        /// Opens, uses and drops connections; half of them are closed, half just let go.
        private func useConnections(_ parameters: ConnectionParameters) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<20 {
                    group.addTask {
                        let connection = try await PostgresConnection.connect(parameters)
                        _ = try await connection.query("SELECT 1")
                        if index.isMultiple(of: 2) { await connection.close() }
                    }
                }
                try await group.waitForAll()
            }
        }

        @Test func twoHundredConnectionsLeaveNoThreadAndNoDescriptor() async throws {
            try await withConnection { connection in
                let name = try await connection.query("SELECT current_database()")
                let parameters = try TestServer.shared.get().parameters(
                    database: try #require(name.scalar))
                try await useConnections(parameters)
                let threads = try count("/proc/self/task")
                let descriptors = try count("/proc/self/fd")
                for _ in 0..<10 { try await useConnections(parameters) }
                // Other tests run beside this one; a leak would be 200 or more.
                let slack = 100
                let deadline = ContinuousClock.now + .seconds(10)
                while ContinuousClock.now < deadline {
                    let leaked = max(
                        try count("/proc/self/task") - threads,
                        try count("/proc/self/fd") - descriptors)
                    if leaked < slack { return }
                    _ = try await connection.query("SELECT pg_sleep(0.05)")
                }
                Issue.record(
                    """
                    \(try count("/proc/self/task")) threads after \(threads), \
                    \(try count("/proc/self/fd")) descriptors after \(descriptors)
                    """
                )
            }
        }
    }
#endif

@Suite struct ThreadTests {
    @Test(arguments: [(SIGINT, true), (SIGTERM, true), (SIGPIPE, true), (SIGSEGV, false)])
    func aConnectionsThreadBlocksSignalsButNotFaults(signal: Int32, blocked: Bool) async throws {
        let isBlocked = await withCheckedContinuation { continuation in
            let isStarted = DetachedThread.start {
                var mask = sigset_t()
                pthread_sigmask(SIG_BLOCK, nil, &mask)
                continuation.resume(returning: sigismember(&mask, signal) == 1)
            }
            if !isStarted { continuation.resume(returning: !blocked) }
        }
        #expect(isBlocked == blocked)
    }
}
