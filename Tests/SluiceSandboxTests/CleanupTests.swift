import Foundation
import Testing

@testable import SluiceSandbox

@Suite struct CleanupTests {
    private struct Failure: Error {}

    @Test func nothingRemainsAfterSuccess() async throws {
        let folder = try await withSandbox(.init(replicas: 1)) { sandbox in
            #expect(remains(of: sandbox.folder).count > 2)
            return sandbox.folder
        }
        #expect(remains(of: folder) == [])
    }

    @Test func nothingRemainsAfterAnError() async throws {
        var folder = ""
        await #expect(throws: Failure.self) {
            try await withSandbox { sandbox in
                folder = sandbox.folder
                throw Failure()
            }
        }
        #expect(folder != "" && remains(of: folder) == [])
    }

    @Test func nothingRemainsAfterCancellation() async throws {
        let (folders, found) = AsyncStream.makeStream(of: String.self)
        let task = Task {
            try await withSandbox { sandbox in
                found.yield(sandbox.folder)
                try await sandbox.primary.psql("SELECT pg_sleep(60)")
            }
        }
        let folder = try #require(await folders.first { _ in true })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(remains(of: folder) == [])
    }

    /// The moments: the folder is there, initdb runs, the server starts.
    @Test(arguments: ["run", "primary/PG_VERSION", "primary/postmaster.pid"])
    func nothingRemainsOfAStartThatIsCancelled(when file: String) async throws {
        let parent = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: parent) }
        let task = Task { try await Sandbox.start(.init(), in: [parent]) }
        let folder = try await folderWhere(file, appearsBelow: parent)
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(remains(of: folder) == [])
    }

    @Test func nothingRemainsOfASandboxNobodyHolds() async throws {
        let folder = try await Sandbox.start().folder
        #expect(try await remainsInTheEnd(of: folder) == [])
    }

    @Test func stoppingTwiceIsStoppingOnce() async throws {
        let sandbox = try await Sandbox.start()
        async let first: Void = sandbox.stop()
        async let second: Void = sandbox.stop()
        _ = await (first, second)
        await sandbox.stop()
        #expect(remains(of: sandbox.folder) == [])
        await #expect(throws: SandboxError.self) { try await sandbox.primary.psql("SELECT 1") }
    }

    @Test func nothingRemainsWhenInitdbIsCutShort() async throws {
        let keeper = try await Keeper.start(
            parents: ["/tmp"], account: try ServerAccount.unprivileged(environment: [:]))
        let binaries = try ServerBinaries.locate(
            named: nil, environment: ProcessInfo.processInfo.environment)
        let tools = Tools(
            binaries: binaries, account: try ServerAccount.unprivileged(environment: [:]),
            folder: keeper.folder, password: nil)
        async let initdb = tools.run("initdb", ["-D", "\(keeper.folder)/primary", "-N"])
        _ = try await folderWhere("PG_VERSION", appearsBelow: keeper.folder)
        await keeper.close()
        do {
            _ = try await initdb
            Issue.record("initdb survived")
        } catch is SandboxError {
        }
        #expect(try await remainsInTheEnd(of: keeper.folder) == [])
    }

    @Test func nothingRemainsWhenTheProcessIsKilled() async throws {
        let result = await #expect(
            processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]
        ) {
            let sandbox = try await Sandbox.start(.init(replicas: 1))
            FileHandle.standardOutput.write(Data("folder=\(sandbox.folder)\n".utf8))
            kill(getpid(), SIGKILL)
        }
        let folder = try #require(printedFolder(result))
        #expect(try await remainsInTheEnd(of: folder) == [])
    }

    @Test func controlCKillsTheProcessAndNothingRemains() async throws {
        let result = await #expect(
            processExitsWith: .signal(SIGINT), observing: [\.standardOutputContent]
        ) {
            let sandbox = try await Sandbox.start()
            FileHandle.standardOutput.write(Data("folder=\(sandbox.folder)\n".utf8))
            setpgid(0, 0)
            kill(0, SIGINT)
        }
        let folder = try #require(printedFolder(result))
        #expect(try await remainsInTheEnd(of: folder) == [])
    }

    @Test func controlCDoesNotReachTheServers() async throws {
        await #expect(processExitsWith: .exitCode(7)) {
            setpgid(0, 0)
            signal(SIGINT, SIG_IGN)
            try await withSandbox { sandbox in
                // What a terminal does: the signal goes to the whole process group.
                kill(0, SIGINT)
                guard try await sandbox.primary.psql("SELECT 1") == "1" else { exit(1) }
                try await sandbox.primary.psql("SELECT pg_sleep(0.1)")
            }
            exit(7)
        }
    }

    private func printedFolder(_ result: ExitTest.Result?) -> String? {
        String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
            .split(separator: "\n")
            .first { $0.hasPrefix("folder=") }
            .map { String($0.dropFirst("folder=".count)) }
    }
}
