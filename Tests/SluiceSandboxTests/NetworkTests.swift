import Foundation
import Testing

@testable import SluiceSandbox

@Suite struct NetworkTests {
    @Test func whatIsPassedOnIsLateInEachDirectionAndWhole() async throws {
        let server = try await SharedSandbox.server()
        let proxy = try DelayingProxy(towards: UInt16(server.port), delay: .milliseconds(40))
        defer { proxy.stop() }
        let began = ContinuousClock.now
        // Connecting takes round trips, the query another one; the answer is many packets.
        let answer = try await server.run(
            "psql",
            [
                "-XAtc", "SELECT repeat('x', 1000000)", "-h", "127.0.0.1", "-p",
                "\(proxy.port)", "-U", server.superuser, "postgres",
            ])
        #expect(answer.count == 1_000_001)
        #expect(began.duration(to: .now) >= .milliseconds(160))
    }

    @Test func aClientProgramThatIsMissingIsNamed() {
        let error = #expect(throws: SandboxError.self) {
            try ClientPrograms.locate(["pg_dump_of_another_world"])
        }
        #expect(error?.code == .binariesMissing)
        #expect(error?.description.contains("pg_dump_of_another_world") == true)
    }

    @Test func aClientProgramsComplaintIsItsError() async throws {
        let server = try await SharedSandbox.server()
        let programs = try ClientPrograms.locate(["pg_dump"])
        let environment = [
            "PGHOST": server.host, "PGPORT": "\(server.port)", "PGUSER": server.superuser,
            "PGDATABASE": "postgres",
        ]
        let dump = try await programs.run(
            "pg_dump", ["--schema-only", "--no-password"], environment: environment)
        #expect(dump.output.contains("PostgreSQL database dump") && dump.complaint == nil)
        let nowhere = environment.merging(["PGDATABASE": "nowhere"]) { $1 }
        let error = await #expect(throws: SandboxError.self) {
            try await programs.run("pg_dump", ["--no-password"], environment: nowhere)
        }
        #expect(error?.description.contains("nowhere") == true)
        let complaint = try await programs.run(
            "pg_dump", ["--no-password"], environment: nowhere, mayFail: true
        ).complaint
        #expect(complaint?.contains("nowhere") == true)
    }
}
