import Foundation
import Testing

@testable import SluiceSandbox

@Suite struct ServerTests {
    @Test func aServerComesBackWithItsRowsAndAReplicaCanTakeOver() async throws {
        try await withSandbox(.init(replicas: 1)) { sandbox in
            let primary = sandbox.primary
            try await primary.psql("CREATE TABLE t AS SELECT 1 AS n")
            try await primary.restart(mode: .immediate)
            #expect(try await primary.psql("SELECT n FROM t") == "1")

            // A fast stop waits until the replica has everything.
            try await primary.stop()
            try await primary.stop()
            #expect(primary.processIdentifier == nil)
            await #expect(throws: SandboxError.self) { try await primary.psql("SELECT 1") }

            let replica = sandbox.replicas[0]
            #expect(try await replica.psql("SELECT pg_is_in_recovery()") == "t")
            try await replica.promote()
            try await replica.psql("INSERT INTO t VALUES (2)")
            #expect(try await replica.psql("SELECT sum(n) FROM t") == "3")
        }
    }

    @Test func aServerReturnsToWhatItWas() async throws {
        try await withSandbox(.init(replicas: 1)) { sandbox in
            let (primary, replica) = (sandbox.primary, sandbox.replicas[0])
            await #expect(throws: SandboxError.self) { try await replica.returnToKeptState() }
            try await primary.psql("CREATE TABLE t AS SELECT 1 AS n")
            try await primary.keepState()
            try await primary.psql("UPDATE t SET n = 2")
            try await primary.returnToKeptState()
            #expect(try await primary.psql("SELECT n FROM t") == "1")
            // The copy is used up.
            await #expect(throws: SandboxError.self) { try await primary.returnToKeptState() }
            try await primary.keepState()
            try await primary.discardKeptState()
            await #expect(throws: SandboxError.self) { try await primary.returnToKeptState() }
        }
    }

    @Test func aReplicaReplaysOnceMore() async throws {
        try await withSandbox(.init(replicas: 1)) { sandbox in
            let (primary, replica) = (sandbox.primary, sandbox.replicas[0])
            let query = "SELECT to_regclass('t') IS NOT NULL"
            try await replica.keepState()
            try await primary.psql("CREATE TABLE t AS SELECT 1 AS n")
            try await replicaShows(replica, query)
            // Without the primary it has nothing but what it kept.
            try await primary.stop()
            try await replica.returnToKeptState()
            #expect(try await replica.psql(query) == "f")
            try await primary.start()
            try await replicaShows(replica, query)
        }
    }

    private func replicaShows(_ replica: Server, _ query: String) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while try await replica.psql(query) != "t" {
            try #require(ContinuousClock.now < deadline)
        }
    }

    @Test func aCrashedServerStartsAgain() async throws {
        try await withSandbox { sandbox in
            let pid = try #require(sandbox.primary.processIdentifier)
            kill(pid, SIGKILL)
            let deadline = ContinuousClock.now + .seconds(10)
            while (try? await sandbox.primary.psql("SELECT 1")) != nil {
                try #require(ContinuousClock.now < deadline)
            }
            try await sandbox.primary.start()
            #expect(try await sandbox.primary.psql("SELECT 1") == "1")
        }
    }

    @Test func aServerWaitsForItsPortWhereItWasTakenMeanwhile() async throws {
        try await withSandbox { sandbox in
            let primary = sandbox.primary
            try await primary.stop()
            let taken = try Loopback.listen(port: UInt16(primary.port))
            let logged = primary.logSize
            async let started: Void = primary.start()
            let deadline = ContinuousClock.now + .seconds(10)
            while !primary.lostPort(since: logged) {
                try #require(ContinuousClock.now < deadline)
                await Task.yield()
            }
            close(taken)
            try await started
            #expect(try await primary.psql("SELECT 1") == "1")
        }
    }

    @Test func portsLieWhereTheKernelLendsNone() throws {
        let ports = try (0..<200).map { _ in try LoopbackPort.free() }
        #expect(ports.allSatisfy { (10_000...32_767).contains($0) })
        #expect(Set(ports).count > 100)
    }

    @Test func anErrorOfPsqlIsTheServersMessage() async throws {
        let server = try await SharedSandbox.server()
        let error = await #expect(throws: SandboxError.self) {
            try await server.psql("SELECT 1;\nSELECT nonsense;\nSELECT 2")
        }
        #expect(error?.code == .toolFailed)
        #expect(
            error?.description
                == "psql failed: ERROR:  column \"nonsense\" does not exist")
    }

    @Test func aLongScriptThatFailsEarlyDoesNotEndTheProcess() async throws {
        let server = try await SharedSandbox.server()
        let script = "SELECT nonsense;\n" + String(repeating: "SELECT 1;\n", count: 100_000)
        await #expect(throws: SandboxError.self) { try await server.psql(script) }
    }

    @Test func aLongAnswerArrivesWhole() async throws {
        let server = try await SharedSandbox.server()
        let rows = try await server.psql("SELECT n FROM generate_series(1, 300000) n")
        #expect(rows.split(separator: "\n").count == 300_000)
        #expect(rows.hasSuffix("\n300000"))
    }

    @Test func eachTestHasADatabaseThatIsDroppedAfterwards() async throws {
        let server = try await SharedSandbox.server()
        let names = try await server.withDatabase { one in
            try await server.withDatabase { other in
                #expect(one != other)
                let result = try await server.tools.run(
                    "psql", ["-XAtc", "SELECT current_database()", other])
                return [one, other].map(Self.name) + [String(result.output.dropLast())]
            }
        }
        #expect(names[1] == names[2])
        #expect(try await databases(server, named: names) == "0")
    }

    @Test func aDatabaseIsDroppedAfterAnErrorAlsoWhenItIsInUse() async throws {
        let server = try await SharedSandbox.server()
        let (names, found) = AsyncStream.makeStream(of: String.self)
        await #expect(throws: SandboxError.self) {
            try await server.withDatabase { dsn in
                let name = Self.name(dsn)
                found.yield(name)
                async let session = server.psql("SELECT pg_sleep(60)", database: name)
                while try await server.psql(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = '\(name)'") == "0"
                {}
                try await server.dropDatabase(name)
                _ = try await session
            }
        }
        let name = try #require(await names.first { _ in true })
        #expect(try await databases(server, named: [name]) == "0")
    }

    @Test func aCancelledTestsDatabaseGoesWithTheNextOne() async throws {
        let server = try await SharedSandbox.server()
        let (names, found) = AsyncStream.makeStream(of: String.self)
        let task = Task {
            try await server.withDatabase { dsn in
                found.yield(Self.name(dsn))
                try await server.psql("SELECT pg_sleep(60)")
            }
        }
        let name = try #require(await names.first { _ in true })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        try await server.withDatabase { _ in }
        #expect(try await databases(server, named: [name]) == "0")
    }

    private static func name(_ dsn: String) -> String {
        URLComponents(string: dsn).map { String($0.path.dropFirst()) } ?? ""
    }

    private func databases(_ server: Server, named names: [String]) async throws -> String {
        let list = names.map { "'\($0)'" }.joined(separator: ", ")
        return try await server.psql(
            "SELECT count(*) FROM pg_database WHERE datname IN (\(list))")
    }
}
