import Foundation
import Testing

/// The built program, run as a person runs it.
enum SluiceBinary {
    /// How a command ended and what it said.
    struct Outcome: Sendable {
        let code: Int32
        let output: String
        let errors: String
    }

    /// The program lies beside the test bundle.
    static func path() throws -> String {
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? ""
        let end = bundle.range(of: ".xctest")?.upperBound ?? bundle.endIndex
        var folder = URL(fileURLWithPath: String(bundle[..<end])).deletingLastPathComponent()
        if bundle.isEmpty {
            folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
                .deletingLastPathComponent()
        }
        let path = folder.appendingPathComponent("sluice").path
        try #require(FileManager.default.isExecutableFile(atPath: path), "\(path) is not built")
        return path
    }

    /// Runs a command to its end.
    static func run(
        _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> Outcome {
        try await start(arguments, environment: environment).end()
    }

    /// Starts a command.
    static func start(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> RunningBinary {
        try RunningBinary(path: path(), arguments: arguments, environment: environment)
    }
}

/// A command that is being carried out.
final class RunningBinary: @unchecked Sendable {
    // Process is not Sendable, but only this object's callers, one after the other, touch it.
    private let process = Process()
    private let folder: URL
    private let ended = AsyncStream<Int32>.makeStream()

    init(path: String, arguments: [String], environment: [String: String]) throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("sluice-cli-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["out", "err"] {
            _ = FileManager.default.createFile(
                atPath: folder.appendingPathComponent(name).path, contents: nil)
        }
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        var values = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        for (name, value) in environment { values[name] = value }
        process.environment = values
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(
            forWritingTo: folder.appendingPathComponent("out"))
        process.standardError = try FileHandle(
            forWritingTo: folder.appendingPathComponent("err"))
        let continuation = ended.continuation
        process.terminationHandler = { process in
            let bySignal = process.terminationReason == .uncaughtSignal
            continuation.yield(process.terminationStatus + (bySignal ? 128 : 0))
            continuation.finish()
        }
        try process.run()
    }

    /// What it has written to standard output so far.
    var output: String { text("out") }

    /// What it has written to standard error so far.
    var errors: String { text("err") }

    var processIdentifier: Int32 { process.processIdentifier }

    /// Sends it a signal.
    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits until it has written `words` to standard output, at most a minute.
    func says(_ words: String) async throws -> Bool {
        try await writes { self.output.contains(words) }
    }

    /// Waits until it has written `words` to standard error, at most a minute.
    func reports(_ words: String) async throws -> Bool {
        try await writes { self.errors.contains(words) }
    }

    private func writes(_ condition: () -> Bool) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while !condition(), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(10))
        }
        return condition()
    }

    /// Waits until it ends.
    func end() async throws -> SluiceBinary.Outcome {
        var code: Int32 = -1
        for await value in ended.stream { code = value }
        let outcome = SluiceBinary.Outcome(code: code, output: output, errors: errors)
        try? FileManager.default.removeItem(at: folder)
        return outcome
    }

    private func text(_ name: String) -> String {
        let data = FileManager.default.contents(
            atPath: folder.appendingPathComponent(name).path)
        return String(decoding: data ?? Data(), as: UTF8.self)
    }
}
