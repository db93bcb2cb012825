import Foundation
import SluicePostgres
import Testing

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
                    "\(try count("/proc/self/task")) threads after \(threads), \(try count("/proc/self/fd")) descriptors after \(descriptors)"
                )
            }
        }

        @Test func aConnectionsThreadLeavesSignalsToOthers() async throws {
            try await withConnection { connection in
                // SIGINT is 2 and SIGTERM 15; SIGSEGV, 11, must stay deliverable.
                let wanted: UInt64 = 1 << 1 | 1 << 14
                let fault: UInt64 = 1 << 10
                let masks = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
                    .compactMap { task in
                        try? String(
                            contentsOfFile: "/proc/self/task/\(task)/status", encoding: .utf8)
                    }
                    .compactMap { status in
                        status.split(separator: "\n").first { $0.hasPrefix("SigBlk:") }
                            .flatMap { UInt64($0.dropFirst(8), radix: 16) }
                    }
                #expect(masks.contains { $0 & wanted == wanted && $0 & fault == 0 })
                #expect(connection.isUsable)
            }
        }
    }
#endif
