import Foundation

/// A file that did not appear in time.
struct NeverAppeared: Error {
    let file: String
}

/// Waits until a file exists somewhere below one of the folders in `parent`, and returns that
/// folder; gives up after 30 seconds.
func folderWhere(_ file: String, appearsBelow parent: String) async throws -> String {
    let deadline = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < deadline {
        for name in try FileManager.default.contentsOfDirectory(atPath: parent) {
            let folder = "\(parent)/\(name)"
            if FileManager.default.fileExists(atPath: "\(folder)/\(file)") { return folder }
        }
        try await Task.sleep(for: .milliseconds(1))
    }
    throw NeverAppeared(file: file)
}
