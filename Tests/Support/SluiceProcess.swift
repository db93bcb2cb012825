import Foundation

/// A `sluice` process of its own, which can be killed, stopped and continued.
package final class SluiceProcess: @unchecked Sendable {
    private let process = Process()
    private let folder: URL

    /// The built program, which lies beside the test bundle.
    static var program: URL {
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }
        let folder =
            bundle?.bundleURL.deletingLastPathComponent()
            ?? Bundle.main.executableURL?.deletingLastPathComponent()
        return (folder ?? URL(fileURLWithPath: ".")).appendingPathComponent("sluice")
    }

    /// Starts a command; its output goes to files, so that it never waits for a reader.
    ///
    /// With a `logLevel` its log stands among the errors.
    package init(_ arguments: [String], dsn: String, logLevel: String? = nil) throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("sluice-process-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process.executableURL = Self.program
        process.arguments = arguments + ["--dsn", dsn]
        if let logLevel {
            process.environment = ProcessInfo.processInfo.environment
                .merging(["SLUICE_LOG": logLevel]) { $1 }
        }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.file(folder.appendingPathComponent("output"))
        process.standardError = try Self.file(folder.appendingPathComponent("errors"))
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(at: folder)
    }

    private static func file(_ url: URL) throws -> FileHandle {
        try Data().write(to: url)
        return try FileHandle(forWritingTo: url)
    }

    package var output: String { text("output") }
    package var errors: String { text("errors") }
    package var number: Int32 { process.processIdentifier }
    package var isRunning: Bool { process.isRunning }

    private func text(_ name: String) -> String {
        (try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)) ?? ""
    }

    package func send(_ signal: Int32) {
        if process.isRunning { kill(process.processIdentifier, signal) }
    }

    /// Ends it as `kill -9` does and waits until it is gone.
    package func kill9() async throws {
        send(SIGKILL)
        _ = try await wait(within: .seconds(10))
    }

    /// The exit code, or minus the number of the signal that ended it.
    @discardableResult
    package func wait(within deadline: Duration = .seconds(60)) async throws -> Int32 {
        try await eventually("sluice \(arguments) ends\n\(output)\(errors)", within: deadline) {
            !process.isRunning
        }
        let status = process.terminationStatus
        return process.terminationReason == .uncaughtSignal ? -status : status
    }

    /// Runs a command to its end.
    package static func run(
        _ arguments: [String], dsn: String
    ) async throws -> (code: Int32, text: String) {
        let process = try SluiceProcess(arguments, dsn: dsn)
        let code = try await process.wait()
        return (code, process.output + process.errors)
    }

    private var arguments: String { (process.arguments ?? []).joined(separator: " ") }
}

extension TestDatabase {
    /// Starts `sluice` with these arguments on this database.
    package func start(_ arguments: [String]) throws -> SluiceProcess {
        try SluiceProcess(arguments, dsn: dsn)
    }

    /// Starts the job of ``increment``.
    package func startIncrement(
        workers: Int = 2, batch: Int, _ more: [String] = []
    ) throws -> SluiceProcess {
        try start(
            [
                "run", "--table", "t", "--set", "n = n + 1", "--workers", "\(workers)",
                "--batch", "\(batch)", "--progress", "plain",
            ] + more)
    }

    /// Runs a command to its end.
    package func command(_ arguments: [String]) async throws -> (code: Int32, text: String) {
        try await SluiceProcess.run(arguments, dsn: dsn)
    }
}

extension TestDatabase {
    /// Waits until a process of a run says that it waits for this.
    package func waitsFor(_ reason: String) async throws {
        let present = "SELECT to_regclass('sluice.process')"
        try await eventually("a process waits for \(reason)") {
            guard try await value(present) != nil else { return false }
            let reasons = try await value(
                "SELECT string_agg(waiting_for, ' ') FROM sluice.process")
            return reasons?.contains(reason) == true
        }
    }
}
