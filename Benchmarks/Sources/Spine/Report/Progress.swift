import Foundation

/// Says on standard error what goes on: a whole measurement takes a while.
enum Progress {
    static func say(_ line: String) {
        FileHandle.standardError.write(Data("spine: \(line)\n".utf8))
    }
}
