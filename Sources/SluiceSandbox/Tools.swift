import Subprocess
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// Runs PostgreSQL's programs for one sandbox, each on record with its ``Keeper``.
struct Tools: Sendable {
    /// What a program said, and how it ended.
    struct Result: Sendable {
        let output: String
        let error: String
        /// How it ended, unless that was with exit code 0.
        let failure: String?
    }

    /// More than a query of a test returns; what a program says is kept in memory.
    static let outputBytesMax = 64 << 20

    let binaries: ServerBinaries
    let account: ServerAccount?
    let folder: String
    let password: String?

    /// Runs one of PostgreSQL's programs and throws if it does not succeed.
    @discardableResult
    func run(_ program: String, _ arguments: [String], input: String = "") async throws -> Result {
        let result = try await execute([binaries.path(program)] + arguments, input: input)
        if let failure = result.failure {
            let reason = Self.reason(result.error) ?? failure
            // Such as programs installed in the home of root, which the account cannot enter.
            let user = reason.contains("Permission denied") ? account?.name : nil
            let who = user.map { " as user \($0)" } ?? ""
            throw SandboxError(.toolFailed, "\(program) failed\(who): \(reason)")
        }
        return result
    }

    /// Appends to a file inside the folder, as the servers' account.
    func append(_ text: String, to path: String) async throws {
        let result = try await execute(
            ["/bin/sh", "-c", KeeperScript.append, "sh", path], input: text)
        if let failure = result.failure {
            throw SandboxError(
                .folderFailed,
                "\(path) could not be written: \(Self.reason(result.error) ?? failure)")
        }
    }

    /// Runs a command to its end in a session of its own, so that Ctrl-C does not reach it.
    func execute(_ command: [String], input: String = "") async throws -> Result {
        let record = "\(folder)/run/\(Self.counter.add(1, ordering: .relaxed).newValue)"
        let file = record + ".tool"
        defer { unlink(file) }
        let stdin = try standardInput(input, at: record + ".input")
        do {
            let result = try await Subprocess.run(
                .shell(
                    KeeperScript.tool, [folder, file] + command, as: account, password: password),
                input: .fileDescriptor(stdin, closeAfterSpawningProcess: true),
                output: .string(limit: Self.outputBytesMax),
                error: .string(limit: Self.outputBytesMax))
            try Task.checkCancellation()
            return Result(
                output: result.standardOutput, error: result.standardError,
                failure: result.terminationStatus.isSuccess
                    ? nil : "it ended with \(result.terminationStatus)")
        } catch {
            try Task.checkCancellation()
            throw error
        }
    }

    private func standardInput(_ text: String, at path: String) throws -> FileDescriptor {
        do {
            return try FileDescriptor.holding(text, at: path)
        } catch {
            throw SandboxError(
                .folderFailed, "\(path) could not be written (\(error)): is the sandbox stopped?")
        }
    }

    /// Distinguishes the records of programs that run at the same time.
    private static let counter = Atomic<Int>(0)

    /// The line in which a program says what is wrong.
    static func reason(_ error: String) -> String? {
        let lines = error.split(whereSeparator: \.isNewline)
        let telling = lines.first { line in
            ["error:", "ERROR:", "FATAL:", "PANIC:"].contains { line.contains($0) }
        }
        return (telling ?? lines.last).map(String.init)
    }
}

/// What the programs see of this process's environment.
///
/// Little: `PGHOST`, `PGOPTIONS` and their like would change what they do, and without `TZ`
/// initdb spends a while on guessing it.
enum ToolEnvironment {
    static func minimal(password: String? = nil) -> Environment {
        var values: [Environment.Key: String] = ["TZ": "UTC", "LC_ALL": "C"]
        for name in ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
            if let key = Environment.Key(rawValue: name), let value = getenv(name) {
                values[key] = String(cString: value)
            }
        }
        if let password { values["PGPASSWORD"] = password }
        return .custom(values)
    }
}

extension Configuration {
    /// A shell program with its arguments, as the account, in a session of its own.
    static func shell(
        _ program: String, _ arguments: [String], as account: ServerAccount?,
        password: String? = nil
    ) throws -> Configuration {
        let command =
            try (account?.prefix() ?? []) + ["/bin/sh", "-c", program, "sluice-sandbox"] + arguments
        var options = PlatformOptions()
        options.createSession = true
        return Configuration(
            executable: .path(FilePath(command[0])),
            arguments: Arguments(Array(command.dropFirst())),
            environment: ToolEnvironment.minimal(password: password), workingDirectory: "/",
            platformOptions: options)
    }
}
