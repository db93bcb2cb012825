import Foundation

/// Runs a short program to its end.
enum Command {
    struct Output {
        let status: Int32
        /// Standard output followed by standard error.
        let text: String
    }

    static func run(_ words: [String], in folder: URL) throws -> Output {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Output(
            status: process.terminationStatus, text: String(decoding: data, as: UTF8.self))
    }
}
