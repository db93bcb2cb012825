import Foundation
import Testing

@testable import SluiceSandbox

@Suite struct PoolerTests {
    @Test func clientsTakeTurnsOnTheSessionsOfTheServerAndNothingRemains() async throws {
        let folder = try await withSandbox { sandbox in
            let pooler = try await sandbox.startPooler(sessions: 1)
            let database = try await sandbox.primary.createDatabase()
            func pid() async throws -> String {
                try await sandbox.primary.run(
                    "psql", ["-XAtc", "SELECT pg_backend_pid()", pooler.dsn(database: database)])
            }
            #expect(try await pid() == pid())
            #expect(pooler.port != sandbox.primary.port)
            return sandbox.folder
        }
        #expect(remains(of: folder) == [])
    }

    @Test func nothingRemainsOfAPoolerWhoseProcessIsKilled() async throws {
        let result = await #expect(
            processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]
        ) {
            let sandbox = try await Sandbox.start()
            _ = try await sandbox.startPooler()
            FileHandle.standardOutput.write(Data(sandbox.folder.utf8))
            kill(getpid(), SIGKILL)
        }
        let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
        let start = try #require(output.range(of: "/")?.lowerBound)
        #expect(try await remainsInTheEnd(of: String(output[start...])) == [])
    }

    @Test func aMissingPoolerIsNamedWithItsCure() async throws {
        try await withSandbox { sandbox in
            let error = await #expect(throws: SandboxError.self) {
                try await sandbox.startPooler(sessions: 1, in: ["/nowhere"])
            }
            #expect(error?.code == .binariesMissing)
            #expect(error?.description.contains("apt-get install pgbouncer") == true)
        }
    }

    @Test func aPoolerDoesNotOpenASandboxThatAsksForPasswords() async throws {
        try await withSandbox(.scram) { sandbox in
            let error = await #expect(throws: SandboxError.self) {
                try await sandbox.startPooler()
            }
            #expect(error?.code == .invalidOption)
        }
    }
}

extension SandboxOptions {
    fileprivate static var scram: SandboxOptions {
        var options = SandboxOptions()
        options.authentication = .scram(password: "secret")
        return options
    }
}
