import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A small file system in memory, for tablespaces that are to run full; unmounted with its last
/// reference.
package final class TemporaryDisk: Sendable {
    /// An empty folder on it.
    package let folder: String
    private let mount: String

    /// Whether this process may mount one.
    package static let isPossible: Bool =
        (try? TemporaryDisk(megabytes: 1, like: FileManager.default.temporaryDirectory.path)) != nil

    /// Mounts one whose folder belongs to whom the folder at `path` belongs to.
    package init(megabytes: Int, like path: String) throws {
        mount =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("sluice-disk-\(UUID().uuidString)").path
        folder = mount + "/space"
        guard geteuid() == 0 else { throw ConditionNotMet(description: "only root may mount") }
        try FileManager.default.createDirectory(
            atPath: mount, withIntermediateDirectories: true)
        guard
            try Self.run(["mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "sluice", mount])
        else {
            try? FileManager.default.removeItem(atPath: mount)
            throw ConditionNotMet(description: "no tmpfs can be mounted here")
        }
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        let facts = try FileManager.default.attributesOfItem(atPath: path)
        let owner = facts.filter { [.ownerAccountID, .groupOwnerAccountID].contains($0.key) }
        try FileManager.default.setAttributes(owner, ofItemAtPath: folder)
    }

    deinit {
        // Lazily: a server that still has files open lets go of them when it ends.
        _ = try? Self.run(["umount", "-l", mount])
        rmdir(mount)
    }

    /// Takes all the space that is left.
    package func fill() throws {
        let file = fopen(mount + "/ballast", "a")
        defer { if let file { fclose(file) } }
        let block = [UInt8](repeating: 0, count: 64 << 10)
        while let file, fwrite(block, 1, block.count, file) == block.count {
            guard fflush(file) == 0 else { break }
        }
    }

    /// Gives so much of it back, or all of it.
    package func free(megabytes: Int? = nil) throws {
        guard let megabytes else {
            unlink(mount + "/ballast")
            return
        }
        var facts = stat()
        stat(mount + "/ballast", &facts)
        truncate(mount + "/ballast", max(0, facts.st_size - megabytes << 20))
    }

    private static func run(_ command: [String]) throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
