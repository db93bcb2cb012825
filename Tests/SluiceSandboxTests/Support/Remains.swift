import Foundation

/// What is still there of a sandbox that lived in a folder.
func remains(of folder: String) -> [String] {
    var found: [String] = []
    let files = FileManager.default
    if files.fileExists(atPath: folder) { found.append(folder) }
    for pid in (try? files.contentsOfDirectory(atPath: "/proc")) ?? [] where Int(pid) != nil {
        let current = (try? files.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) ?? ""
        let command = files.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
        if current.hasPrefix(folder) || String(decoding: command, as: UTF8.self).contains(folder) {
            found.append("process \(pid)")
        }
    }
    return found
}

/// Waits until nothing is left, at most ten seconds, and returns what is.
func remainsInTheEnd(of folder: String) async throws -> [String] {
    let deadline = ContinuousClock.now + .seconds(10)
    while !remains(of: folder).isEmpty, ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(10))
    }
    return remains(of: folder)
}

/// A new folder that everybody may write to.
func temporaryFolder() throws -> String {
    let path = "/tmp/sandbox-tests-\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path)
    return path
}
