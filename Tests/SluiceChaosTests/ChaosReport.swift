import Foundation

/// What was injected and what came of it, a line for each case, for the person who ran
/// `scripts/chaos`.
enum ChaosReport {
    static func note(_ line: String) {
        FileHandle.standardError.write(Data("chaos: \(line)\n".utf8))
    }
}
